/**
 * From what a client sent to a complete object of the requested kind, and its faults.
 *
 * Throws  StatusError(BadRequest) for what is not such an object; warnings go to the call.
 */
import {
  type FieldValidation,
  applyDefaults,
  decodeAs,
  parseJson,
  validateStructure,
} from '#api/codec.ts'
import { isWaived } from '#api/conversion/convert.ts'
import type { AnyObject } from '#api/object.ts'
import {
  type Subresource,
  type TypedKind,
  apiVersionOf,
  subresourceKind,
  typeOf,
} from '#api/scheme.ts'
import { type FieldError, invalid } from '#api/status.ts'
import {
  validateBody,
  validateCreate,
  validateSubresourceUpdate,
  validateUpdate,
} from '#api/validation/validation.ts'
import type { Call } from './call.ts'
import type { Target } from './target.ts'
import { isRecord } from '#api/values.ts'

const DELETE_OPTIONS = (): TypedKind => {
  const at = { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' }
  const type = typeOf(at.group, at.version, at.kind)
  if (type === undefined) throw new Error('the schema of DeleteOptions is missing')
  return { ...at, type }
}

const isSubresource = (name: string): name is Subresource => name !== ''

/** The kind that bodies of this request have. */
export function bodyKind(call: Pick<Call, 'resource' | 'subresource' | 'verb'>): TypedKind {
  const { resource, subresource, verb } = call
  if (verb === 'delete' || verb === 'deletecollection') return DELETE_OPTIONS()
  if (isSubresource(subresource)) return subresourceKind(resource, subresource)
  return {
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    type: resource.type(),
  }
}

/** The body, decoded and defaulted. */
export async function decodeBody(call: Call, validation: FieldValidation): Promise<AnyObject> {
  // Nothing is refused as any other text that is no JSON.
  const body = (await call.body()) ?? parseJson(Buffer.alloc(0), bodyKind(call).kind)
  return decodeValue(call, body.value, { validation, duplicates: body.duplicates })
}

/** The options body of a delete; undefined when nothing was sent. Unknown fields are dropped, as upstream. */
export async function decodeDeleteOptions(call: Call): Promise<AnyObject | undefined> {
  const body = await call.body()
  return body && decodeAs(DELETE_OPTIONS(), body.value, 'Ignore').object
}

export interface Decoding {
  readonly validation: FieldValidation
  readonly duplicates: readonly string[]
}

/** A body in an old version that is still taken, under the current one. */
const renewed = ({ accepts, ...kind }: TypedKind, value: unknown): unknown =>
  accepts !== undefined && isRecord(value) && accepts.includes(String(value['apiVersion']))
    ? { ...value, apiVersion: apiVersionOf(kind) }
    : value

/** A parsed value (a body, or what a patch made of the stored object), decoded and defaulted. */
export function decodeValue(call: Call, value: unknown, decoding: Decoding): AnyObject {
  const kind = bodyKind(call)
  const body = renewed(kind, value)
  const decoded = decodeAs(kind, body, decoding.validation, decoding.duplicates)
  for (const warning of decoded.warnings) call.warn(warning)
  return completed(call, decoded.object)
}

/** A decoded object with its defaults. Objects may come without metadata; everything behind relies on it. */
export function completed(call: Call, decoded: AnyObject): AnyObject {
  const { metadata } = decoded
  const object: AnyObject = metadata === undefined ? { ...decoded, metadata: {} } : decoded
  return applyDefaults(bodyKind(call).type, object)
}

export const validateNew = (target: Target, object: AnyObject): readonly FieldError[] =>
  allFaults(
    validateStructure(target.stored.type(), object),
    unwaived(target, validateCreate(target.stored, object, target.judgedAs)),
  )

/** A change through a subresource is judged by its metadata, and by what the subresource itself demands. */
export const validateChange = (
  target: Target,
  change: { readonly object: AnyObject; readonly old: AnyObject; readonly subresource: string },
): readonly FieldError[] =>
  allFaults(
    validateStructure(target.stored.type(), change.object),
    unwaived(
      target,
      change.subresource === ''
        ? validateUpdate(target.stored, change.object, change.old)
        : validateSubresourceUpdate(target.stored, change),
    ),
  )

const unwaived = ({ judgedAs }: Target, faults: readonly FieldError[]): readonly FieldError[] =>
  faults.filter(fault => !isWaived(judgedAs, fault))

/** Where the schema and the kind's own rules see the same fault, the rule has upstream's words for it. */
function allFaults(
  ofSchema: readonly FieldError[],
  ofRules: readonly FieldError[],
): readonly FieldError[] {
  if (ofSchema.length === 0) return ofRules
  const ruled = new Set(ofRules.map(({ field, type }) => `${field} ${type}`))
  return [...ofSchema.filter(({ field, type }) => !ruled.has(`${field} ${type}`)), ...ofRules]
}

/** Faults of a body that is no stored object: Scale, Binding, TokenRequest. */
export function requireValidBody(call: Call, body: AnyObject): void {
  const faults = validateBody(body)
  const { group, kind } = bodyKind(call)
  if (faults.length > 0) throw invalid({ group, kind, name: call.name }, faults)
}
