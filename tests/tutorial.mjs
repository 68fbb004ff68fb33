// tutorial.mjs FOLDER game|step: does to a new game in FOLDER, from tools/new-kind, what
// tools/MAKE_A_GAME.md says: makes the other game of it, or gives its page a step in JavaScript.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'

const [folder, what] = process.argv.slice(2)
const tutorial = readFileSync(new URL('../tools/MAKE_A_GAME.md', import.meta.url), 'utf8')
const blocks = [...tutorial.matchAll(/^```(?:c|js)\n(.*?)^```$/gms)].map(([, text]) => text)

/** The one block that begins so, whatever it is indented by. */
function block(beginning) {
  const found = blocks.filter((text) => text.trimStart().startsWith(beginning))
  assert.equal(found.length, 1, `blocks of the tutorial that begin with ${beginning}`)
  return found[0]
}

/** Puts something in the place of the one match. */
function replace(file, match, by) {
  const path = `${folder}/${file}`
  const text = readFileSync(path, 'utf8')
  assert.equal(text.split(match).length, 2, `${match} in ${file}`)
  writeFileSync(path, text.replace(match, by))
}
const before = (file, match, by) => replace(file, match, (found) => by + found)
const after = (file, match, by) => replace(file, match, (found) => found + by)

function ice() {
  replace('step.c', /static int32_t roll\([^]*?^}\n/m, block('static int32_t roll'))
  replace('step.c', /(?: *marble->v[xy] = roll.*\n){2}/m, block('int32_t drag ='))
  before('step.c', '#define DRAG', '#define ICE  256\n')
  replace('step.h', '(8 * UNIT) /* more', '(32 * UNIT) /* more')
}

function tag() {
  after('rules.c', '    int32_t gem_x, gem_y;\n', block('uint32_t it;'))
  after('rules.c', /\n    MARBLE_GEMS(?=\n)/, ',\n    MARBLE_IT')
  after('rules.c', '    {.name = "gems", .type = FIELD_INT},\n', block('{.name = "it"'))
  after('rules.c', /.*\.field = MARBLE_GEMS.*\n/, block('{.field = MARBLE_IT'))
  before('rules.c', 'static void tick(', block('static bool touch(') + '\n')
  after('rules.c', '            show_player(room, place);\n    }\n', '    pass_on(room);\n')
  before('page/game.js', '  if (!isOwn) return\n', block('if (marbles.get(id)'))
}

function clock() {
  before('rules.c', 'static const struct collection_rules', block('#define ROUND ') + '\n')
  after('rules.c', /.*\.name = "gems", \.server_only.*\n/, block('{.name = "rounds"'))
  after('rules.c', /\n    GEMS(?=\n)/, ',\n    ROUNDS')
  before('rules.c', 'static void created(', block('static void begin_round(') + '\n')
  after(
    'rules.c',
    /created\(struct room \*room\)\n{\n    place_gem\(room\);\n/,
    '    begin_round(room);\n',
  )
  before('rules.c', '    .tick = tick,\n', '    .timer = timer,\n')
  after('page/game.js', /.*clearRect.*\n/, block('const { ends }'))
}

function board() {
  before('rules.c', 'static void timer(', block('/* The name in') + '\n')
  after('rules.c', '(void)number; /* which timer: there is one */\n', '    give_results(room);\n')
  replace('rules.c', /(?: *\.tick_(?:records|bytes) = .*\n){2}/, block('.tick_records ='))
  after('page/index.html', '</canvas>\n', '    <ol id="best" aria-label="The best"></ol>\n')
  before('page/game.js', 'drawBoard()\nrequest', block('async function drawBest'))
}

/** A test sees a round's end, and what it sends stays while either process stands still. */
function fitForTests() {
  replace('rules.c', '#define ROUND (60 * 60)', '#define ROUND (60 * 4)')
  replace('rules.c', '.hold = 30,', '.hold = 240,')
}

const makes = {
  game: [ice, tag, clock, board, fitForTests],
  step: [() => writeFileSync(`${folder}/page/step.js`, block('/** How the table lies'))],
}
for (const change of makes[what]) change()
