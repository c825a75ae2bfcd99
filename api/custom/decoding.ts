/**
 * Parsed bodies into objects of a custom kind. Pure.
 *
 * Throws  StatusError(BadRequest) with upstream's text, e.g.
 *         CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.foo"
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go unstructuredSchemaCoercer,
 * k8s.io/apiserver pkg/endpoints/handlers/create.go. Differs: what is quoted of a body without a kind is the body as
 * it was understood.
 */
import { type Decoded, type FieldValidation, summaryOf } from '#api/codec.ts'
import { jsonKindOf } from '#api/go-text.ts'
import type { AnyObject } from '#api/object.ts'
import type { Findings } from '#api/schema/decode.ts'
import { badRequest, StatusError } from '#api/status.ts'
import { type Fields, isRecord, recordOf, textOf } from '#api/values.ts'
import { MetadataFault, metadataOf, readValue, unknownPaths } from './reading.ts'
import { OPEN, type Structure } from './structure.ts'

export interface DecodeOptions {
  readonly validation: FieldValidation
  /** What reading the text said of fields given twice. */
  readonly duplicates: readonly string[]
}

export interface Decoding {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly structure: Structure
}

export function decodeCustom(
  kind: Decoding,
  value: unknown,
  { validation, duplicates }: DecodeOptions,
): Decoded {
  const object = objectOf(kind, value)
  const wanted = `${kind.group}/${kind.version}`
  const given = textOf(object['apiVersion'])
  if (given !== wanted) {
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${wanted})`,
    )
  }
  // Another kind is refused by its validation, and nothing is known of its fields.
  const known = object['kind'] === kind.kind ? kind.structure : OPEN
  const findings = { unknown: false }
  const decoded = shaped(kind, object, { structure: known, findings })
  if (validation === 'Ignore') return { object: decoded, warnings: [] }
  const unknown = findings.unknown ? unknownPaths(object, known).slice(0, UNKNOWN_MAX) : []
  const told = unknown.map(path => `unknown field ${JSON.stringify(path)}`)
  const warnings = [...duplicates, ...told]
  if (validation === 'Strict' && warnings.length > 0) {
    throw cannotBeHandled(kind, `strict decoding error: ${warnings.join(', ')}`)
  }
  return { object: decoded, warnings }
}

/** As many as are told of built-in kinds. */
const UNKNOWN_MAX = 100

/** The bare reason is the cause. */
function cannotBeHandled(
  { kind, version }: Decoding,
  why: string,
  given: string = kind,
): StatusError {
  const text = `${given} in version "${version}" cannot be handled as a ${kind}: ${why}`
  return new StatusError('BadRequest', text, undefined, { cause: why })
}

/** Bodies that are no objects did not get so far. */
function objectOf({ kind }: Decoding, value: unknown): Fields {
  const refuse = (why: string): StatusError => {
    const summary = summaryOf(Buffer.from(JSON.stringify(value)))
    return badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`,
    )
  }
  const object = recordOf(value)
  for (const name of ['apiVersion', 'kind'] as const) {
    const part = object[name] ?? ''
    if (typeof part === 'string') continue
    throw refuse(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKindOf(part)} into Go struct field .${name} of type string`,
    )
  }
  if (textOf(object['kind']) !== '') return object
  throw refuse(`Object 'Kind' is missing in '${JSON.stringify(value)}'`)
}

interface Shaping {
  readonly structure: Structure
  readonly findings: Findings
}

/** With decoded metadata, and without what the structure does not have. */
function shaped(kind: Decoding, object: Fields, { structure, findings }: Shaping): AnyObject {
  try {
    const { metadata, apiVersion, kind: given, ...rest } = object
    const decoded = metadataOf(metadata, '', findings)
    const members = readValue(rest, structure, findings)
    // The seam: kind and metadata have just been checked.
    return {
      apiVersion,
      kind: given,
      metadata: decoded,
      ...(isRecord(members) ? members : {}),
    } as AnyObject
  } catch (error) {
    if (error instanceof MetadataFault)
      throw cannotBeHandled(kind, error.message, textOf(object['kind']))
    throw error
  }
}

/** An object of any version in the form of this one; an embedded object that cannot be read stays as it is. */
export function convertedTo(kind: Decoding, object: AnyObject): AnyObject {
  const { apiVersion: given, kind: _kind, metadata, ...rest } = object
  const apiVersion = `${kind.group}/${kind.version}`
  const members = readLeniently(rest, kind.structure)
  if (members === rest && given === apiVersion) return object
  return { ...recordOf(members), apiVersion, kind: kind.kind, metadata }
}

function readLeniently(members: Fields, structure: Structure): unknown {
  try {
    return readValue(members, structure, { unknown: false })
  } catch (error) {
    if (error instanceof MetadataFault) return members
    throw error
  }
}
