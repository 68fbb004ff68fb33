// What there is to race for: the races that go on, and the best of each track.
import { every, latest } from '/race/asking.js'
import { write } from '../shared/dom.js'
import { openRaces, showRaces, wayTo } from '/race/open_races.js'
import { loadRules } from '/race/rules.js'
import { TrackRecords } from './track_records.js'

/** The server lets an address ask 120 times a minute; with three tracks a page asks 12 times. */
const RACES_MS = 10_000
const RECORDS_MS = 60_000

const $ = (id) => document.getElementById(id)

async function show() {
  const { roads } = await loadRules()
  const tracks = roads.map((road) => new TrackRecords(road, $('track').content))
  $('tracks').append(...tracks.map(({ element }) => element))
  // The sections are younger than the address that asks for one of them.
  document.getElementById(location.hash.slice(1))?.scrollIntoView()
  let races = []
  const ask = latest(openRaces, (answer) => {
    races = answer ?? races
    $('no-races').hidden = races.length > 0
    showRaces($('races'), races, roads)
  })
  for (const { road, join } of tracks) {
    join.addEventListener('click', async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      location.assign(await wayTo(road, races))
    })
  }
  every(RACES_MS, ask)
  every(RECORDS_MS, () => tracks.forEach((track) => track.refresh()))
}

try {
  await show()
} catch (error) {
  write($('trouble'), `The records do not show: ${error.message}.`)
  $('trouble').hidden = false
}
