/**
 * One answer as the body the client asked for: an object, its Table row or its metadata, as JSON or protobuf. Pure.
 *
 * Throws  StatusError(NotAcceptable) for a form that this answer does not have
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go
 */
import { viewPrinter } from '#api/columns/table.ts'
import { toStorage } from '#api/conversion/convert.ts'
import { customOf, isCustom } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { encodeObject, envelopeOf } from '#api/protobuf/envelope.ts'
import { typeOf } from '#api/scheme.ts'
import type { Answer } from '#server/registry/call.ts'
import type { RequestContext } from './context.ts'
import { encodingOf, partialShape } from './encodings.ts'
import { formOf, goTypeOf, notAcceptable, printedAs, tableJson } from './forms.ts'
import { type Accepted, PROTOBUF } from './negotiation.ts'

export type Shown = Extract<Answer, { kind: 'item' | 'object' | 'page' }>

export function bytesOf(
  answer: Shown,
  context: RequestContext,
  accepted: Accepted,
  now: number,
): Buffer {
  if (answer.kind === 'page') return formOf(answer, { accepted, query: context.query, now }).whole()
  if (answer.kind === 'item' && accepted.form === 'object')
    return itemBytes(answer, context, accepted)
  const object = answer.kind === 'item' ? answer.item.object() : answer.object
  if (accepted.form === 'object' || object.kind === 'Status') {
    const json = answer.kind === 'object' ? answer.bytes : undefined
    return accepted.media === PROTOBUF ? protobufOf(object, json) : (json ?? jsonOf(object))
  }
  if (accepted.form === 'table') {
    const { kind, row } = printedFor(context, object)
    return tableJson(kind, [row], { accepted, query: context.query, now })
  }
  if (accepted.form === 'partial-list')
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${goTypeOf({ group: context.info.group, kind: object.kind })})`,
    )
  return partialBytes(object, accepted)
}

function partialBytes(object: AnyObject, { media, meta }: Accepted): Buffer {
  const shape = partialShape(meta)
  const partial = shape.convert(object)
  return media === PROTOBUF ? encodeObject(shape, shape.type(), partial) : jsonOf(partial)
}

/** A stored object: its bytes as they are, or the encoding that is kept beside them. */
function itemBytes(
  { item }: Extract<Answer, { kind: 'item' }>,
  { resource }: RequestContext,
  accepted: Accepted,
): Buffer {
  if (accepted.media !== PROTOBUF) return item.bytes
  const encoding = resource && encodingOf(resource, accepted)
  return encoding === undefined
    ? protobufOf(item.object())
    : envelopeOf(encoding.shape, item.form(encoding.item))
}

/** Any object whose kind is known, and its JSON text where that has been made. */
export function protobufOf(object: AnyObject, json?: Buffer): Buffer {
  const { apiVersion, kind } = object
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const type = typeOf(group, version, kind)
  if (type === undefined) throw notAcceptable(`${apiVersion} ${kind} has no protobuf form`)
  return encodeObject({ apiVersion, kind }, type, json ?? object)
}

export const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/**
 * Whose columns fit the object: of the resource asked for, or of the kind that a subresource answers instead. Columns
 * are those of the stored form.
 */
function printedFor(
  { resource }: RequestContext,
  object: AnyObject,
): { readonly kind: ReturnType<typeof printedAs>; readonly row: AnyObject } {
  if (resource?.kind !== object.kind) {
    const custom = resource && customOf(resource)?.kind.scalePrinter
    const kind = { group: '', plural: '', printer: custom ?? viewPrinter(object.kind) }
    return { kind, row: object }
  }
  const row = isCustom(resource) ? object : toStorage(resource, object)
  return { kind: printedAs(resource), row }
}
