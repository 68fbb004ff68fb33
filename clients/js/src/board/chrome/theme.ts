import { Emitter } from '../../emitter.js'
import type { Theme } from '../style.js'

export type ThemeChoice = 'system' | Theme

const KEPT_UNDER = 'tutti board theme'

/** Light or dark: as the system has it, until the person says otherwise; kept in this browser. */
export class ThemeSwitch extends Emitter<{ change: Theme }> {
  readonly #system = matchMedia('(prefers-color-scheme: dark)')
  #choice: ThemeChoice

  /** `fixed`: what the page asks for; null leaves it to the person. */
  constructor(fixed: ThemeChoice | null, signal: AbortSignal) {
    super()
    this.#choice = fixed ?? kept()
    this.#system.addEventListener('change', () => this.tell('change', this.theme), { signal })
  }

  get choice(): ThemeChoice {
    return this.#choice
  }

  get theme(): Theme {
    if (this.#choice !== 'system') return this.#choice
    return this.#system.matches ? 'dark' : 'light'
  }

  choose(choice: ThemeChoice): void {
    this.#choice = choice
    try {
      localStorage.setItem(KEPT_UNDER, choice)
    } catch {
      // A browser that keeps nothing asks the system at the next visit.
    }
    this.tell('change', this.theme)
  }
}

function kept(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEPT_UNDER)
    return choice === 'light' || choice === 'dark' ? choice : 'system'
  } catch {
    return 'system'
  }
}
