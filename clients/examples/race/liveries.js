/** The cars' colours, by the numbers that the room gives them: the body, and what is painted on it. */
export const liveries = [
  { name: 'Vermilion', body: '#e23d28', trim: '#fff1e0' },
  { name: 'Cobalt', body: '#2458d6', trim: '#ffe14d' },
  { name: 'Emerald', body: '#0f9d63', trim: '#f4fff2' },
  { name: 'Saffron', body: '#f2a900', trim: '#2a1d00' },
  { name: 'Violet', body: '#7a3fd0', trim: '#ffd9f3' },
  { name: 'Turquoise', body: '#12a8b8', trim: '#06262b' },
  { name: 'Magenta', body: '#d4267f', trim: '#ffe9f4' },
  { name: 'Lime', body: '#8fc31f', trim: '#1b2a00' },
  { name: 'Silver', body: '#c3c9d1', trim: '#d0202e' },
  { name: 'Graphite', body: '#3b424c', trim: '#ff7a1a' },
  { name: 'Tangerine', body: '#f46a1f', trim: '#122a52' },
  { name: 'Sky', body: '#6db9f2', trim: '#f3552b' },
  { name: 'Burgundy', body: '#8a1538', trim: '#f0c987' },
  { name: 'Forest', body: '#1f5a3a', trim: '#e9d9a6' },
  { name: 'Rose', body: '#f59bb6', trim: '#7a1140' },
  { name: 'Ivory', body: '#f1ead8', trim: '#1f6f8b' },
]

/** The livery with this number; what comes from elsewhere may be any. */
export function liveryOf(colour) {
  return liveries[Number.isInteger(colour) && colour in liveries ? colour : 0]
}

/** One colour of two, `#rrggbb` both: `share` 0 is the first. */
export function mix(from, to, share) {
  const channel = (colour, at) => Number.parseInt(colour.slice(at, at + 2), 16)
  const mixed = [1, 3, 5].map((at) => {
    const value = channel(from, at) + (channel(to, at) - channel(from, at)) * share
    return Math.round(value).toString(16).padStart(2, '0')
  })
  return `#${mixed.join('')}`
}
