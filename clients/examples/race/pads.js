/** How far a thumb slides for the whole wheel, in pixels. */
const REACH = 56
/** Half of the way of the wheel lies in so much of the slide: fine around the middle. */
const CURVE = 1.35

/**
 * Two thumbs: the left one slides to steer, wherever it was put down; the right one is on the
 * pedals, and slides from one to the other. `state` says what they do.
 */
export class Pads {
  state = { steer: 0, throttle: false, brake: false, handbrake: false }
  #element
  #steering = null
  #feet = new Map()

  constructor(element) {
    this.#element = element
    const wheel = element.querySelector('[data-pad=steer]')
    const pedals = element.querySelector('[data-pad=pedals]')
    this.#listen(wheel, (event) => this.#steer(event))
    this.#listen(pedals, (event) => this.#press(event))
    // The first finger on the page shows what there is for fingers.
    addEventListener('pointerdown', ({ pointerType }) => {
      if (pointerType === 'touch') document.documentElement.classList.add('touches')
    })
    if (matchMedia('(pointer: coarse)').matches) document.documentElement.classList.add('touches')
  }

  #listen(area, moved) {
    area.addEventListener('contextmenu', (event) => event.preventDefault())
    area.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      area.setPointerCapture(event.pointerId)
      moved(event)
    })
    area.addEventListener('pointermove', (event) => {
      if (area.hasPointerCapture(event.pointerId)) moved(event)
    })
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      area.addEventListener(end, ({ pointerId }) => this.#lift(pointerId))
    }
  }

  #steer({ pointerId, clientX }) {
    this.#steering ??= { pointerId, from: clientX }
    if (this.#steering.pointerId !== pointerId) return
    const slide = Math.max(-1, Math.min(1, (clientX - this.#steering.from) / REACH))
    this.state.steer = Math.sign(slide) * Math.abs(slide) ** CURVE
    this.#element.style.setProperty('--steer', slide.toFixed(3))
  }

  #press({ pointerId, clientX, clientY }) {
    const at = document.elementFromPoint(clientX, clientY)?.closest('[data-pedal]')
    // Between two pedals the foot stays where it was.
    if (at !== null && at !== undefined) this.#feet.set(pointerId, at.dataset.pedal)
    this.#show()
  }

  #lift(pointerId) {
    this.#feet.delete(pointerId)
    if (this.#steering?.pointerId === pointerId) {
      this.#steering = null
      this.state.steer = 0
      this.#element.style.setProperty('--steer', '0')
    }
    this.#show()
  }

  #show() {
    const pressed = new Set(this.#feet.values())
    for (const pedal of this.#element.querySelectorAll('[data-pedal]')) {
      const isPressed = pressed.has(pedal.dataset.pedal)
      pedal.classList.toggle('pressed', isPressed)
      this.state[pedal.dataset.pedal] = isPressed
    }
  }
}
