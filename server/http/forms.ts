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
      return item => Buffer.from(row(item.object()))
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

/** The list in slices of about `sliceBytes`; nothing is made before it is asked for. */
export function* slicesOf(form: ListForm, sliceBytes: number): Generator<Buffer> {
  let parts: Buffer[] = [Buffer.from(form.head)]
  let size = 0
  let isFirst = true
  for (const item of form.items) {
    const bytes = form.encode(item)
    if (!isFirst) parts.push(COMMA)
    isFirst = false
    parts.push(bytes)
    size += bytes.length + 1
    if (size < sliceBytes) continue
    yield Buffer.concat(parts)
    parts = []
    size = 0
  }
  parts.push(Buffer.from(form.tail))
  yield Buffer.concat(parts)
}
