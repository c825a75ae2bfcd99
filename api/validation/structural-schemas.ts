/**
 * Whether a schema of a CustomResourceDefinition is structural: every field and item has a type outside of logical
 * junctors, which then only restrict values. Pure; the caller bounds the depth of what it hands over.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/validation.go ValidateStructural
 */

import { equalJson, type JsonObject } from '#api/json.ts'
import type { FieldError } from '#api/status.ts'
import { type Faults, forbidden, required, wrong } from '#api/validation/fault.ts'
import { matcherOf } from '#api/validation/go-regexp-matcher.ts'
import { goRegexpFault } from '#api/validation/go-regexp.ts'
import { isRecord } from '#api/values.ts'

/** A JSON schema as it came: anything that has no place in one was pruned before. */
export type Schema = JsonObject

type Level = 'root' | 'items' | 'field'

export const schemaAt = (schema: Schema | undefined, name: string): Schema | undefined => {
  const value = schema?.[name]
  return isRecord(value) ? value : undefined
}

export const schemasAt = (schema: Schema | undefined, name: string): readonly Schema[] => {
  const value = schema?.[name]
  return Array.isArray(value) ? value.filter(isRecord) : []
}

export const namedAt = (
  schema: Schema | undefined,
  name: string,
): readonly (readonly [string, Schema])[] =>
  Object.entries(schemaAt(schema, name) ?? {}).filter((entry): entry is [string, Schema] =>
    isRecord(entry[1]),
  )

export const typeOf = (schema: Schema | undefined): string => {
  const type = schema?.['type']
  return typeof type === 'string' ? type : ''
}

/** Known of every object, whatever its schema says. */
export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

const EMBEDDED = 'x-kubernetes-embedded-resource'
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const INT_OR_STRING = 'x-kubernetes-int-or-string'

/** Sorted by their text, as upstream does. */
export function structuralFaults(field: string, schema: Schema): readonly FieldError[] {
  const faults: Faults = []
  validateInvariants(faults, field, { schema, level: 'root' })
  validateCompleteness(faults, field, { nested: schema, structure: schema, at: field })
  const text = (fault: FieldError): string => `${fault.field}: ${fault.message}`
  return faults.toSorted((left, right) => (text(left) < text(right) ? -1 : 1))
}

interface Structure {
  readonly schema: Schema
  readonly level: Level
}

function validateInvariants(faults: Faults, field: string, { schema, level }: Structure): void {
  const items = schemaAt(schema, 'items')
  if (typeOf(schema) === 'array' && items === undefined) {
    faults.push(required(`${field}.items`, 'must be specified'))
  }
  if (items !== undefined) {
    validateInvariants(faults, `${field}.items`, { schema: items, level: 'items' })
  }
  for (const [name, property] of namedAt(schema, 'properties')) {
    const place = `${field}.properties[${name}]`
    validateInvariants(faults, place, { schema: property, level: 'field' })
  }
  const additional = schema['additionalProperties']
  if (additional !== undefined && level === 'root') {
    faults.push(forbidden(`${field}.additionalProperties`, 'must not be used at the root'))
  }
  if (isRecord(additional)) {
    const place = `${field}.additionalProperties`
    validateInvariants(faults, place, { schema: additional, level: 'field' })
  }
  validateExtensions(faults, field, schema)
  validateJunctors(faults, field, { schema, exempt: intOrStringPlace(schema) })
  validateType(faults, field, { schema, level })
  if (level === 'root' || schema[EMBEDDED] === true) validateMeta(faults, field, schema)
  if (level === 'root') refuseMetadata(faults, field, schema)
  if (
    schema[EMBEDDED] === true &&
    schema[PRESERVE] !== true &&
    namedAt(schema, 'properties').length === 0
  ) {
    const detail = `must not be empty if ${EMBEDDED} is true without ${PRESERVE}`
    faults.push(required(`${field}.properties`, detail))
  }
}

function validateExtensions(faults: Faults, field: string, schema: Schema): void {
  if (schema[INT_OR_STRING] !== true) return
  for (const name of [PRESERVE, EMBEDDED]) {
    if (schema[name] !== true) continue
    faults.push(wrong(`${field}.${name}`, true, `must be false if ${INT_OR_STRING} is true`))
  }
}

const UNTYPED: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  items: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function validateType(faults: Faults, field: string, { schema, level }: Structure): void {
  const type = typeOf(schema)
  const place = `${field}.type`
  if (schema[EMBEDDED] === true && type !== 'object') {
    const detail = `must be object if ${EMBEDDED} is true`
    faults.push(type === '' ? required(place, detail) : wrong(place, type, detail))
  } else if (type === '' && schema[INT_OR_STRING] !== true && schema[PRESERVE] !== true) {
    faults.push(required(place, UNTYPED[level]))
  }
  if (schema[EMBEDDED] === true && schema['additionalProperties'] !== undefined) {
    const detail = `must not be used if ${EMBEDDED} is set`
    faults.push(forbidden(`${field}.additionalProperties`, detail))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    faults.push(wrong(place, type, 'must be object at the root'))
  }
}

const META_TYPES = { kind: 'string', apiVersion: 'string', metadata: 'object' } as const

function validateMeta(faults: Faults, field: string, schema: Schema): void {
  for (const [name, wanted] of Object.entries(META_TYPES)) {
    const property = schemaAt(schemaAt(schema, 'properties'), name)
    if (property === undefined || typeOf(property) === wanted) continue
    const place = `${field}.properties[${name}].type`
    faults.push(wrong(place, typeOf(property), `must be ${wanted}`))
  }
}

/** Of metadata a schema may only restrict the name. */
function refuseMetadata(faults: Faults, field: string, schema: Schema): void {
  const metadata = schemaAt(schemaAt(schema, 'properties'), 'metadata')
  if (metadata === undefined) return
  const { type: _type, default: _default, properties = {}, ...rest } = metadata
  const named = Object.keys(isRecord(properties) ? properties : {})
  const isNamed = named.every(name => name === 'name' || name === 'generateName')
  if (isNamed && Object.keys(rest).length === 0) return
  const detail =
    'must not specify anything other than name and generateName, but metadata is implicitly specified'
  faults.push(forbidden(`${field}.properties[metadata]`, detail))
}

const EITHER = [{ type: 'integer' }, { type: 'string' }]

type Exempt = 'anyOf' | 'allOf' | undefined

/** Where a schema says "integer or string" in the one way that may repeat types. */
function intOrStringPlace(schema: Schema): Exempt {
  if (equalJson(schema['anyOf'], EITHER)) return 'anyOf'
  return equalJson(schemasAt(schema, 'allOf')[0]?.['anyOf'], EITHER) ? 'allOf' : undefined
}

interface Junction {
  readonly schema: Schema
  readonly exempt: Exempt
}

function validateJunctors(faults: Faults, field: string, { schema, exempt }: Junction): void {
  if (exempt !== 'anyOf') {
    for (const [index, one] of schemasAt(schema, 'anyOf').entries()) {
      validateNested(faults, `${field}.anyOf[${index}]`, { schema: one, exempt: undefined })
    }
  }
  for (const [index, one] of schemasAt(schema, 'allOf').entries()) {
    const inner: Exempt = exempt === 'allOf' && index === 0 ? 'anyOf' : undefined
    validateNested(faults, `${field}.allOf[${index}]`, { schema: one, exempt: inner })
  }
  for (const [index, one] of schemasAt(schema, 'oneOf').entries()) {
    validateNested(faults, `${field}.oneOf[${index}]`, { schema: one, exempt: undefined })
  }
  const not = schemaAt(schema, 'not')
  if (not !== undefined) {
    validateNested(faults, `${field}.not`, { schema: not, exempt: undefined })
  }
  const { pattern } = schema
  if (typeof pattern === 'string' && pattern !== '') validatePattern(faults, field, pattern)
}

const TOO_LARGE = 'error parsing regexp: expression too large'

function validatePattern(faults: Faults, field: string, pattern: string): void {
  const fault = goRegexpFault(pattern) ?? (matcherOf(pattern) === undefined ? TOO_LARGE : undefined)
  if (fault === undefined) return
  const detail = `must be a valid regular expression, but isn't: ${fault}`
  faults.push(wrong(`${field}.pattern`, pattern, detail))
}

const MUST_BE_EMPTY = ['type', 'title', 'description', 'x-kubernetes-list-map-keys'] as const
const MUST_BE_FALSE = ['nullable', PRESERVE, EMBEDDED, INT_OR_STRING] as const
const MUST_BE_UNDEFINED = [
  'additionalProperties',
  'default',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
] as const

/** Under a junctor a schema restricts values, and says nothing else. */
function validateNested(faults: Faults, field: string, { schema, exempt }: Junction): void {
  validateJunctors(faults, field, { schema, exempt })
  const items = schemaAt(schema, 'items')
  if (items !== undefined) {
    validateNested(faults, `${field}.items`, { schema: items, exempt: undefined })
  }
  for (const [name, property] of namedAt(schema, 'properties')) {
    const place = `${field}.properties[${name}]`
    validateNested(faults, place, { schema: property, exempt: undefined })
  }
  const refuse = (name: string, state: string): void => {
    faults.push(forbidden(`${field}.${name}`, `must be ${state} to be structural`))
  }
  for (const name of MUST_BE_EMPTY) {
    const value = schema[name]
    if (typeof value === 'string' ? value !== '' : Array.isArray(value)) refuse(name, 'empty')
  }
  for (const name of MUST_BE_UNDEFINED) if (schema[name] !== undefined) refuse(name, 'undefined')
  for (const name of MUST_BE_FALSE) if (schema[name] === true) refuse(name, 'false')
  if (schemaAt(schemaAt(schema, 'properties'), 'metadata') !== undefined) {
    const detail = 'must not be specified in a nested context'
    faults.push(forbidden(`${field}.properties[metadata]`, detail))
  }
}

interface Mentioned {
  /** What is said under a junctor. */
  readonly nested: Schema
  /** What is said outside of it about the same value. */
  readonly structure: Schema
  /** Path of the structure: where what is missing would have to be. */
  readonly at: string
}

/** Every field and item that a junctor of the root speaks of is specified outside of it too. */
function validateCompleteness(faults: Faults, field: string, of: Mentioned): void {
  const { nested, structure, at } = of
  const not = schemaAt(nested, 'not')
  if (not !== undefined) validateMentioned(faults, `${field}.not`, { nested: not, structure, at })
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, one] of schemasAt(nested, junctor).entries()) {
      validateMentioned(faults, `${field}.${junctor}[${index}]`, { nested: one, structure, at })
    }
  }
}

function validateMentioned(faults: Faults, field: string, of: Mentioned): void {
  const { nested, structure, at } = of
  validateCompleteness(faults, field, of)
  const items = schemaAt(nested, 'items')
  const mentioned: [string, Schema, Schema | undefined][] =
    items === undefined ? [] : [['items', items, schemaAt(structure, 'items')]]
  for (const [name, property] of namedAt(nested, 'properties')) {
    const own = schemaAt(schemaAt(structure, 'properties'), name)
    mentioned.push([`properties[${name}]`, property, own])
  }
  for (const [step, inner, own] of mentioned) {
    const place = `${field}.${step}`
    const target = `${at}.${step}`
    if (own === undefined) faults.push(required(target, `because it is defined in ${place}`))
    else validateMentioned(faults, place, { nested: inner, structure: own, at: target })
  }
}
