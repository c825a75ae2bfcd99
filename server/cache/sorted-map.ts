/**
 * A persistent map in key order: every change gives a new map and leaves the old one as it was. Pure.
 *
 * So a snapshot costs nothing, and a list can be read over many turns while writes go on. Entries lie in chunks of at
 * most CHUNK; a change copies one chunk and the list of chunks (for 10,000 entries about 1.3 kB).
 */

const CHUNK = 128

interface Chunk<Value> {
  readonly keys: readonly string[]
  readonly values: readonly Value[]
}

export class SortedMap<Value> {
  readonly size: number
  readonly #chunks: readonly Chunk<Value>[]

  private constructor(chunks: readonly Chunk<Value>[], size: number) {
    this.#chunks = chunks
    this.size = size
  }

  static empty<Value>(): SortedMap<Value> {
    return new SortedMap<Value>([], 0)
  }

  /** From entries that are in key order already. */
  static from<Value>(entries: readonly (readonly [string, Value])[]): SortedMap<Value> {
    const chunks: Chunk<Value>[] = []
    for (let start = 0; start < entries.length; start += CHUNK / 2) {
      const part = entries.slice(start, start + CHUNK / 2)
      chunks.push({ keys: part.map(entry => entry[0]), values: part.map(entry => entry[1]) })
    }
    return new SortedMap(chunks, entries.length)
  }

  set(key: string, value: Value): SortedMap<Value> {
    const index = Math.max(0, this.#chunkOf(key))
    const chunk = this.#chunks[index] ?? { keys: [], values: [] }
    const at = lowerBound(chunk.keys, key)
    const replaces = chunk.keys[at] === key
    const changed = {
      keys: replaces ? chunk.keys : chunk.keys.toSpliced(at, 0, key),
      values: replaces ? chunk.values.with(at, value) : chunk.values.toSpliced(at, 0, value),
    }
    return new SortedMap(
      this.#chunks.toSpliced(index, 1, ...split(changed)),
      this.size + (replaces ? 0 : 1),
    )
  }

  delete(key: string): SortedMap<Value> {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (chunk === undefined) return this
    const at = lowerBound(chunk.keys, key)
    if (chunk.keys[at] !== key) return this
    const changed = { keys: chunk.keys.toSpliced(at, 1), values: chunk.values.toSpliced(at, 1) }
    const rest = changed.keys.length === 0 ? [] : [changed]
    return new SortedMap(this.#chunks.toSpliced(index, 1, ...rest), this.size - 1)
  }

  /** Values of keys in [from, to), in order. */
  *range(from: string, to: string): Generator<Value> {
    let at = -1
    for (let index = Math.max(0, this.#chunkOf(from)); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]
      if (chunk === undefined) return
      const { keys, values } = chunk
      const start = at === -1 ? lowerBound(keys, from) : 0
      for (at = start; at < keys.length; at++) {
        const key = keys[at]
        const value = values[at]
        if (key === undefined || value === undefined || key >= to) return
        yield value
      }
    }
  }

  /** How many keys are in [from, to). */
  count(from: string, to: string): number {
    return this.#rank(to) - this.#rank(from)
  }

  #rank(key: string): number {
    const index = this.#chunkOf(key)
    let rank = 0
    for (let before = 0; before < index; before++) rank += this.#chunks[before]?.keys.length ?? 0
    const chunk = this.#chunks[index]
    return rank + (chunk === undefined ? 0 : lowerBound(chunk.keys, key))
  }

  /** Index of the last chunk that starts at or before `key`, -1 when all start after it. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#chunks[middle]?.keys[0] ?? '') <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

const split = <Value>(chunk: Chunk<Value>): Chunk<Value>[] => {
  if (chunk.keys.length <= CHUNK) return [chunk]
  const half = chunk.keys.length >> 1
  return [
    { keys: chunk.keys.slice(0, half), values: chunk.values.slice(0, half) },
    { keys: chunk.keys.slice(half), values: chunk.values.slice(half) },
  ]
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
