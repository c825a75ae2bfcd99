/**
 * Strategic merge patch: a merge patch that knows from the type which lists merge, and by which key. Pure.
 *
 * Directives inside the patch:
 *   $patch: replace | delete | merge        of the map it stands in, or of one element of a merged list
 *   $deleteFromPrimitiveList/<field>        values to take out of a merged list of scalars
 *   $setElementOrder/<field>                the order the elements named there shall have
 *   $retainKeys                             every other key of this map goes
 *
 * Throws  StatusError(BadRequest) for malformed directives, StatusError(Invalid) for lists that cannot be merged.
 * Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go mergeMap. Differs: fields the type does not know merge
 * as plain JSON, because decoding decides about unknown fields.
 */

import { goText, jsonKindOf } from '#api/go-text.ts'
import { isList, type JsonObject, propertyOf } from '#api/json.ts'
import {
  DELETE_FROM_LIST,
  DIRECTIVE,
  elementOf,
  type Place,
  placeOf,
  RETAIN_KEYS,
  SET_ORDER,
  withoutDirectives,
} from '#api/patch/strategic-directives.ts'
import { type Elements, mergeLists, orderElements } from '#api/patch/strategic-lists.ts'
import type { StructType, Type } from '#api/schema/type.ts'
import { badRequest } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

export function applyStrategicMergePatch(
  type: StructType,
  original: JsonObject,
  patch: unknown,
): JsonObject {
  if (patch === null) return original
  if (!isRecord(patch))
    throw badRequest(
      `json: cannot unmarshal ${jsonKindOf(patch)} into Go value of type map[string]interface {}`,
    )
  return mergeMaps(original, patch, type)
}

function mergeMaps(original: JsonObject, patch: JsonObject, type: Type | undefined): JsonObject {
  const directive = propertyOf(patch, DIRECTIVE)
  if (directive !== undefined) return directed(directive, patch)
  const merged = new Map(Object.entries(retained(original, patch)))
  const pending = new Map(Object.entries(patch))
  pending.delete(RETAIN_KEYS)
  mergeOrderedLists(merged, pending, type)
  for (const [key, value] of pending) {
    if (key.startsWith(DELETE_FROM_LIST)) {
      deleteFromList(merged, key.slice(DELETE_FROM_LIST.length), value)
    } else if (value === null) merged.delete(key)
    else merged.set(key, mergeValue(merged.get(key), value, placeOf(type, key)))
  }
  return Object.fromEntries(merged)
}

function directed(directive: unknown, patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: _directive, ...content } = patch
  if (directive === 'replace') return content
  if (directive === 'delete') return {}
  throw badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`)
}

/** The original without the keys that `$retainKeys` does not name. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const names = propertyOf(patch, RETAIN_KEYS)
  if (names === undefined) return original
  const kept = new Set<unknown>(isList(names) ? names : [])
  const stray = Object.entries(patch).some(
    ([key, value]) =>
      key !== RETAIN_KEYS &&
      value !== null &&
      !key.startsWith(DELETE_FROM_LIST) &&
      !key.startsWith(SET_ORDER) &&
      !kept.has(key),
  )
  if (!isList(names) || stray) throw badRequest('invalid patch format of retainKeys')
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)))
}

function mergeValue(present: unknown, value: unknown, { type, field }: Place): unknown {
  const strategy = field?.patchStrategy ?? []
  if (isRecord(value)) {
    if (!isRecord(present)) return withoutDirectives(value, type)
    return strategy.includes('replace') ? value : mergeMaps(present, value, type)
  }
  if (isList(value) && isList(present) && strategy.includes('merge')) {
    return mergeLists(present, value, elementsOf(type, field?.patchMergeKey))
  }
  return isList(value) ? withoutDirectives(value, type) : value
}

const elementsOf = (type: Type | undefined, mergeKey: string | undefined): Elements => ({
  mergeKey,
  merge: (present, patch) => mergeMaps(present, patch, elementOf(type)),
  plain: item => withoutDirectives(item, elementOf(type)),
})

function deleteFromList(merged: Map<string, unknown>, key: string, values: unknown): void {
  if (!isList(values)) throw badRequest('invalid patch format of primitive list')
  const present = merged.get(key)
  if (isList(present)) {
    merged.set(
      key,
      present.filter(item => !values.includes(item)),
    )
  }
}

/** Handles `$setElementOrder/x` together with `x`, and takes both out of `pending`. */
function mergeOrderedLists(
  merged: Map<string, unknown>,
  pending: Map<string, unknown>,
  type: Type | undefined,
): void {
  for (const [directive, order] of pending) {
    if (!directive.startsWith(SET_ORDER)) continue
    pending.delete(directive)
    const key = directive.slice(SET_ORDER.length)
    const present = merged.get(key)
    const patch = pending.get(key)
    if (patch === null) continue
    if (!isList(order) || !isListOrAbsent(present) || !isListOrAbsent(patch)) {
      throw badRequest('invalid patch format of setElementOrder list')
    }
    const removed = pending.get(`${DELETE_FROM_LIST}${key}`)
    const kept = isList(removed) ? present?.filter(item => !removed.includes(item)) : present
    if (kept === undefined && patch === undefined) continue
    const { type: listType, field } = placeOf(type, key)
    merged.set(
      key,
      orderElements({
        original: kept,
        patch,
        order,
        elements: elementsOf(listType, field?.patchMergeKey),
        merges: field?.patchStrategy?.includes('merge') === true,
      }),
    )
    pending.delete(key)
  }
}

const isListOrAbsent = (value: unknown): value is readonly unknown[] | undefined =>
  value === undefined || isList(value)
