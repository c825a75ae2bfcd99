/**
 * Fills in defaults: the constant ones that the schema states, and the conditional ones of defaulting.ts. Pure.
 *
 * Output  the same object when nothing was missing, else a new one that shares what did not change.
 * Law     applying twice changes nothing.
 * A struct's own rule runs before the defaults of its fields, as upstream's generated defaulters do.
 */
import type { Json } from '#api/object.ts'
import { RULES } from './defaulting.ts'
import type { Field, StructType, Type } from './type.ts'
import { absentValue, isEmptyValue } from './zero.ts'
import { isRecord } from '#api/values.ts'

type Defaulter = (value: unknown) => unknown

const defaulters = new WeakMap<StructType, Defaulter | null>()

/** null: nothing below this type has a default. */
function defaulterOf(type: Type): Defaulter | null {
  if (type.kind === 'scalar') return null
  if (type.kind === 'list') return listDefaulter(defaulterOf(type.items))
  if (type.kind === 'map') return mapDefaulter(defaulterOf(type.values))
  const known = defaulters.get(type)
  if (known !== undefined) return known
  // A struct below itself finds this while its own is being made.
  const made: { current: Defaulter | null } = { current: null }
  defaulters.set(type, value => (made.current === null ? value : made.current(value)))
  made.current = structDefaulter(type)
  defaulters.set(type, made.current)
  return made.current
}

function listDefaulter(ofItem: Defaulter | null): Defaulter | null {
  if (ofItem === null) return null
  return value => {
    if (!Array.isArray(value)) return value
    const filled = value.map((item: unknown) => ofItem(item))
    return filled.some((item, index) => item !== value[index]) ? filled : value
  }
}

function mapDefaulter(ofValue: Defaulter | null): Defaulter | null {
  if (ofValue === null) return null
  return value => {
    if (!isRecord(value)) return value
    const filled = Object.entries(value).map(([key, item]) => [key, ofValue(item)] as const)
    return filled.some(([key, item]) => item !== value[key]) ? Object.fromEntries(filled) : value
  }
}

interface Step {
  readonly name: string
  readonly pointer: boolean
  readonly constant: Json | undefined
  readonly absent: unknown
  readonly below: Defaulter | null
}

const stepOf = (field: Field): Step => ({
  name: field.name,
  pointer: field.pointer,
  // Upstream states some zero values as defaults (`name: ""`); where they vanish, they say nothing.
  constant:
    field.omitEmpty && !field.pointer && isEmptyValue(field.default) ? undefined : field.default,
  absent: absentValue(field),
  below: defaulterOf(field.type),
})

function structDefaulter(type: StructType): Defaulter | null {
  const rule = RULES[type.name]
  const steps = [...type.fields.values()]
    .map(stepOf)
    .filter(step => step.constant !== undefined || step.below !== null)
  if (rule === undefined && steps.length === 0) return null
  return value => {
    if (!isRecord(value)) return value
    const ruled = rule === undefined ? value : rule(value)
    let filled: Record<string, unknown> | undefined
    for (const step of steps) {
      const given = ruled[step.name]
      const result = fill(step, given)
      if (result === given) continue
      filled ??= { ...ruled }
      filled[step.name] = result
    }
    return filled ?? ruled
  }
}

function fill({ constant, pointer, absent, below }: Step, given: unknown): unknown {
  const isUnset = given === undefined || (!pointer && isEmptyValue(given))
  const started = constant !== undefined && isUnset ? constant : given
  if (below === null) return started
  if (started !== undefined) return below(started)
  // A struct that is no pointer is there even when nobody wrote it.
  const filled = absent === undefined ? undefined : below(absent)
  return filled === absent ? given : filled
}

/** The object with its defaults; anything that is no object comes back as it is. */
export function applyDefaults<Value>(type: StructType, object: Value): Value {
  const fillIn = defaulterOf(type)
  // The seam: defaulting adds fields that the type already allows, so the type stays.
  return fillIn === null ? object : (fillIn(object) as Value)
}
