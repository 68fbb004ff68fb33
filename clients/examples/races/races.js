// What there is to race for: the races that go on, and the best of each track.
import { write } from '/race/dom.js'
import { addressOf, openRaces, roomFor, showRaces } from '/race/open_races.js'
import { loadRules } from '/race/rules.js'
import { TrackRecords } from './track_records.js'

/** The server lets an address ask 120 times a minute; three tracks ask six times for their records. */
const RACES_MS = 5_000
const RECORDS_MS = 30_000

const $ = (id) => document.getElementById(id)

/** Each time, and at once when somebody looks again; not while nobody does. */
function every(milliseconds, ask) {
  const askIfSeen = () => document.visibilityState === 'visible' && ask()
  setInterval(askIfSeen, milliseconds)
  document.addEventListener('visibilitychange', askIfSeen)
  ask()
}

async function show() {
  const { roads } = await loadRules()
  const tracks = roads.map((road) => new TrackRecords(road, $('track').content))
  $('tracks').append(...tracks.map(({ element }) => element))
  // The sections are younger than the address that asks for one of them.
  document.getElementById(location.hash.slice(1))?.scrollIntoView()
  let races = []
  every(RACES_MS, async () => {
    races = (await openRaces()) ?? races
    $('no-races').hidden = races.length > 0
    showRaces($('races'), races, roads)
    for (const { road, join } of tracks) join.href = addressOf(roomFor(road, races), road.name)
  })
  every(RECORDS_MS, () => tracks.forEach((track) => track.refresh()))
}

try {
  await show()
} catch (error) {
  write($('trouble'), `The records do not show: ${error.message}.`)
  $('trouble').hidden = false
}
