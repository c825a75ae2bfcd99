/**
 * Objects by key, and by whatever values index functions give for them. Pure state, no I/O.
 *
 * Law  `byIndex(i, v)` holds exactly the objects for which index i's function gives v, also right after a change.
 * Source: k8s.io/client-go tools/cache/thread_safe_store.go
 */
import { type KubeObject, keyOf } from '#api/object.ts'

/** The values an object is found under. */
export type Indexer<T> = (object: T) => readonly string[]

interface Index<T> {
  readonly indexer: Indexer<T>
  readonly byValue: Map<string, Map<string, T>>
}

export class ObjectIndex<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()

  constructor(indexers: Readonly<Record<string, Indexer<T>>>) {
    for (const [name, indexer] of Object.entries(indexers)) this.addIndex(name, indexer)
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(): readonly T[] {
    return [...this.#objects.values()]
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new RangeError(`no index ${name}`)
    const found = index.byValue.get(value)
    return found === undefined ? [] : [...found.values()]
  }

  addIndex(name: string, indexer: Indexer<T>): void {
    if (this.#indexes.has(name)) return
    const index: Index<T> = { indexer, byValue: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) enter(index, key, object)
  }

  /** Returns  what was there before. */
  put(object: T): T | undefined {
    const key = keyOf(object)
    const before = this.delete(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) enter(index, key, object)
    return before
  }

  /** Returns  what was there. */
  delete(key: string): T | undefined {
    const before = this.#objects.get(key)
    if (before === undefined) return undefined
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) leave(index, key, before)
    return before
  }
}

function enter<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.indexer(object)) {
    const found = index.byValue.get(value)
    if (found === undefined) index.byValue.set(value, new Map([[key, object]]))
    else found.set(key, object)
  }
}

function leave<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.indexer(object)) {
    const found = index.byValue.get(value)
    found?.delete(key)
    if (found?.size === 0) index.byValue.delete(value)
  }
}
