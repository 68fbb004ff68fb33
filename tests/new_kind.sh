#!/usr/bin/env bash
# new_kind.sh - a game made with tools/new-kind, somewhere else, builds and passes its own tests; also
# with its step in JavaScript, and as the other game that tools/MAKE_A_GAME.md makes of it.
set -euo pipefail
tutti=$(cd "$(dirname "$0")/.." && pwd)
[[ -e $tutti/clients/js/dist/tutti.node.js ]] || { echo "the JS client has not been built"; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

refused() { # status, words, argument...
  local status=0
  "$tutti/tools/new-kind" "${@:3}" 2>said || status=$?
  if [[ $status != "$1" ]] || ! grep -q "$2" said; then
    echo "new-kind ${*:3} gave $status: $(cat said)"
    exit 1
  fi
}
refused 2 usage
refused 2 usage Upper
refused 2 usage 1st
refused 2 usage "$(printf 'a%.0s' {1..33})"
refused 2 usage one two three
refused 2 'take another name' board

"$tutti/tools/new-kind" pebble "a folder"
refused 1 'there already' pebble "a folder"
cd "a folder"
./test
node "$tutti/tests/tutorial.mjs" . step
./test
cp "$tutti/tools/template/page/step.js" page/step.js
cp "$tutti/tests/tutorial_game.test.mjs" tests/tutorial.test.mjs
node "$tutti/tests/tutorial.mjs" . game
./test
