/**
 * An applied configuration with its scalars as they are stored, so that `cpu: 0.5` is no change of `500m`. Pure.
 *
 * Values that have no canonical form stay as they are: decoding refuses them later, with their path.
 * Differs: upstream compares the text, and reports conflicts between equal quantities.
 */

import { isList, type JsonObject, setProperty } from '#api/json.ts'
import { canonicalBase64, canonicalQuantityOf, canonicalTime } from '#api/schema/canonical.ts'
import { memberType, type Scalar, type Type } from '#api/schema/type.ts'
import { isRecord } from '#api/values.ts'

const CANONICAL: Partial<Record<Scalar, (value: string) => string>> = {
  quantity: canonicalQuantityOf,
  time: canonicalTime,
  bytes: canonicalBase64,
}

/** The same value where nothing changes. */
export function canonicalValue(type: Type, value: unknown): unknown {
  if (type.kind === 'scalar') return canonicalScalar(type.scalar, value)
  if (type.kind === 'list') {
    if (!isList(value)) return value
    let items: unknown[] | undefined
    for (const [index, item] of value.entries()) {
      const canonical = canonicalValue(type.items, item)
      if (canonical === item) continue
      items ??= [...value]
      items[index] = canonical
    }
    return items ?? value
  }
  return isRecord(value) ? canonicalMembers(type, value) : value
}

function canonicalMembers(
  type: Exclude<Type, { kind: 'scalar' | 'list' }>,
  value: JsonObject,
): JsonObject {
  let members: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const inner = memberType(type, key)
    if (inner === undefined) continue
    const member = canonicalValue(inner, value[key])
    if (member === value[key]) continue
    members ??= { ...value }
    setProperty(members, key, member)
  }
  return members ?? value
}

function canonicalScalar(scalar: Scalar, value: unknown): unknown {
  const canonical = CANONICAL[scalar]
  const text = scalar === 'quantity' && typeof value === 'number' ? String(value) : value
  if (canonical === undefined || typeof text !== 'string') return value
  try {
    return canonical(text)
  } catch {
    return value
  }
}
