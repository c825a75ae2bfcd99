/**
 * From what a client sent to a complete object of the requested kind, and its faults.
 *
 * Throws  StatusError(BadRequest) for what is not such an object; warnings go to the call.
 */
import {
  type Decoded,
  type FieldValidation,
  applyDefaults,
  decodeAs,
  parseJson,
  validateStructure,
} from '#api/codec.ts'
import { isWaived } from '#api/conversion/convert.ts'
import { type Custom, customOf, isCustom } from '#api/custom/custom-resource.ts'
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
import { warningsOf } from '#api/validation/warnings.ts'
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
  const decoded = decodeKind(call, body, decoding)
  for (const warning of decoded.warnings) call.warn(warning)
  return completed(call, decoded.object)
}

/** A value as the kind that bodies of this request have: a schema of ours, or the one of a definition. */
export function decodeKind(call: Call, value: unknown, decoding: Decoding): Decoded {
  const kind = bodyKind(call)
  const custom = customOf(call.resource)
  return custom !== undefined && kind.type === custom.kind.type
    ? custom.kind.decode(value, decoding)
    : decodeAs(kind, value, decoding.validation, decoding.duplicates)
}

/** A decoded object with its defaults. Objects may come without metadata; everything behind relies on it. */
export function completed(call: Call, decoded: AnyObject): AnyObject {
  const { metadata } = decoded
  const object: AnyObject = metadata === undefined ? { ...decoded, metadata: {} } : decoded
  const { type } = bodyKind(call)
  const custom = customOf(call.resource)
  return custom !== undefined && type === custom.kind.type
    ? custom.kind.defaulted(object)
    : applyDefaults(type, object)
}

export function validateNew(target: Target, object: AnyObject): readonly FieldError[] {
  const custom = customOf(target.resource)
  if (custom !== undefined) return custom.kind.faults(inVersionOf(custom, object))
  const ruled = validateCreate(target.stored, object, target.judgedAs)
  return allFaults(validateStructure(target.stored.type(), object), unwaived(target, ruled))
}

/** A change through a subresource is judged by its metadata, and by what the subresource itself demands. */
export function validateChange(target: Target, change: Change): readonly FieldError[] {
  const { stored, resource } = target
  const { object, subresource } = change
  const custom = customOf(resource)
  if (custom !== undefined) return changeFaults(custom, change)
  const ruled =
    subresource === ''
      ? validateUpdate(stored, change, target.judgedAs)
      : validateSubresourceUpdate(stored, change)
  return allFaults(validateStructure(stored.type(), object), unwaived(target, ruled))
}

function changeFaults(custom: Custom, { object, old, subresource }: Change): readonly FieldError[] {
  const { kind } = custom
  const [next, before] = [inVersionOf(custom, object), inVersionOf(custom, old)]
  return subresource === 'status' ? kind.statusFaults(next, before) : kind.faults(next, before)
}

/** Each version of a custom resource has a schema of its own, and judges what came in through it. */
const inVersionOf = ({ kind }: Custom, stored: AnyObject): AnyObject =>
  stored.apiVersion === `${kind.group}/${kind.version}` ? stored : kind.converted(stored)

export interface Change {
  readonly object: AnyObject
  readonly old: AnyObject
  readonly subresource: string
}

/** What the writer should know of a valid object. */
export function warningsFor(
  { resource, stored }: Target,
  change: Omit<Change, 'old'> & { readonly old: AnyObject | undefined },
): readonly string[] {
  const { object, old, subresource } = change
  const custom = customOf(resource)
  if (custom === undefined) return warningsOf(stored, object, old, subresource)
  return subresource === '' ? custom.kind.warnings(object, old) : []
}

const unwaived = ({ judgedAs }: Target, faults: readonly FieldError[]): readonly FieldError[] =>
  faults.filter(fault => !isWaived(judgedAs, fault))

/** Where the kind's own rules blame a field or what it stands in, they have upstream's words for it. */
function allFaults(
  ofSchema: readonly FieldError[],
  ofRules: readonly FieldError[],
): readonly FieldError[] {
  if (ofSchema.length === 0) return ofRules
  const ruled = new Set(ofRules.map(({ field }) => field))
  const isLeft = (field: string): boolean =>
    !ruled.has(field) && !ruled.has(field.replace(LAST_PART, ''))
  return [...ofSchema.filter(({ field }) => isLeft(field)), ...ofRules]
}

/** `.name` or `[0]`. */
const LAST_PART = /(\.[^.[\]]+|\[[^\]]*\])$/

/** Faults of a body that is no stored object: Scale, Binding, TokenRequest. */
export function requireValidBody(call: Call, body: AnyObject): void {
  // Of a custom resource the faults are those that its own schema finds.
  if (isCustom(call.resource)) return
  const faults = validateBody(body)
  if (faults.length === 0) return
  const { group, kind } = bodyKind(call)
  // Upstream does not know any more what was reviewed, nor whose token it was.
  const told = group === 'authorization.k8s.io' ? '' : kind
  const name = group === 'authentication.k8s.io' ? '' : call.name
  throw invalid({ group, kind: told, name }, faults)
}
