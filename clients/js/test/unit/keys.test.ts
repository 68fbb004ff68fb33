import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  COMMANDS,
  isAvailable,
  type Command,
  type CommandId,
} from '../../src/board/chrome/commands.js'
import { capsOf, namesOf } from '../../src/board/chrome/keys.js'
import { TOOL_FACES } from '../../src/board/chrome/tools.js'

const press = (key: string, code = '', modifiers: Partial<KeyboardEvent> = {}) =>
  namesOf({
    key,
    code,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...modifiers,
  } as KeyboardEvent)

test('keys go by their letters, digits by their place, characters by themselves', () => {
  assert.deepEqual(press('V', 'KeyV', { shiftKey: true }), ['shift+v'])
  assert.deepEqual(press('z', 'KeyZ', { ctrlKey: true }), ['mod+z'])
  assert.ok(press('!', 'Digit1', { shiftKey: true }).includes('shift+1'))
  assert.ok(press('?', 'Slash', { shiftKey: true }).includes('?'))
  assert.ok(press('[', 'Digit8', { altKey: false }).includes('['))
  assert.ok(press('+', 'Equal', { shiftKey: true, ctrlKey: true }).includes('mod++'))
  assert.deepEqual(press('Delete', 'Delete'), ['delete'])
})

test('Option writes other letters on a Mac, and so do layouts of other scripts', () => {
  assert.ok(press('å', 'KeyA', { altKey: true }).includes('alt+a'))
  assert.ok(press('Dead', 'KeyH', { altKey: true, shiftKey: true }).includes('alt+shift+h'))
  assert.ok(press('м', 'KeyV').includes('v'))
  assert.ok(press('Ω', 'KeyV', { ctrlKey: true, shiftKey: true }).includes('mod+shift+v'))
  assert.ok(
    press('a', 'KeyQ').includes('a'),
    'where letters stand elsewhere, they are what they say',
  )
  assert.ok(press('q', 'KeyA', { altKey: true }).includes('alt+q'))
  assert.deepEqual(press('F5', 'F5'), ['f5'])
})

test('every shortcut with Alt can be pressed on a Mac', () => {
  const ids = Object.keys(COMMANDS) as CommandId[]
  const keys = ids.flatMap((id) => (COMMANDS[id] as Command).keys ?? [])
  for (const shortcut of keys.filter((key) => key.includes('alt'))) {
    const letter = shortcut.at(-1)!.toUpperCase()
    const modifiers = { altKey: true, shiftKey: shortcut.includes('shift') }
    assert.ok(press('ø', `Key${letter}`, modifiers).includes(shortcut), shortcut)
  }
})

test('keycaps can be read', () => {
  assert.deepEqual(capsOf('shift+1'), ['Shift', '1'])
  assert.deepEqual(capsOf('mod++').slice(1), ['+'])
  assert.deepEqual(capsOf('+'), ['+'])
})

test('no key means two things at once', () => {
  const taken = new Map<string, string>()
  TOOL_FACES.forEach(({ name, keys }, i) => {
    for (const key of [...keys, ...(i < 9 ? [String(i + 1)] : [])]) {
      assert.ok(!taken.has(key), `${key}: ${taken.get(key)} and ${name}`)
      taken.set(key, name)
    }
  })
  for (const [id, { keys = [] }] of Object.entries(COMMANDS) as [CommandId, Command][]) {
    for (const key of keys) {
      // What is locked can only be unlocked, what is free only locked.
      if (id === 'unlock') continue
      assert.ok(!taken.has(key), `${key}: ${taken.get(key)} and ${id}`)
      taken.set(key, id)
    }
  }
})

test('who only looks is offered nothing that changes the board', () => {
  const app = {
    room: { canUndo: true, canRedo: true },
    editor: {
      readOnly: true,
      selection: { size: 3, objects: [{ lock: 0, groups: ['g'] }] },
      scene: { size: 3 },
    },
    hides: () => false,
  } as never
  const offered = (Object.keys(COMMANDS) as CommandId[]).filter((id) => isAvailable(app, id))
  assert.deepEqual(offered.sort(), [
    'chat',
    'comments',
    'copy',
    'copy-picture',
    'export',
    'help',
    'select-all',
    'theme',
    'zoom-100',
    'zoom-fit',
    'zoom-in',
    'zoom-out',
    'zoom-selection',
  ])
})
