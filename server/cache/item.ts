/**
 * One object at one revision: its bytes for good, what is derived from them while it is wanted.
 *
 * Parsed objects and other forms are held by a Memo of bounded size and made again when it has dropped them. Labels
 * and selectable fields, which selectors ask for again and again, stay with the item once they are known.
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
  #forms: Map<Form, Buffer> | undefined
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
    if (made !== undefined) return made
    const bytes = form.encode(this.object())
    this.#forms ??= new Map()
    this.#forms.set(form, bytes)
    this.#memo.add(this, bytes.length)
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

  /** Drops what can be made again. */
  forget(): void {
    this.#object = undefined
    this.#forms = undefined
  }

  #keep(object: AnyObject): AnyObject {
    this.#object = object
    this.#memo.add(this, this.bytes.length)
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

/** Bounds what items hold beside their bytes: first in, first out. */
export class Memo {
  readonly #limitBytes: number
  #entries: { readonly item: Item; readonly bytes: number }[] = []
  #first = 0
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  add(item: Item, bytes: number): void {
    this.#entries.push({ item, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#limitBytes && this.#first < this.#entries.length - 1) {
      const oldest = this.#entries[this.#first++]
      oldest?.item.forget()
      this.#bytes -= oldest?.bytes ?? 0
    }
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
  }
}
