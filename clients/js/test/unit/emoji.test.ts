import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REACTIONS } from '../../src/board/reactions.js'
import { emojiMarkup } from '../../src/emoji.js'

test('what is offered is drawn, and anything else is text', () => {
  for (const emoji of [...REACTIONS, '🎵', '❤']) {
    assert.match(emojiMarkup(emoji) ?? '', /^<svg [^]*<\/svg>$/, emoji)
  }
  for (const other of ['', '🦊', '<b>', 'constructor', '__proto__', 'toString']) {
    assert.equal(emojiMarkup(other), undefined, other)
  }
})
