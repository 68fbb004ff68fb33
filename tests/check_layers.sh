#!/bin/sh
# check_layers.sh - fails when a folder includes what its place in the architecture hides from it,
# and when a file has grown far past what a reader holds in mind.
set -u
cd "$(dirname "$0")/.." || exit 2
failed=0

fail() {
    echo "check_layers: $1" >&2
    failed=1
}

forbid() { # folder, what it may not include (a pattern for what follows #include)
    if grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]+$2" "$1"; then
        fail "$1/ must not include $2"
    fi
}

# Which files of a folder may include a header: folder, header pattern, allowed files (a pattern).
only() {
    found=$(grep -rlE --include='*.[ch]' "#[[:space:]]*include[[:space:]]+$2" "$1" | grep -vE "^($3)$")
    if [ -n "$found" ]; then fail "only $3 may include $2: $found"; fi
}

forbid sync '"(server|persistence|clients|tools|tests)/'
forbid sync '<(libwebsockets|sqlite3|pthread|time|stdio|unistd|ev)\.h>'
only sync '<msgpack\.h>' 'sync/pack\.c'
only sync '<xxhash\.h>' 'sync/hash\.c'
only sync '<zlib\.h>' 'sync/deflate\.c'
forbid persistence '"(server|clients|tools|tests)/'
forbid persistence '"sync/(pack|state|delta|frame|wire|room)\.h"'
forbid server '"(clients|tools|tests)/'
forbid server '<sqlite3\.h>'
only server '<libwebsockets\.h>' 'server/ws[a-z_]*\.[ch]'
forbid clients/c '"(server|persistence|tools|tests)/'
only clients/c '<libwebsockets\.h>' 'clients/c/client_ws\.c'
forbid tools '"tests/'
only tools '"server/modules' 'tools/store_options\.[ch]' # kinds are loaded as a server loads them
only tools '"server/' 'tools/(store_(options|record|svg|judge)|bench/recordings)\.[ch]' # sessions stored, files told as by one
only tools '"persistence/' 'tools/(store_[a-z]*|bench/recordings)\.[ch]' # commands about a data folder
forbid tools '<libwebsockets\.h>'

for file in $(git ls-files '*.c' '*.h' '*.ts' '*.js' '*.mjs' '*.css' '*.py' ':!tests' ':!*/test'); do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 700 ]; then fail "$file has $lines lines"; fi
done

if git grep -nwE 'TODO|FIXME|XXX' -- '*.c' '*.h' '*.ts' '*.js' '*.mjs' '*.py'; then
    fail 'unfinished work is an issue, not a comment'
fi
exit $failed
