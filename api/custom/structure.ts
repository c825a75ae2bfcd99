/**
 * The structural schema of one version of a custom kind, resolved for the walks over its objects: which members are
 * known, kept, embedded, nullable or defaulted. Pure; made once for a version.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/{structural,convert}.go
 */
import type { Json } from '#api/object.ts'
import { namedAt, type Schema, schemaAt } from '#api/validation/structural-schemas.ts'
import { type Fields, isRecord } from '#api/values.ts'

export interface Structure {
  readonly schema: Schema
  readonly properties: ReadonlyMap<string, Structure>
  /** Of members that no property names; undefined where there are none. */
  readonly additional: Structure | undefined
  readonly items: Structure | undefined
  /** Unknown members are kept. */
  readonly isOpen: boolean
  /** A whole object with metadata of its own. */
  readonly isEmbedded: boolean
  /** null is a value; where it is none and nothing is the default, it is dropped. */
  readonly isNullable: boolean
  /** null for none: upstream knows no default of null either. */
  readonly fallback: Json
  /** What is at or below this structure, so that walks can leave the rest alone. */
  readonly has: Readonly<Record<'defaults' | 'embedded' | 'lists', boolean>>
}

const NONE = new Map<string, Structure>()

/** What nothing is said about: of objects no member is known. */
export const UNKNOWN: Structure = {
  schema: {},
  properties: NONE,
  additional: undefined,
  items: undefined,
  isOpen: false,
  isEmbedded: false,
  isNullable: true,
  fallback: null,
  has: { defaults: false, embedded: false, lists: false },
}

/** What nothing is said about and all of which is kept. */
export const OPEN: Structure = { ...UNKNOWN, isOpen: true }

/** A JSON value, as defaults are: what the definition was decoded from. */
const isJson = (value: unknown): value is Json => value !== undefined

export function structureOf(schema: Schema): Structure {
  const properties = new Map(
    namedAt(schema, 'properties').map(([name, property]) => [name, structureOf(property)] as const),
  )
  const more = schema['additionalProperties']
  const additional = isRecord(more) ? structureOf(more) : more === true ? UNKNOWN : undefined
  const itemSchema = schemaAt(schema, 'items')
  const items = itemSchema && structureOf(itemSchema)
  const fallback = schema['default']
  const below = [...properties.values(), additional, items].filter(inner => inner !== undefined)
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const isSetOrMap = ['set', 'map'].includes(String(schema['x-kubernetes-list-type']))
  return {
    schema,
    properties,
    additional,
    items,
    isOpen: schema['x-kubernetes-preserve-unknown-fields'] === true,
    isEmbedded,
    isNullable: schema['nullable'] === true,
    fallback: isJson(fallback) ? fallback : null,
    has: {
      defaults: below.some(inner => inner.fallback !== null || inner.has.defaults),
      embedded: isEmbedded || below.some(inner => inner.has.embedded),
      lists: isSetOrMap || below.some(inner => inner.has.lists),
    },
  }
}

/** The structure of a member; undefined for one that nothing is said about. */
export const memberOf = (structure: Structure, key: string): Structure | undefined =>
  structure.properties.get(key) ?? structure.additional

/** A value and what is said about it. */
export interface Placed {
  readonly structure: Structure
  readonly value: unknown
}

/** The members of an object that something is said about, each with its place; `field` is the object's, '' at the top. */
export const membersOf = (
  structure: Structure,
  field: string,
  object: Fields,
): readonly (readonly [place: string, member: Placed])[] =>
  Object.keys(object).flatMap(key => {
    const inner = memberOf(structure, key)
    if (inner === undefined) return []
    const step = structure.properties.has(key) ? `.${key}` : `[${key}]`
    return [[field === '' ? key : `${field}${step}`, { structure: inner, value: object[key] }]]
  })
