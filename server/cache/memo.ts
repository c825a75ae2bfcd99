/**
 * What items hold beside their bytes. Owns: who holds what, and for how long.
 *
 * Passing  parsed objects, frames of events: asked for by many at once and then by nobody. First in, first to fade, and
 *          then forgotten.
 * Kept     other encodings of objects: as many bytes as are stored (at least the bound), and only while somebody asks
 *          for them. What comes when there is no room passes, so that a list bigger than the room still finds what
 *          there is room for.
 */
import type { Form } from './cache.ts'

/** Who has something beside its bytes. */
export interface Holder {
  /** Drops the parsed object, and holds a form only as long as somebody else does. */
  fade(form: Form | undefined): void
  forget(form: Form | undefined): void
}

export interface Passing {
  readonly item: Holder
  /** Undefined: the parsed object. */
  readonly form: Form | undefined
  readonly size: number
}

export interface Kept {
  readonly item: Holder
  readonly form: Form
  readonly bytes: Buffer
  /** The memo's age when it was asked for last. */
  asked: number
}

/** Faded forms are remembered for this many times as much more; remembering costs memory too. */
const FADED_TIMES = 3
/** Sweeps that something survives without being asked for. */
const IDLE_SWEEPS = 2

export class Memo {
  /** Sweeps so far. */
  age = 0
  /** Told when there is something to sweep. */
  onKept: () => void = () => {}
  readonly #limitBytes: number
  readonly #passing = new Queue()
  readonly #faded = new Queue()
  readonly #kept = new Set<Kept>()
  #keptBytes = 0
  #storedBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Bytes that came to be stored, or went: there is room for as many kept ones. */
  stored(bytes: number): void {
    this.#storedBytes += bytes
  }

  add(entry: Passing): void {
    this.#passing.push(entry)
    while (this.#passing.bytes > this.#limitBytes && this.#passing.length > 1) {
      const oldest = this.#passing.shift()
      if (oldest !== undefined) this.#fade(oldest)
    }
  }

  keep(entry: Kept): void {
    const { item, form, bytes } = entry
    const size = bytes.length
    const room = Math.max(this.#limitBytes, this.#storedBytes)
    if (this.#keptBytes + size > room) return this.#fade({ item, form, size })
    this.#kept.add(entry)
    this.#keptBytes += size
    if (this.#kept.size === 1) this.onKept()
  }

  drop(entry: Kept): void {
    if (this.#kept.delete(entry)) this.#keptBytes -= entry.bytes.length
  }

  /** Now and then: lets go what nobody has asked for in a while. False when nothing is left. */
  sweep(): boolean {
    this.age += 1
    for (const entry of this.#kept) {
      if (this.age - entry.asked < IDLE_SWEEPS) continue
      this.drop(entry)
      entry.item.forget(entry.form)
    }
    return this.#kept.size > 0
  }

  #fade(entry: Passing): void {
    entry.item.fade(entry.form)
    if (entry.form === undefined) return
    this.#faded.push(entry)
    while (this.#faded.bytes > this.#limitBytes * FADED_TIMES) {
      const oldest = this.#faded.shift()
      oldest?.item.forget(oldest.form)
    }
  }
}

class Queue {
  #entries: Passing[] = []
  #first = 0
  bytes = 0

  get length(): number {
    return this.#entries.length - this.#first
  }

  push(entry: Passing): void {
    this.#entries.push(entry)
    this.bytes += entry.size
  }

  shift(): Passing | undefined {
    const oldest = this.#entries[this.#first]
    if (oldest === undefined) return undefined
    this.#first += 1
    this.bytes -= oldest.size
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    return oldest
  }
}
