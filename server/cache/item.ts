/**
 * One object at one revision: its bytes for good, what is derived from them while it is wanted.
 *
 * Parsed objects and other forms are held as long as the Memo says and made again afterwards; a form that somebody is
 * still sending is shared until then. Labels and selectable fields, which selectors ask for again and
 * again, stay with the item once they are known.
 */
import type { AnyObject } from '#api/object.ts'
import { fieldValues, supportedFields } from '#api/selectable-fields.ts'
import type { Cached, Form } from './cache.ts'
import type { Holder, Kept, Memo } from './memo.ts'
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

export class Item implements Cached, Holder {
  readonly key: string
  readonly revision: number
  readonly createRevision: number
  readonly bytes: Buffer
  readonly groupResource: string
  readonly #memo: Memo
  #object: AnyObject | undefined
  /** Weak once they have faded: who is still sending one shares it with those who ask meanwhile. */
  #forms: Map<Form, Kept | Buffer | WeakRef<Buffer>> | undefined
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
    const held = this.#held(form)
    if (held !== undefined) return held
    const bytes = own(form.encode(this))
    this.#forms ??= new Map()
    if (form.isFrame === true) {
      this.#forms.set(form, bytes)
      this.#memo.add({ item: this, form, size: bytes.length })
    } else {
      const kept = { item: this, form, bytes, asked: this.#memo.age }
      this.#forms.set(form, kept)
      this.#memo.keep(kept)
    }
    return bytes
  }

  labels(): Labels {
    this.#labels ??= this.object().metadata.labels ?? NO_LABELS
    return this.#labels
  }

  /** A selectable field's value, '' when unset. */
  value(field: string): string {
    this.#values ??= this.#readValues()
    const known = this.#values[field]
    if (known !== undefined) return known
    // Named by a definition, which may name others tomorrow.
    const value = fieldValues(this.groupResource, this.object())(field)
    this.#values = { ...this.#values, [field]: value }
    return value
  }

  fade(form: Form | undefined): void {
    if (form === undefined) this.#object = undefined
    else {
      const made = this.#held(form)
      if (made !== undefined) this.#forms?.set(form, new WeakRef(made))
    }
  }

  /** A newer state took its place: hardly anybody will ask for this one again. */
  retire(): void {
    if (this.#forms === undefined) return
    for (const [form, made] of this.#forms) {
      if (made instanceof Uint8Array || made instanceof WeakRef) continue
      this.#memo.drop(made)
      this.#forms.delete(form)
    }
  }

  forget(form: Form | undefined): void {
    if (form === undefined) return
    this.#forms?.delete(form)
    if (this.#forms?.size === 0) this.#forms = undefined
  }

  #held(form: Form): Buffer | undefined {
    const made = this.#forms?.get(form)
    if (made === undefined || made instanceof Uint8Array) return made
    if (made instanceof WeakRef) return made.deref()
    made.asked = this.#memo.age
    return made.bytes
  }

  #keep(object: AnyObject): AnyObject {
    this.#object = object
    this.#memo.add({ item: this, form: undefined, size: this.bytes.length })
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
