/** What the examples of the READMEs leave to the reader. */
import type { Fields, Replay as TuttiReplay, Room as TuttiRoom } from '../../src/tutti.js'

declare global {
  type Car = { x: number; y: number; heading: number }
  const room: TuttiRoom
  const then: TuttiReplay
  const keys: { steering: number; throttle: boolean }
  const controls: { read(): number }
  const read: () => { tick: number; state: Car } | undefined
  const step: (car: Car, input: number | null, tick: number) => Car
  const pose: (car: Car) => Car
  const memory: WebAssembly.Memory
  const [car_address, car_size]: [number, number]
  function car_step(address: number, input: number): void
  function carOf(record: Fields | undefined, tick: number): { tick: number; state: Car } | undefined
  function stepped(car: Car, input: number | null): Car
  function draw(...shown: unknown[]): void
  function drawOwn(pose: Car | undefined): void
  function drawOther(id: string, car: Fields): void
  function paint(id: string, record: Fields | undefined): void
  /** As a page that opened the race has it for its console. */
  const race: {
    controls: { autopilot: ((tick: number) => number | null) | null }
    rules: { drive(car: Uint8Array, track: number, skill: number): number }
    game: { race: { track: number }; prediction: { latest: Uint8Array | undefined } }
  }
}
