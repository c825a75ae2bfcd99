/**
 * The directives of a strategic merge patch: their names, what a key stands for, and a patch without them. Pure.
 * Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go
 */

import { isList, propertyOf } from '#api/json.ts'
import type { Field, Type } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

export const DIRECTIVE = '$patch'
export const RETAIN_KEYS = '$retainKeys'
export const DELETE_FROM_LIST = '$deleteFromPrimitiveList/'
export const SET_ORDER = '$setElementOrder/'

/** What a key of a map is known as: the field of a struct, or the values of a map. */
export interface Place {
  readonly type: Type | undefined
  readonly field: Field | undefined
}

export function placeOf(type: Type | undefined, key: string): Place {
  if (type?.kind === 'struct') {
    const field = type.fields.get(key)
    return { type: field?.type, field }
  }
  return { type: type?.kind === 'map' ? type.values : undefined, field: undefined }
}

export const elementOf = (type: Type | undefined): Type | undefined =>
  type?.kind === 'list' ? type.items : undefined

/** What is left of a patch where the original had nothing to merge with: no directives, no nulls. */
export function withoutDirectives(value: unknown, type: Type | undefined): unknown {
  if (isList(value)) {
    return value
      .filter(item => !isElementDirective(item))
      .map(item => withoutDirectives(item, elementOf(type)))
  }
  if (!isRecord(value) || isRaw(type)) return value
  if (propertyOf(value, DIRECTIVE) === 'delete') return {}
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => member !== null && !isDirectiveKey(key))
      .map(([key, member]) => [key, withoutDirectives(member, placeOf(type, key).type)]),
  )
}

/** `{$patch: delete, name: x}` and `{$patch: replace}` are no elements themselves. */
export const isElementDirective = (item: unknown): boolean => {
  if (!isRecord(item)) return false
  const directive = propertyOf(item, DIRECTIVE)
  return directive === 'delete' || (directive === 'replace' && Object.keys(item).length === 1)
}

const isDirectiveKey = (key: string): boolean =>
  key === DIRECTIVE ||
  key === RETAIN_KEYS ||
  key.startsWith(DELETE_FROM_LIST) ||
  key.startsWith(SET_ORDER)

/** Free-form JSON may hold keys that look like directives. */
const isRaw = (type: Type | undefined): boolean => type?.kind === 'scalar' && type.scalar === 'raw'
