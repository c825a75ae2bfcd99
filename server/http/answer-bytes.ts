/**
 * One answer as the body the client asked for: an object, its Table row or its metadata, as JSON or protobuf. Pure.
 *
 * Throws  StatusError(NotAcceptable) for a form that this answer does not have
 * Source: k8s.io/apiserver pkg/endpoints/handlers/response.go
 */
import { toStorage } from '#api/conversion/convert.ts'
import type { AnyObject } from '#api/object.ts'
import { encodeObject, envelopeOf } from '#api/protobuf/envelope.ts'
import { type Resource, resourceOf, typeOf } from '#api/scheme.ts'
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
  if (accepted.form === 'object' || object.kind === 'Status')
    return accepted.media === PROTOBUF
      ? protobufOf(object)
      : ((answer.kind === 'object' ? answer.bytes : undefined) ?? jsonOf(object))
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
  { info }: RequestContext,
  accepted: Accepted,
): Buffer {
  if (accepted.media !== PROTOBUF) return item.bytes
  const resource = resourceOf(info.group, info.version, info.resource)
  const encoding = resource && encodingOf(resource, accepted)
  return encoding === undefined
    ? protobufOf(item.object())
    : envelopeOf(encoding.shape, item.form(encoding.item))
}

/** Any object whose kind is known. */
export function protobufOf(object: AnyObject): Buffer {
  const { apiVersion, kind } = object
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const type = typeOf(group, version, kind)
  if (type === undefined) throw notAcceptable(`${apiVersion} ${kind} has no protobuf form`)
  return encodeObject({ apiVersion, kind }, type, object)
}

export const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/**
 * Whose columns fit the object: the resource asked for, or nobody's when a subresource answers another kind. Columns
 * are those of the stored form.
 */
function printedFor(
  context: RequestContext,
  object: AnyObject,
): { readonly kind: Pick<Resource, 'group' | 'plural'>; readonly row: AnyObject } {
  const { group, version, resource } = context.info
  const found = resourceOf(group, version, resource)
  return found?.kind === object.kind
    ? { kind: printedAs(found), row: toStorage(found, object) }
    : { kind: { group: '', plural: '' }, row: object }
}
