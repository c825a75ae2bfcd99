/** At most `limit` tasks at once; the others wait in order of arrival. Owns its waiting list, bounded by its callers. */
export class Limiter {
  readonly #limit: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // the place is handed on, so that nobody can slip in between
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
