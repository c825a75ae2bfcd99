/**
 * Bytes to objects and back, for every kind. Pure.
 *
 * The way in is `decodeBody` (or `parseJson`, then `decodeObject`), then `applyDefaults`, then `validateStructure`;
 * the way out is `encodeObject`.
 * Throws  StatusError(BadRequest) with upstream's text, e.g.
 *         Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo"
 * Source: k8s.io/apiserver pkg/endpoints/handlers/{create,rest}.go transformDecodeError, summarizeData
 */
import { jsonKindOf } from './go-text.ts'
import { setProperty } from './json.ts'
import type { AnyObject } from './object.ts'
import { ScalarFault } from './schema/canonical.ts'
import { decoderOf, Mismatch } from './schema/decode.ts'
import { typeFault, unknownFields } from './schema/explain.ts'
import { JsonFault, type ParsedJson, readJson } from './schema/json.ts'
import type { StructType } from './schema/type.ts'
import { apiVersionOf, type TypedKind, typeOf } from './scheme.ts'
import { badRequest, StatusError } from './status.ts'
import { isRecord, textOf } from '#api/values.ts'

export { applyDefaults } from './schema/defaults.ts'
export { validateStructure } from './schema/structure.ts'

/** What happens to unknown and duplicate fields: dropped silently, dropped with warnings, refused. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface Decoded<Value = AnyObject> {
  readonly object: Value
  /** `unknown field "spec.foo"`, for the Warning header. */
  readonly warnings: readonly string[]
}

export type { ParsedJson } from './schema/json.ts'

const SUMMARY_BYTES = 30

/** The start of what was sent, as upstream shows it: text when it looks like JSON, else hexadecimal. */
export function summaryOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>'
  const encoding = bytes[0] === '{'.charCodeAt(0) ? 'utf8' : 'hex'
  const more = bytes.length > SUMMARY_BYTES ? ' ...' : ''
  return `${Buffer.from(bytes.subarray(0, SUMMARY_BYTES)).toString(encoding)}${more}`
}

/** Parses a body; `kind` is what it must be, for the message. */
export function parseJson(bytes: Uint8Array, kind: string): ParsedJson {
  const refuse = (fault: string): StatusError =>
    badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${fault} (${summaryOf(bytes)})`,
    )
  try {
    const parsed = readJson(bytes)
    const fault = noObject(parsed.value)
    if (fault !== undefined) throw refuse(fault)
    return parsed
  } catch (error) {
    if (error instanceof JsonFault) throw refuse(error.message)
    throw error
  }
}

/** What upstream reads the kind of a body with. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** Go's fault with a body that is no object; undefined for objects, and for null, which says nothing. */
const noObject = (value: unknown): string | undefined =>
  isRecord(value) || value === null
    ? undefined
    : `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type ${TYPE_META}`

/** Parses the body of a patch, which is not an object of a kind. */
export function parsePatch(bytes: Uint8Array): ParsedJson {
  try {
    return readJson(bytes)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    throw badRequest(`error decoding patch: ${error.message}`)
  }
}

/** `Deployment in version "v1" cannot be handled as a Deployment: why`; the bare reason is its cause. */
function cannotBeHandled(type: StructType, parsed: unknown, why: string) {
  const [version = '', kind = ''] = type.name.split('.').slice(-2)
  const { apiVersion, kind: givenKind } = isRecord(parsed) ? parsed : {}
  const givenVersion = textOf(apiVersion).split('/').at(-1) ?? ''
  const subject = `${textOf(givenKind) || kind} in version "${givenVersion || version}"`
  const text = `${subject} cannot be handled as a ${kind}: ${why}`
  return new StatusError('BadRequest', text, undefined, { cause: why })
}

/**
 * Checks types, drops what the kind does not have, brings values into canonical form.
 * `duplicates` are what reading the text said of fields given twice.
 */
export function decodeObject<Value = AnyObject>(
  type: StructType,
  parsed: unknown,
  mode: FieldValidation,
  duplicates: readonly string[] = [],
): Decoded<Value> {
  const findings = { unknown: false }
  let object: unknown
  try {
    object = decoderOf(type)(parsed, findings)
  } catch (error) {
    if (!(error instanceof Mismatch) && !(error instanceof ScalarFault)) throw error
    throw cannotBeHandled(type, parsed, typeFault(type, parsed) ?? error.message)
  }
  const warnings =
    mode === 'Ignore' || (!findings.unknown && duplicates.length === 0)
      ? []
      : strictFaults(findings.unknown ? unknownFields(type, parsed) : [], duplicates)
  if (mode === 'Strict' && warnings.length > 0) {
    throw cannotBeHandled(type, parsed, `strict decoding error: ${warnings.join(', ')}`)
  }
  // The seam: the decoder has just made it so.
  return { object: object as Value, warnings }
}

/** As many as upstream's decoder collects. */
const UNKNOWN_MAX = 100

/** YAML is read twice, first for its repeated keys; JSON tells of everything at once. */
const strictFaults = (unknown: readonly string[], duplicates: readonly string[]): string[] => [
  ...duplicates.filter(isOfYaml),
  ...unknown.slice(0, UNKNOWN_MAX).map(path => `unknown field ${JSON.stringify(path)}`),
  ...duplicates.filter(fault => !isOfYaml(fault)),
]

const isOfYaml = (fault: string): boolean => fault.startsWith('yaml: ')

/** A request's body as the kind it must be; a body may leave apiVersion and kind out. */
export function decodeBody<Value = AnyObject>(
  expected: TypedKind,
  bytes: Uint8Array,
  mode: FieldValidation,
): Decoded<Value> {
  const { value, duplicates } = parseJson(bytes, expected.kind)
  return decodeAs(expected, value, mode, duplicates)
}

/** As decodeBody, for a value that is parsed already (a patched object). */
export function decodeAs<Value = AnyObject>(
  expected: TypedKind,
  value: unknown,
  mode: FieldValidation,
  duplicates: readonly string[] = [],
): Decoded<Value> {
  if (!isRecord(value)) {
    const fault = noObject(value)
    if (fault === undefined) return decodeAs(expected, {}, mode, duplicates)
    throw badRequest(`couldn't get version/kind; json parse error: ${fault}`)
  }
  checkKind(expected, value)
  const { type, kind } = expected
  if (value['kind'] && value['apiVersion']) return decodeObject(type, value, mode, duplicates)
  const complete = { ...value, kind, apiVersion: apiVersionOf(expected) }
  return decodeObject(type, complete, mode, duplicates)
}

const OPTIONS_GROUP = 'meta.k8s.io'

function checkKind(expected: TypedKind, value: Readonly<Record<string, unknown>>): void {
  const given = textOf(value['apiVersion'])
  const wanted = apiVersionOf(expected)
  // Options are registered in every group: clients send the version of the group they delete from.
  if (given !== '' && given !== wanted && expected.group !== OPTIONS_GROUP) {
    const known = textOf(value['kind']) || expected.kind
    const [version = '', group = ''] = given.split('/').reverse()
    if (typeOf(group, version, known) === undefined)
      throw cannotBeHandled(expected.type, value, unregistered(known, given))
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${wanted})`,
    )
  }
  const kind = textOf(value['kind'])
  if (kind === '' || kind === expected.kind) return
  const { group, version, type } = expected
  const why =
    typeOf(group, version, kind) === undefined
      ? unregistered(kind, wanted)
      : `converting (${version}.${kind}) to (${group.split('.', 1)[0] || 'core'}.${expected.kind}): unknown conversion`
  throw cannotBeHandled(type, value, why)
}

const unregistered = (kind: string, apiVersion: string): string =>
  `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`

/** JSON text with the kind's own fields first and in upstream's order. */
export function encodeObject(type: StructType, object: object): string {
  const fields = new Map<string, unknown>(Object.entries(object))
  const ordered: Record<string, unknown> = {}
  for (const name of type.fields.keys()) {
    const value = fields.get(name)
    if (value !== undefined) ordered[name] = value
  }
  if (type.others !== undefined) {
    for (const [name, value] of fields)
      if (!type.fields.has(name)) setProperty(ordered, name, value)
  }
  return JSON.stringify(ordered)
}
