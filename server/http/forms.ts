/**
 * The forms a list can take (objects, Table, partial metadata; JSON, protobuf) as one shape: bytes before, one entry
 * after another, bytes behind. Streaming and whole answers, lists and watches share it. Pure.
 *
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go
 */
import {
  type IncludeObject,
  type RowOptions,
  type TableOptions,
  columnsOf,
  rowOf,
  tableOf,
} from '#api/columns/table.ts'
import { fromStorage } from '#api/conversion/convert.ts'
import { customOf, isCustom } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, apiVersionOf } from '#api/scheme.ts'
import { LIST_TAIL, type TypeMeta, listHead } from '#api/protobuf/envelope.ts'
import { StatusError, badRequest } from '#api/status.ts'
import { assertNever } from '#base/errors.ts'
import type { Cached } from '#server/cache/cache.ts'
import type { Answer, Query } from '#server/registry/call.ts'
import { listKindOf } from '#server/registry/target.ts'
import { encodingOf } from './encodings.ts'
import { type Accepted, PROTOBUF } from './negotiation.ts'

export interface View {
  readonly accepted: Accepted
  readonly query: Query
  readonly now: number
}

export interface ListForm {
  /** Given the bytes of all entries, separators not counted; 0 where it does not say them. */
  readonly head: (entryBytes: number) => Buffer
  /** The head says how long the list is: the entries must be made first. */
  readonly isMeasured: boolean
  readonly items: readonly Cached[]
  readonly encode: (item: Cached) => Buffer
  readonly between: Buffer
  readonly tail: Buffer
  /** All of it, for answers that are rewritten as a whole. */
  whole(): Buffer
}

type Page = Extract<Answer, { kind: 'page' }>

const COMMA = Buffer.from(',')
const NOTHING = Buffer.alloc(0)
const JSON_TAIL = Buffer.from(']}')

interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** Throws StatusError(NotAcceptable) for the form of a single object. */
export function formOf(answer: Page, view: View): ListForm {
  const { resource, page } = answer
  const { items } = page.page
  if (view.accepted.form === 'partial')
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (${goTypeOf(resource, 'List')})`,
    )
  const isUnstructured = isCustom(resource) && view.accepted.form === 'object'
  const metadata: ListMeta = {
    // Upstream's lists of custom resources always say how they go on.
    ...(isUnstructured ? { continue: '' } : {}),
    resourceVersion: String(page.page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.continue === undefined || page.page.remaining === undefined
      ? {}
      : { remainingItemCount: page.page.remaining }),
  }
  const encode = itemEncoder(resource, view)
  const form =
    view.accepted.media === PROTOBUF
      ? { ...protobufList(resource, view, metadata), items, encode }
      : { ...jsonList(resource, view, metadata), items, encode }
  return { ...form, whole: () => wholeOf(form) }
}

type Frame = Pick<ListForm, 'head' | 'isMeasured' | 'between' | 'tail'>

function protobufList(resource: Resource, view: View, metadata: ListMeta): Frame {
  const meta = listMetaOf(resource, view)
  // The list of v1beta1 has its fields the other way round.
  const isSwapped = meta.apiVersion === 'meta.k8s.io/v1beta1'
  const head = (entryBytes: number): Buffer =>
    listHead({ ...meta, entryBytes, isSwapped }, metadata)
  return { head, isMeasured: true, between: NOTHING, tail: LIST_TAIL }
}

function jsonList(resource: Resource, view: View, metadata: ListMeta): Frame {
  const { kind, apiVersion } = listMetaOf(resource, view)
  const isTable = view.accepted.form === 'table'
  const more = isTable ? { columnDefinitions: columnsOf(printedAs(resource)) } : {}
  const open = JSON.stringify({ kind, apiVersion, metadata, ...more }).slice(0, -1)
  const head = Buffer.from(`${open},"${isTable ? 'rows' : 'items'}":[`)
  return { head: () => head, isMeasured: false, between: COMMA, tail: JSON_TAIL }
}

function listMetaOf(resource: Resource, view: View): TypeMeta {
  switch (view.accepted.form) {
    case 'table':
      return { kind: 'Table', apiVersion: view.accepted.meta }
    case 'partial':
    case 'partial-list':
      return { kind: 'PartialObjectMetadataList', apiVersion: view.accepted.meta }
    case 'object':
      return { kind: listKindOf(resource), apiVersion: apiVersionOf(resource) }
    default:
      return assertNever(view.accepted.form)
  }
}

/** Upstream's messages name its own types: `*core.PodList`. */
export const goTypeOf = ({ group, kind }: Pick<Resource, 'group' | 'kind'>, more = ''): string =>
  `*${group === '' ? 'core' : group.split('.')[0]}.${kind}${more}`

export const notAcceptable = (message: string): StatusError =>
  new StatusError('NotAcceptable', message)

type Printed = Parameters<typeof columnsOf>[0]

/** Rows are made of what is stored: a kind that two groups serve prints the same in both. */
export function printedAs(resource: Resource): Printed {
  const { group, plural } = resource.storage()
  const printer = customOf(resource)?.kind.printer
  return printer === undefined ? { group, plural } : { group, plural, printer }
}

/** What a row is made of. Each version of a custom resource has columns of its own. */
export const printedOf = (resource: Resource, stored: AnyObject): AnyObject =>
  isCustom(resource) ? fromStorage(resource, stored) : stored

/** One item in the form asked for. */
function itemEncoder(resource: Resource, view: View): (item: Cached) => Buffer {
  if (view.accepted.form === 'table') {
    const row = rowEncoder(printedAs(resource), view)
    return item => Buffer.from(row(printedOf(resource, item.peek())))
  }
  const encoding = encodingOf(resource, view.accepted)
  return encoding === undefined ? item => item.bytes : item => item.form(encoding.item)
}

function rowEncoder(resource: Printed, view: View): (object: AnyObject) => string {
  const options = rowOptions(view)
  return object => JSON.stringify(rowOf(resource, object, options))
}

const rowOptions = ({ accepted, query, now }: View): RowOptions => ({
  now,
  includeObject: includedIn(query),
  apiVersion: accepted.meta,
})

function includedIn(query: Query): IncludeObject {
  const include = query.get('includeObject') ?? 'Metadata'
  if (include === '' || include === 'Metadata') return 'Metadata'
  if (include === 'None' || include === 'Object') return include
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

/** A Table of a few stored objects. */
export function tableJson(
  resource: Printed,
  objects: readonly AnyObject[],
  view: View & Pick<TableOptions, 'withoutColumns'>,
): Buffer {
  const { withoutColumns } = view
  const resourceVersion = objects[0]?.metadata.resourceVersion ?? ''
  return Buffer.from(
    JSON.stringify(
      tableOf(resource, objects, {
        ...rowOptions(view),
        metadata: { resourceVersion },
        ...(withoutColumns === undefined ? {} : { withoutColumns }),
      }),
    ),
  )
}

function wholeOf(form: Omit<ListForm, 'whole'>): Buffer {
  const entries = form.items.map(form.encode)
  const parts: Buffer[] = [form.head(entries.reduce((size, { length }) => size + length, 0))]
  entries.forEach((entry, index) => {
    if (index > 0) parts.push(form.between)
    parts.push(entry)
  })
  parts.push(form.tail)
  return Buffer.concat(parts)
}

export interface Slice {
  readonly bytes: Buffer
  readonly isLast: boolean
}

/** Entries of a list whose head says how long it is: all were made before the first could be sent. */
export interface Entries {
  readonly all: Buffer[]
  readonly bytes: number
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
export function* slicesOf(form: ListForm, limits: SliceLimits, made?: Entries): Generator<Slice> {
  const joiner = new Joiner(limits.bytes)
  joiner.add(form.head(made?.bytes ?? 0))
  let began = limits.monotonic()
  let isFirst = true
  for (const entry of made === undefined ? encoded(form) : given(made.all)) {
    if (!isFirst) joiner.add(form.between)
    isFirst = false
    joiner.add(entry)
    if (joiner.size < limits.bytes && limits.monotonic() - began < limits.ms) continue
    yield { bytes: joiner.take(), isLast: false }
    began = limits.monotonic()
  }
  joiner.add(form.tail)
  yield { bytes: joiner.take(), isLast: true }
}

function* encoded({ items, encode }: ListForm): Generator<Buffer> {
  for (const item of items) yield encode(item)
}

/** What has been sent is held no longer. */
function* given(entries: Buffer[]): Generator<Buffer> {
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]
    entries[index] = NOTHING
    if (entry !== undefined) yield entry
  }
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
