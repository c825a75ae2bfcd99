/**
 * One pass over an object's JSON text, led by its schema: where each field's value stands. Nothing is parsed and
 * nothing is made per value, so that texts and raw JSON go from one encoding to the other as the bytes they are. Pure
 * but for the tape, which is used again and again.
 *
 * Input   JSON as `JSON.stringify` writes it: no spaces, no key twice
 * Output  cells of the tape, found by a ref; ref 0 is what is absent, null, or no value of its kind:
 *           leaf    [start, end of the token; ~end when a text has escapes]
 *           struct  [ref of each slot]                          the first cells are 0: ref 0 is an empty struct
 *           list    [last node], node [node before, ref]
 *           map     [last node, entries, 1 when keys are out of order], node [node before, key's start, end, ref]
 *           choice  [CHOICE, ref]
 * Throws  Error for text that ends early: what is stored is whole
 */

import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-bytes.ts'

const LETTER_N = 0x6e
const LETTER_T = 0x74

/** No struct has as many fields. */
const EMPTY_SLOTS = 128
const START_CELLS = 4096
/** A longer tape than this is given back. */
const KEPT_CELLS = 256 * 1024

export const CHOICE = { struct: 1, list: 2, yes: 3, no: 4 } as const

/** What a value is read as. */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'raw' }
  | { readonly kind: 'struct'; readonly plan: () => StructShape }
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'choice'; readonly plan: () => StructShape; readonly items: Shape }

/** A struct's fields by name: each has a slot of its own. */
export class StructShape {
  readonly shapes: readonly Shape[]
  readonly #names: readonly Buffer[]
  /** Slot + 1 by hash, the next free place when that is taken; always half empty. */
  readonly #table: Uint8Array
  readonly #mask: number

  constructor(fields: readonly { readonly name: string; readonly shape: Shape }[]) {
    if (fields.length > EMPTY_SLOTS) throw new Error(`${fields.length} fields are too many`)
    this.shapes = fields.map(field => field.shape)
    this.#names = fields.map(field => Buffer.from(field.name))
    let size = 4
    while (size < fields.length * 2) size *= 2
    this.#table = new Uint8Array(size)
    this.#mask = size - 1
    this.#names.forEach((name, slot) => {
      let place = name.reduce(hashed, 0) & this.#mask
      while (this.#table[place] !== 0) place = (place + 1) & this.#mask
      this.#table[place] = slot + 1
    })
  }

  /** -1: no such field. */
  slotOf(bytes: Buffer, start: number, end: number, hash: number): number {
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const slot = (this.#table[place] ?? 0) - 1
      const name = this.#names[slot]
      if (name === undefined) return -1
      if (name.length === end - start && isAt(bytes, start, name)) return slot
    }
  }
}

const hashed = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0

function isAt(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index++) {
    if (bytes[start + index] !== name[index]) return false
  }
  return true
}

const NOTHING: Buffer = Buffer.alloc(0)

export class Tape {
  bytes = NOTHING
  cells = new Int32Array(START_CELLS)
  #top = EMPTY_SLOTS
  #at = 0

  /** The ref of the object that the text holds. */
  scan(bytes: Buffer, shape: StructShape): number {
    this.bytes = bytes
    this.#top = EMPTY_SLOTS
    this.#at = 0
    return bytes[0] === OPEN_OBJECT ? this.#struct(shape) : 0
  }

  /** The text is held no longer. */
  clear(): void {
    this.bytes = NOTHING
    if (this.cells.length > KEPT_CELLS) this.cells = new Int32Array(START_CELLS)
  }

  #value(shape: Shape): number {
    const byte = this.bytes[this.#at]
    switch (shape.kind) {
      case 'leaf':
        return byte === OPEN_OBJECT || byte === OPEN_LIST ? this.#nothing() : this.#leaf(byte)
      case 'struct':
        return byte === OPEN_OBJECT ? this.#struct(shape.plan()) : this.#nothing()
      case 'list':
        return byte === OPEN_LIST ? this.#list(shape.items) : this.#nothing()
      case 'map':
        return byte === OPEN_OBJECT ? this.#map(shape.values) : this.#nothing()
      case 'raw':
        return this.#raw(byte)
      case 'choice':
        return this.#choice(shape, byte)
    }
  }

  #nothing(): number {
    this.#skip()
    return 0
  }

  #leaf(byte: number | undefined): number {
    const start = this.#at
    if (byte === QUOTE) return this.#token(start, this.#string() ? ~this.#at : this.#at)
    this.#literal()
    return byte === LETTER_N ? 0 : this.#token(start, this.#at)
  }

  #raw(byte: number | undefined): number {
    const start = this.#at
    this.#skip()
    return byte === LETTER_N ? 0 : this.#token(start, this.#at)
  }

  #token(start: number, end: number): number {
    const ref = this.#room(2)
    this.cells[ref] = start
    this.cells[ref + 1] = end
    return ref
  }

  #struct(shape: StructShape): number {
    const { bytes } = this
    const { shapes } = shape
    const ref = this.#room(shapes.length)
    for (let slot = 0; slot < shapes.length; slot++) this.cells[ref + slot] = 0
    if (this.#isEmpty(CLOSE_OBJECT)) return ref
    do {
      const start = this.#at + 2
      const hash = this.#key()
      const slot = shape.slotOf(bytes, start, this.#at - 2, hash)
      const inner = shapes[slot]
      if (inner === undefined) this.#skip()
      else {
        const value = this.#value(inner)
        this.cells[ref + slot] = value
      }
    } while (bytes[this.#at] === COMMA)
    this.#close(CLOSE_OBJECT)
    return ref
  }

  #list(items: Shape): number {
    const ref = this.#room(1)
    let last = 0
    if (!this.#isEmpty(CLOSE_LIST)) {
      do {
        this.#at += 1
        const node = this.#room(2)
        const value = this.#value(items)
        this.cells[node] = last
        this.cells[node + 1] = value
        last = node
      } while (this.bytes[this.#at] === COMMA)
      this.#close(CLOSE_LIST)
    }
    this.cells[ref] = last
    return ref
  }

  #map(values: Shape): number {
    const ref = this.#room(3)
    let last = 0
    let entries = 0
    let isMixed = 0
    if (!this.#isEmpty(CLOSE_OBJECT)) {
      do {
        this.#at += 1
        const node = this.#room(4)
        const start = this.#at
        const end = this.#string() ? ~this.#at : this.#at
        this.#at += 1
        const value = this.#value(values)
        this.cells[node] = last
        this.cells[node + 1] = start
        this.cells[node + 2] = end
        this.cells[node + 3] = value
        if (end < 0 || (last !== 0 && !this.#isAfter(node, last))) isMixed = 1
        last = node
        entries += 1
      } while (this.bytes[this.#at] === COMMA)
      this.#close(CLOSE_OBJECT)
    }
    this.cells[ref] = last
    this.cells[ref + 1] = entries
    this.cells[ref + 2] = isMixed
    return ref
  }

  #choice(shape: Extract<Shape, { kind: 'choice' }>, byte: number | undefined): number {
    if (byte === OPEN_OBJECT) return this.#token(CHOICE.struct, this.#struct(shape.plan()))
    if (byte === OPEN_LIST) return this.#token(CHOICE.list, this.#list(shape.items))
    this.#skip()
    if (byte === LETTER_N) return 0
    return this.#token(byte === LETTER_T ? CHOICE.yes : CHOICE.no, 0)
  }

  /** Keys without escapes, in order of their bytes. */
  #isAfter(node: number, before: number): boolean {
    const { bytes, cells } = this
    let left = (cells[before + 1] ?? 0) + 1
    let right = (cells[node + 1] ?? 0) + 1
    // The quote that ends a key is less than most of what a key may have; what it is not less than, the key has not.
    while (bytes[left] === bytes[right] && bytes[left] !== QUOTE) {
      left += 1
      right += 1
    }
    const less = bytes[left] ?? 0
    const more = bytes[right] ?? 0
    return more !== QUOTE && (less === QUOTE || less < more)
  }

  #isEmpty(close: number): boolean {
    if (this.bytes[this.#at + 1] !== close) return false
    this.#at += 2
    return true
  }

  #close(bracket: number): void {
    if (this.bytes[this.#at] !== bracket) throw endless()
    this.#at += 1
  }

  /** From the byte before a key to its value; returns the key's hash. */
  #key(): number {
    const { bytes } = this
    let at = this.#at + 2
    let hash = 0
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined) throw endless()
      if (byte === BACKSLASH) at += 1
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    this.#at = at + 2
    return hash
  }

  /** From its first quote to behind its last. True when it has escapes. */
  #string(): boolean {
    const { bytes } = this
    let at = this.#at + 1
    let hasEscapes = false
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined) throw endless()
      if (byte !== BACKSLASH) continue
      hasEscapes = true
      at += 1
    }
    this.#at = at + 1
    return hasEscapes
  }

  #literal(): void {
    const { bytes } = this
    let at = this.#at
    for (let byte = bytes[at]; ; byte = bytes[++at]) {
      if (byte === undefined) throw endless()
      if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST) break
    }
    this.#at = at
  }

  #skip(): void {
    const { bytes } = this
    const first = bytes[this.#at]
    if (first === QUOTE) return void this.#string()
    if (first !== OPEN_OBJECT && first !== OPEN_LIST) return this.#literal()
    let depth = 0
    let at = this.#at
    do {
      const byte = bytes[at]
      if (byte === undefined) throw endless()
      if (byte === QUOTE) at = endOfString(bytes, at)
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1
      at += 1
    } while (depth > 0)
    this.#at = at
  }

  #room(count: number): number {
    const ref = this.#top
    this.#top += count
    if (this.#top > this.cells.length) {
      const longer = new Int32Array(Math.max(this.cells.length * 2, this.#top))
      longer.set(this.cells)
      this.cells = longer
    }
    return ref
  }
}

/** Where the quote stands that ends it. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1
  for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
    if (byte === undefined) throw endless()
    if (byte === BACKSLASH) at += 1
  }
  return at
}

const endless = (): Error => new Error('JSON text ends too early')
