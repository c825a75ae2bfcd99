/**
 * One object at one revision: its bytes for good, what is derived from them while it is wanted.
 *
 * Parsed objects and other forms are held by a Memo of bounded size and made again when it has dropped them; a form
 * that somebody is still sending is shared until then. Labels and selectable fields, which selectors ask for again and
 * again, stay with the item once they are known.
 */
import type { AnyObject } from '#api/object.ts'
import { fieldValues, supportedFields } from '#api/selectable-fields.ts'
import type { Cached, Form } from './cache.ts'
import { deepFreeze, parseObject } from './stamp.ts'

export interface ItemSource {
  readonly key: string
  readonly revision: number
  readonly createRevision: number
  readonly bytes: Buffer
  /** `bytes` parsed, when somebody has it. */
  readonly object?: AnyObject | undefined
}

type Labels = Readonly<Record<string, string>>

export class Item implements Cached {
  readonly key: string
  readonly revision: number
  readonly createRevision: number
  readonly bytes: Buffer
  readonly groupResource: string
  readonly #memo: Memo
  #object: AnyObject | undefined
  /** Weak once they have faded: who is still sending one shares it with those who ask meanwhile. */
  #forms: Map<Form, Buffer | WeakRef<Buffer>> | undefined
  #labels: Labels | undefined
  #values: Readonly<Record<string, string>> | undefined

  constructor(source: ItemSource, groupResource: string, memo: Memo) {
    this.key = source.key
    this.revision = source.revision
    this.createRevision = source.createRevision
    this.bytes = own(source.bytes)
    this.groupResource = groupResource
    this.#memo = memo
    if (source.object === undefined) return
    this.#keep(deepFreeze(source.object))
    // Read while the object is at hand: a selector over thousands of items must not parse them all.
    this.#labels = source.object.metadata.labels ?? NO_LABELS
    if (supportedFields(groupResource).length > METADATA_FIELDS) this.#values = this.#readValues()
  }

  object(): AnyObject {
    return this.#object ?? this.#keep(deepFreeze(parseObject(this.bytes)))
  }

  peek(): AnyObject {
    return this.#object ?? parseObject(this.bytes)
  }

  form(form: Form): Buffer {
    const made = this.#forms?.get(form)
    const held = made instanceof WeakRef ? made.deref() : made
    if (held !== undefined) return held
    const bytes = own(form.encode(this.peek()))
    this.#forms ??= new Map()
    this.#forms.set(form, bytes)
    this.#memo.add({ item: this, form, bytes: bytes.length })
    return bytes
  }

  labels(): Labels {
    this.#labels ??= this.object().metadata.labels ?? NO_LABELS
    return this.#labels
  }

  /** A selectable field's value, '' when unset. */
  value(field: string): string {
    this.#values ??= this.#readValues()
    return this.#values[field] ?? ''
  }

  /** Drops the parsed object, and holds a form only as long as somebody else does. */
  fade(form: Form | undefined): void {
    if (form === undefined) this.#object = undefined
    else {
      const made = this.#forms?.get(form)
      if (made instanceof Uint8Array) this.#forms?.set(form, new WeakRef(made))
    }
  }

  forget(form: Form | undefined): void {
    if (form === undefined) return
    this.#forms?.delete(form)
    if (this.#forms?.size === 0) this.#forms = undefined
  }

  #keep(object: AnyObject): AnyObject {
    this.#object = object
    this.#memo.add({ item: this, form: undefined, bytes: this.bytes.length })
    return object
  }

  #readValues(): Readonly<Record<string, string>> {
    const value = fieldValues(this.groupResource, this.object())
    return Object.fromEntries(supportedFields(this.groupResource).map(name => [name, value(name)]))
  }
}

/** A small Buffer is a view of a shared slab: kept for long, it would keep the whole slab. */
function own(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** Every resource can be selected by these many fields, which the key tells too. */
const METADATA_FIELDS = 2

const NO_LABELS: Labels = Object.freeze({})

interface Kept {
  readonly item: Item
  /** Undefined: the parsed object. */
  readonly form: Form | undefined
  readonly bytes: number
}

/** Faded forms are remembered for this many times as much more; remembering costs memory too. */
const FADED_TIMES = 3

/** Bounds what items hold beside their bytes: first in, first to fade, and then forgotten. */
export class Memo {
  readonly #limitBytes: number
  readonly #held = new Queue()
  readonly #faded = new Queue()

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  add(entry: Kept): void {
    this.#held.push(entry)
    while (this.#held.bytes > this.#limitBytes && this.#held.length > 1) this.#fade()
    while (this.#faded.bytes > this.#limitBytes * FADED_TIMES) {
      const oldest = this.#faded.shift()
      oldest?.item.forget(oldest.form)
    }
  }

  #fade(): void {
    const oldest = this.#held.shift()
    oldest?.item.fade(oldest.form)
    if (oldest?.form !== undefined) this.#faded.push(oldest)
  }
}

class Queue {
  #entries: Kept[] = []
  #first = 0
  bytes = 0

  get length(): number {
    return this.#entries.length - this.#first
  }

  push(entry: Kept): void {
    this.#entries.push(entry)
    this.bytes += entry.bytes
  }

  shift(): Kept | undefined {
    const oldest = this.#entries[this.#first]
    if (oldest === undefined) return undefined
    this.#first += 1
    this.bytes -= oldest.bytes
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    return oldest
  }
}
