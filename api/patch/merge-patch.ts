/**
 * JSON Merge Patch (RFC 7396): null removes, objects merge, everything else replaces. Pure; the input is not touched.
 *
 * Throws  StatusError(BadRequest) when the patch of a whole object is no object.
 * Source: RFC 7396; k8s.io/apiserver pkg/endpoints/handlers/patch.go applyJSPatch
 */

import { jsonKindOf } from '#api/go-text.ts'
import { type JsonObject, propertyOf } from '#api/json.ts'
import { badRequest } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

export function applyMergePatch(document: JsonObject, patch: unknown): JsonObject {
  if (patch === null) throw badRequest('Invalid JSON Patch')
  if (!isRecord(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKindOf(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return merge(document, patch)
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else if (isRecord(value)) {
      const present = propertyOf(target, key)
      merged.set(key, merge(isRecord(present) ? present : {}, value))
    } else merged.set(key, value)
  }
  // Faults are told in the order that upstream leaves: names in order, wherever the patch was.
  return Object.fromEntries([...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
