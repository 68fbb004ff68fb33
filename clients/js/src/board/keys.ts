/** Which key was pressed, whatever the layout writes with it. */

/**
 * In small letters, as `KeyboardEvent.key` names it. Where the key writes no letter of ours, as on
 * Greek and Cyrillic layouts and with Option on a Mac, it is the letter that stands in its place on
 * most keyboards.
 */
export function keyOf({ key, code, altKey }: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  const isOurs = altKey ? /^[a-z]$/i.test(key) : /^[\x20-\x7e]$/.test(key)
  const isCharacter = key.length === 1 || key === 'Dead'
  return (letter !== undefined && isCharacter && !isOurs ? letter : key).toLowerCase()
}
