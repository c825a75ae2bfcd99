/**
 * A parsed value as its structure has it: unknown members dropped, nulls dropped that are no values, the metadata of
 * embedded objects decoded. Pure; what stays the same is shared.
 *
 * Throws  MetadataFault when an embedded object's own fields cannot be decoded.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/{pruning/algorithm,defaulting/prunenulls,
 * objectmeta/coerce}.go
 */
import { canonicalJson, setProperty } from '#api/json.ts'
import { struct } from '#api/schema/catalog.ts'
import { ScalarFault } from '#api/schema/canonical.ts'
import { decoderOf, type Findings, Mismatch } from '#api/schema/decode.ts'
import { typeFault, unknownFields } from '#api/schema/explain.ts'
import { META_FIELDS } from '#api/validation/structural-schemas.ts'
import { isRecord, type Fields } from '#api/values.ts'
import { memberOf, type Structure, UNKNOWN } from './structure.ts'

export const METADATA = struct('meta-v1.ObjectMeta')
const decodeMetadata = decoderOf(METADATA)

/** An object's own fields are wrong; `place` is where, '' for those of the object itself. */
export class MetadataFault extends Error {}

/** Decoded metadata: of `null` there is nothing in it. */
export function metadataOf(value: unknown, place: string, findings: Findings): unknown {
  try {
    return decodeMetadata(value ?? {}, findings)
  } catch (error) {
    if (!(error instanceof Mismatch) && !(error instanceof ScalarFault)) throw error
    const why = typeFault(METADATA, value) ?? error.message
    const where = place === '' ? '' : `${place}.metadata: Invalid value: ${canonicalJson(value)}: `
    throw new MetadataFault(`${where}${why}`)
  }
}

/** `findings.unknown` is set when something unknown was dropped. */
export const readValue = (value: unknown, structure: Structure, findings: Findings): unknown =>
  read(value, structure, { findings, place: '', isKept: false })

interface Reading {
  readonly findings: Findings
  /** Path, for faults. */
  readonly place: string
  /** An item of a list whose unknown members are kept. */
  readonly isKept: boolean
}

function read(value: unknown, structure: Structure, reading: Reading): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value)
    ? readList(value, structure, reading)
    : isRecord(value)
      ? readObject(value, structure, reading)
      : value
}

function readList(
  list: readonly unknown[],
  { items, isOpen }: Structure,
  { findings, place, isKept }: Reading,
): readonly unknown[] {
  const isOpenHere = isOpen || isKept
  if (items === undefined && isOpenHere) return list
  let changed: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const inner = { findings, place: `${place}[${index}]`, isKept: isOpenHere }
    const item = read(list[index], items ?? UNKNOWN, inner)
    if (item === list[index]) continue
    changed ??= [...list]
    changed[index] = item
  }
  return changed ?? list
}

function readObject(object: Fields, structure: Structure, reading: Reading): Fields {
  let changed: Map<string, unknown> | undefined
  for (const key of Object.keys(object)) {
    const given = object[key]
    const member = readMember(key, given, structure, reading)
    if (member === given) continue
    changed ??= new Map()
    changed.set(key, member)
  }
  return changed === undefined ? object : withMembers(object, changed)
}

function withMembers(object: Fields, changed: ReadonlyMap<string, unknown>): Fields {
  const members: Record<string, unknown> = {}
  for (const key of Object.keys(object)) {
    const member = changed.has(key) ? changed.get(key) : object[key]
    if (member !== undefined) setProperty(members, key, member)
  }
  return members
}

/** undefined for one that is dropped. */
function readMember(key: string, value: unknown, structure: Structure, reading: Reading): unknown {
  const inner = memberOf(structure, key)
  if (structure.isEmbedded && META_FIELDS.has(key)) return readMeta(key, value, reading)
  if (inner === undefined) {
    if (structure.isOpen || reading.isKept) return value
    reading.findings.unknown = true
    return undefined
  }
  if (value === null) return inner.isNullable || inner.fallback !== null ? value : undefined
  if (typeof value !== 'object') return value
  const step = structure.properties.has(key) ? `.${key}` : `[${key}]`
  const { findings, place } = reading
  return read(value, inner, {
    findings,
    place: place === '' ? key : `${place}${step}`,
    isKept: false,
  })
}

function readMeta(key: string, value: unknown, { findings, place }: Reading): unknown {
  if (key === 'metadata') return metadataOf(value, place, findings)
  if (typeof value === 'string') return value
  throw new MetadataFault(
    `${place}.${key}: Invalid value: ${canonicalJson(value)}: must be a string`,
  )
}

/** Walking on finds no more that anybody reads. */
const PATHS_MAX = 1000

/** Unknown members of a whole object, in upstream's order: sorted, those of its own metadata first, embedded last. */
export function unknownPaths(object: Fields, structure: Structure): readonly string[] {
  const pruned: string[] = []
  const embedded: string[] = []
  const { metadata, apiVersion: _version, kind: _kind, ...rest } = object
  const own = unknownFields(METADATA, metadata ?? {}).map(path => `metadata.${path}`)
  collect(rest, structure, { pruned, embedded, path: '', place: '', isKept: false })
  return [own, pruned, embedded].flatMap(paths => paths.toSorted())
}

interface Collecting {
  readonly pruned: string[]
  readonly embedded: string[]
  /** `spec.map.key`. */
  readonly path: string
  /** `spec.map[key]`: how embedded metadata is placed. */
  readonly place: string
  readonly isKept: boolean
}

function collect(value: unknown, structure: Structure, at: Collecting): void {
  if (at.pruned.length >= PATHS_MAX) return
  if (Array.isArray(value)) {
    const { items, isOpen } = structure
    const isKept = isOpen || at.isKept
    if (items === undefined && isKept) return
    for (const [index, item] of value.entries()) {
      const step = `[${index}]`
      const inner = { ...at, path: `${at.path}${step}`, place: `${at.place}${step}`, isKept }
      collect(item, items ?? UNKNOWN, inner)
    }
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) collectMember(key, value[key], structure, at)
  }
}

function collectMember(key: string, value: unknown, structure: Structure, at: Collecting): void {
  const path = at.path === '' ? key : `${at.path}.${key}`
  if (structure.isEmbedded && META_FIELDS.has(key)) {
    if (key !== 'metadata') return
    const unknown = unknownFields(METADATA, value ?? {})
    at.embedded.push(...unknown.map(name => `${at.place}.metadata.${name}`))
    return
  }
  const inner = memberOf(structure, key)
  if (inner === undefined) {
    if (!structure.isOpen && !at.isKept) at.pruned.push(path)
    return
  }
  const step = structure.properties.has(key) ? `.${key}` : `[${key}]`
  const place = at.place === '' ? key : `${at.place}${step}`
  collect(value, inner, { ...at, path, place, isKept: false })
}
