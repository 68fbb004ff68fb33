/** An engine, tyres and wind, made of oscillators and noise. */

const GEARS = [0, 14, 26, 38, 51, 66, 92]
const IDLE_HZ = 42
const TOP_HZ = 168
const GLIDE_S = 0.05
const LOUD = 0.16

/** Silent until it is switched on, and while nobody sees the page. */
export class Sound {
  #context = null
  #parts = null
  #gear = 0
  #isOn = false

  constructor() {
    document.addEventListener('visibilitychange', () => this.#settle())
  }

  /** To be called by a click or a key: browsers let nothing sound before. Gives whether it is on. */
  toggle() {
    this.#isOn = !this.#isOn
    if (this.#context === null) this.#build()
    this.#settle()
    return this.#isOn
  }

  get #sounds() {
    return this.#context?.state === 'running'
  }

  /** No frame is drawn for a hidden page: the last tone would go on and on. */
  #settle() {
    if (this.#context === null) return
    if (this.#isOn && document.visibilityState === 'visible') this.#context.resume()
    else this.#context.suspend()
  }

  /** `car` as it is drawn, or null: nobody drives. */
  follow(car, throttle) {
    if (!this.#sounds) return
    const { engine, second, engineGain, filter, skid, wind } = this.#parts
    const now = this.#context.currentTime
    const set = (parameter, value) => parameter.setTargetAtTime(value, now, GLIDE_S)
    if (car === null) {
      for (const gain of [engineGain, skid, wind]) set(gain.gain, 0)
      return
    }
    const pitch = this.#pitch(car.speed)
    set(engine.frequency, pitch)
    set(second.frequency, pitch * 1.505)
    set(filter.frequency, 260 + pitch * (throttle ? 9 : 4))
    set(engineGain.gain, throttle ? LOUD : LOUD * 0.5)
    set(skid.gain, car.slides ? 0.09 : 0)
    set(wind.gain, Math.min(0.05, (car.speed / 80) ** 2 * 0.06))
  }

  /** A short tone: the lights, a lap. */
  beep(hertz, seconds = 0.14) {
    if (!this.#sounds) return
    const now = this.#context.currentTime
    const tone = new OscillatorNode(this.#context, { type: 'square', frequency: hertz })
    const gain = new GainNode(this.#context, { gain: 0.08 })
    gain.gain.setTargetAtTime(0, now + seconds, 0.03)
    tone.connect(gain).connect(this.#context.destination)
    tone.start(now)
    tone.stop(now + seconds + 0.3)
  }

  /** Rises through each gear and falls at the next. */
  #pitch(speed) {
    while (this.#gear < GEARS.length - 2 && speed > GEARS[this.#gear + 1]) this.#gear++
    while (this.#gear > 0 && speed < GEARS[this.#gear] - 2.5) this.#gear--
    const [from, to] = [GEARS[this.#gear], GEARS[this.#gear + 1]]
    const lowest = this.#gear === 0 ? IDLE_HZ : TOP_HZ * 0.6
    const share = Math.max(0, Math.min(1, (speed - from) / (to - from)))
    return lowest + (TOP_HZ - lowest) * share
  }

  #build() {
    const context = new AudioContext()
    this.#context = context
    const filter = new BiquadFilterNode(context, { type: 'lowpass', frequency: 600, Q: 2 })
    const engineGain = new GainNode(context, { gain: 0 })
    const engine = new OscillatorNode(context, { type: 'sawtooth', frequency: IDLE_HZ })
    const second = new OscillatorNode(context, { type: 'square', frequency: IDLE_HZ * 1.5 })
    engine.connect(filter)
    second.connect(new GainNode(context, { gain: 0.35 })).connect(filter)
    filter.connect(engineGain).connect(context.destination)
    const skid = this.#noise({ type: 'bandpass', frequency: 1_900, Q: 3 })
    const wind = this.#noise({ type: 'lowpass', frequency: 700 })
    engine.start()
    second.start()
    this.#parts = { engine, second, engineGain, filter, skid, wind }
  }

  #noise(filtering) {
    const context = this.#context
    const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate)
    const samples = buffer.getChannelData(0)
    for (let i = 0; i < samples.length; i++) samples[i] = 2 * Math.random() - 1
    const source = new AudioBufferSourceNode(context, { buffer, loop: true })
    const gain = new GainNode(context, { gain: 0 })
    source
      .connect(new BiquadFilterNode(context, filtering))
      .connect(gain)
      .connect(context.destination)
    source.start()
    return gain
  }
}
