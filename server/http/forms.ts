/**
 * The forms a list can take (objects, Table, partial metadata) as one shape: text before, one item after another,
 * text behind. Streaming and whole answers, lists and watches share it. Pure.
 *
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go
 */
import { type IncludeObject, columnsOf, rowOf, tableOf } from '#api/columns/table.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, apiVersionOf } from '#api/scheme.ts'
import { badRequest } from '#api/status.ts'
import { assertNever } from '#base/errors.ts'
import type { Cached, Form } from '#server/cache/cache.ts'
import type { Answer, Query } from '#server/registry/call.ts'
import { readForm, targetOf } from '#server/registry/target.ts'
import type { Accepted } from './negotiation.ts'

export interface View {
  readonly accepted: Accepted
  readonly query: Query
  readonly now: number
}

export interface ListForm {
  readonly head: string
  readonly items: readonly Cached[]
  readonly encode: (item: Cached) => Buffer
  readonly tail: string
  /** All of it, for answers that are rewritten as a whole. */
  whole(): Buffer
}

type Page = Extract<Answer, { kind: 'page' }>

const META_VERSION = 'meta.k8s.io/v1'
const COMMA = Buffer.from(',')

export function formOf(answer: Page, view: View): ListForm {
  const { resource, page } = answer
  const { items } = page.page
  const metadata = {
    resourceVersion: String(page.page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.continue === undefined || page.page.remaining === undefined
      ? {}
      : { remainingItemCount: page.page.remaining }),
  }
  const frame = frameOf(resource, view, metadata)
  const form = { head: frame.head, tail: ']}', items, encode: itemEncoder(resource, view) }
  return { ...form, whole: () => wholeOf(form) }
}

function frameOf(
  resource: Resource,
  view: View,
  metadata: Readonly<Record<string, unknown>>,
): { readonly head: string } {
  const open = (kind: string, apiVersion: string, list: string, more: object = {}): string =>
    `${JSON.stringify({ kind, apiVersion, metadata, ...more }).slice(0, -1)},"${list}":[`
  switch (view.accepted.form) {
    case 'table': {
      const columnDefinitions = columnsOf(printedAs(resource))
      return { head: open('Table', META_VERSION, 'rows', { columnDefinitions }) }
    }
    case 'partial':
    case 'partial-list':
      return { head: open('PartialObjectMetadataList', META_VERSION, 'items') }
    case 'object':
      return { head: open(`${resource.kind}List`, apiVersionOf(resource), 'items') }
    default:
      return assertNever(view.accepted.form)
  }
}

type Printed = Parameters<typeof columnsOf>[0]

/** Rows are made of what is stored: a kind that two groups serve prints the same in both. */
export function printedAs(resource: Resource): Printed {
  const { storageGroup } = targetOf({ resource, namespace: '' })
  return { group: storageGroup, plural: resource.plural }
}

/** One item in the form asked for. */
export function itemEncoder(resource: Resource, view: View): (item: Cached) => Buffer {
  const target = targetOf({ resource, namespace: '' })
  const form = readForm(target)
  switch (view.accepted.form) {
    case 'object':
      return form === undefined ? item => item.bytes : item => item.form(form)
    case 'table': {
      const row = rowEncoder(printedAs(resource), view)
      return item => Buffer.from(row(item.peek()))
    }
    case 'partial':
    case 'partial-list':
      return item => item.form(PARTIAL)
    default:
      return assertNever(view.accepted.form)
  }
}

const PARTIAL: Form = {
  name: 'PartialObjectMetadata',
  encode: object => Buffer.from(JSON.stringify(partialOf(object))),
}

export const partialOf = (object: AnyObject): AnyObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: META_VERSION,
  metadata: object.metadata,
})

function rowEncoder(
  resource: Printed,
  view: Pick<View, 'query' | 'now'>,
): (object: AnyObject) => string {
  const options = { now: view.now, includeObject: includedIn(view.query) }
  return object => JSON.stringify(rowOf(resource, object, options))
}

function includedIn(query: Query): IncludeObject {
  const include = query.get('includeObject') ?? 'Metadata'
  if (include === '' || include === 'Metadata') return 'Metadata'
  if (include === 'None' || include === 'Object') return include
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`)
}

/** A Table of a few stored objects. */
export function tableJson(
  resource: Printed,
  objects: readonly AnyObject[],
  view: Pick<View, 'query' | 'now'>,
): Buffer {
  const resourceVersion = objects[0]?.metadata.resourceVersion ?? ''
  return Buffer.from(
    JSON.stringify(
      tableOf(resource, objects, {
        now: view.now,
        includeObject: includedIn(view.query),
        metadata: { resourceVersion },
      }),
    ),
  )
}

function wholeOf(form: Omit<ListForm, 'whole'>): Buffer {
  const parts: Buffer[] = [Buffer.from(form.head)]
  form.items.forEach((item, index) => {
    if (index > 0) parts.push(COMMA)
    parts.push(form.encode(item))
  })
  parts.push(Buffer.from(form.tail))
  return Buffer.concat(parts)
}

export interface Slice {
  readonly bytes: Buffer
  readonly isLast: boolean
}

export interface SliceLimits {
  readonly bytes: number
  /** Milliseconds that making one slice may take. */
  readonly ms: number
  readonly monotonic: () => number
}

/**
 * The list in slices; nothing is made before it is asked for. Full slices share one buffer, because 20 MB of fresh
 * memory per list is what brings the garbage collector in: a slice must be sent before the next is asked for.
 */
export function* slicesOf(form: ListForm, limits: SliceLimits): Generator<Slice> {
  const joiner = new Joiner(limits.bytes)
  joiner.add(Buffer.from(form.head))
  let began = limits.monotonic()
  let isFirst = true
  for (const item of form.items) {
    if (!isFirst) joiner.add(COMMA)
    isFirst = false
    joiner.add(form.encode(item))
    if (joiner.size < limits.bytes && limits.monotonic() - began < limits.ms) continue
    yield { bytes: joiner.take(), isLast: false }
    began = limits.monotonic()
  }
  joiner.add(Buffer.from(form.tail))
  yield { bytes: joiner.take(), isLast: true }
}

/** Joins parts, big ones in a buffer that is used again and again. */
class Joiner {
  readonly #fullBytes: number
  #parts: Buffer[] = []
  #shared: Buffer | undefined
  size = 0

  constructor(fullBytes: number) {
    this.#fullBytes = fullBytes
  }

  add(part: Buffer): void {
    this.#parts.push(part)
    this.size += part.length
  }

  take(): Buffer {
    const parts = this.#parts
    const size = this.size
    this.#parts = []
    this.size = 0
    if (size < this.#fullBytes) return Buffer.concat(parts, size)
    if (this.#shared === undefined || this.#shared.length < size)
      this.#shared = Buffer.allocUnsafeSlow(size + (size >> 4))
    let at = 0
    for (const part of parts) {
      this.#shared.set(part, at)
      at += part.length
    }
    return this.#shared.subarray(0, size)
  }
}
