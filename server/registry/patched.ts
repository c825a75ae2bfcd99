/**
 * What a patch (JSON patch, merge patch, strategic merge patch) makes of an object, decoded and defaulted as the kind it
 * is, and how a patch is refused: always as a fault of `patch`, whatever the object's own faults are called.
 *
 * Throws  StatusError: Invalid when the outcome is no such object or strict decoding finds something; what the patches
 *         themselves throw.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go jsonPatcher, smpPatcher, applyPatchToObject
 */

import type { Decoded } from '#api/codec.ts'
import { isCustom } from '#api/custom/custom-resource.ts'
import { goText } from '#api/go-text.ts'
import { canonicalJson, isList, type JsonObject } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { applyJsonPatch } from '#api/patch/json-patch.ts'
import { applyMergePatch } from '#api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#api/patch/strategic-merge-patch.ts'
import { apiVersionOf } from '#api/scheme.ts'
import { invalid, StatusError } from '#api/status.ts'
import { isRecord } from '#api/values.ts'
import type { Body, Call } from './call.ts'
import { bodyKind, completed, decodeKind } from './decoding.ts'
import type { WriteOptions } from './options.ts'

const JSON_PATCH = 'application/json-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'

type PatchFunction = (call: Call, document: AnyObject, patch: unknown) => unknown

const PATCHES: Readonly<Record<string, PatchFunction>> = {
  [JSON_PATCH]: (_call, document, patch) => applyJsonPatch(document, patch),
  'application/merge-patch+json': (_call, document, patch) => applyMergePatch(document, patch),
  [STRATEGIC_PATCH]: (call, document, patch) =>
    asKind(call, applyStrategicMergePatch(bodyKind(call).type, document, patch)),
}

/** Strategic patches are merged into the kind's own type, whatever they call it. */
function asKind(call: Call, patched: JsonObject): JsonObject {
  const kind = bodyKind(call)
  const isNamed = ['apiVersion', 'kind'].every(name => typeof patched[name] === 'string')
  return isNamed ? { ...patched, apiVersion: apiVersionOf(kind), kind: kind.kind } : patched
}

const PLAIN_TYPES: readonly string[] = Object.keys(PATCHES)

/** Merging as the fields' owners say needs Go types: what a definition says of lists is for applies alone. */
const PLAIN_TYPES_OF_CUSTOM = PLAIN_TYPES.filter(type => type !== STRATEGIC_PATCH)

export const plainPatchTypes = ({ resource }: Pick<Call, 'resource'>): readonly string[] =>
  isCustom(resource) ? PLAIN_TYPES_OF_CUSTOM : PLAIN_TYPES

/** `document` after the patch. */
export function patchedObject(
  call: Call,
  options: WriteOptions,
  on: { readonly document: AnyObject; readonly sent: Body },
): AnyObject {
  const { sent, document } = on
  const patched = PATCHES[call.contentType]?.(call, document, sent.value)
  const strict = options.fieldValidation === 'Ignore' ? [] : faultsOfPatch(call, sent)
  const isStrategic = call.contentType === STRATEGIC_PATCH
  // What has no type is told with its fields in order.
  const jsonOf = isCustom(call.resource) ? canonicalJson : JSON.stringify
  const shown = (): string => (isStrategic ? goText(sent.value) : jsonOf(patched))
  const refuse = (why: string): StatusError =>
    invalid({ group: '', kind: '', name: '' }, [
      {
        type: 'FieldValueInvalid',
        field: 'patch',
        message: `Invalid value: ${JSON.stringify(shown())}: ${why}`,
      },
    ])
  const decoded = decode()
  const warnings =
    options.fieldValidation === 'Ignore'
      ? []
      : [...strict, ...(isStrategic ? decoded.warnings.toSorted() : decoded.warnings)]
  if (warnings.length > 0 && options.fieldValidation === 'Strict')
    throw refuse(`strict decoding error: ${warnings.join(', ')}`)
  for (const text of warnings) call.warn(text)
  return completed(call, decoded.object)

  function decode(): Decoded {
    try {
      return decodeKind(call, patched, { validation: 'Warn', duplicates: [] })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const why = typeof error.cause === 'string' ? error.cause : error.message
      throw refuse(isStrategic ? conversionFault(why) : why)
    }
  }
}

const OPERATION_FIELDS = new Set(['op', 'path', 'from', 'value'])

/** What strict decoding finds in the patch itself: its outcome shows nothing of that. */
function faultsOfPatch(call: Call, { value, duplicates: repeated }: Body): readonly string[] {
  if (call.contentType !== JSON_PATCH || !isList(value)) return repeated
  const unknown = value.flatMap((operation, index) =>
    Object.keys(isRecord(operation) ? operation : {})
      .filter(name => !OPERATION_FIELDS.has(name))
      .map(name => `unknown field ${JSON.stringify(`[${index}].${name}`)}`),
  )
  return [...unknown, ...repeated].map(fault => `json patch ${fault}`)
}

const MISMATCH =
  /^json: cannot unmarshal (\w+)(?: \d*(\.\d+)?)? into Go struct field \S+ of type (\S+)$/
const GIVEN: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'int64',
  bool: 'bool',
  object: 'map[string]interface {}',
  array: '[]interface {}',
}

/** Strategic patches and applies are turned into objects without JSON: mismatches are told in other words. */
export function conversionFault(text: string): string {
  if (text.startsWith('illegal base64')) return `error decoding from json: ${text}`
  const [, given = '', fraction, wanted = ''] = MISMATCH.exec(text) ?? []
  if (wanted === '') return text
  if (fraction !== undefined) return `cannot convert float64 to ${wanted}`
  if (wanted.startsWith('[]')) return `cannot restore slice from ${kindOf(given)}`
  if (wanted.startsWith('map[')) return `cannot restore map from ${kindOf(given)}`
  if (wanted.includes('.')) return `cannot restore struct from: ${kindOf(given)}`
  const isConvertible = given === 'number' && wanted === 'string'
  return isConvertible
    ? `cannot convert ${GIVEN[given] ?? given} to ${wanted}`
    : `unrecognized type: ${wanted}`
}

const KINDS: Readonly<Record<string, string>> = { object: 'map', array: 'slice', number: 'int64' }
const kindOf = (given: string): string => KINDS[given] ?? given
