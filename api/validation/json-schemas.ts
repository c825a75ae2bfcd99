/**
 * What a JSON schema in a CustomResourceDefinition may say, before it is asked whether it is structural. Pure.
 * CEL rules are only looked at for being there: nothing here evaluates them.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceDefinitionOpenAPISchema
 */

import { type Faults, forbidden, required, unsupported, wrong } from '#api/validation/fault.ts'
import { validateDefaults } from '#api/validation/schema-defaults.ts'
import {
  namedAt,
  type Schema,
  schemaAt,
  schemasAt,
  structuralFaults,
  typeOf,
  META_FIELDS,
} from '#api/validation/structural-schemas.ts'
import { validateValueRules } from '#api/validation/value-rules.ts'
import { isRecord } from '#api/values.ts'

const TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const STRANGE = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
]

/** Keywords of JSON schema that are no part of it here, in the order in which they are refused. */
const UNSUPPORTED = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
]

/** With a status subresource the root may say these and no more: status is checked by itself. */
const ROOT_FIELDS = new Set([
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
])

export function validateRootSchema(
  faults: Faults,
  field: string,
  { schema, hasStatus }: { readonly schema: Schema; readonly hasStatus: boolean },
): void {
  if (hasStatus) validateStatusRoot(faults, field, schema)
  if (schema['nullable'] === true) {
    faults.push(forbidden(`${field}.nullable`, 'nullable cannot be true at the root'))
  }
  const before = faults.length
  const stranger = strangerIn(schema)
  if (stranger === undefined) {
    faults.push(...structuralFaults(field, schema))
    if (faults.length === before) validateDefaults(faults, field, { schema, isRoot: true })
  }
  validateSchema(faults, field, { schema, isRoot: true, noDefaults: '', inMetadata: false })
  if (stranger !== undefined && faults.length === before) faults.push(wrong(field, '', stranger))
}

/** What a structural schema cannot even be asked about; told when nothing else says so. */
function strangerIn(schema: Schema): string | undefined {
  if (Array.isArray(schema['items'])) {
    return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  }
  const own = STRANGE.find(name => schema[name] !== undefined && schema[name] !== '')
  if (own !== undefined)
    return `OpenAPIV3Schema '${own.replace('$schema', 'schema')}' is not supported`
  const additional = schema['additionalProperties']
  const below = [
    ...junctions(schema).map(([, one]) => one),
    ...namedAt(schema, 'properties').map(([, one]) => one),
    ...(isRecord(additional) ? [additional] : []),
  ]
  for (const one of below) {
    const found = strangerIn(one)
    if (found !== undefined) return found
  }
  return undefined
}

function validateStatusRoot(faults: Faults, field: string, schema: Schema): void {
  const type = typeOf(schema)
  if (type !== '' && type !== 'object') {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
    faults.push(wrong(`${field}.type`, type, detail))
  }
  if (Object.keys(schema).every(name => ROOT_FIELDS.has(name))) return
  const detail = `only [${[...ROOT_FIELDS].join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`
  faults.push(wrong(field, schema, detail))
}

interface Place {
  readonly schema: Schema
  readonly isRoot: boolean
  /** Why defaults are refused here; empty where they are allowed. */
  readonly noDefaults: string
  readonly inMetadata: boolean
}

function validateSchema(faults: Faults, field: string, place: Place): void {
  const { schema, isRoot, inMetadata } = place
  validateKeywords(faults, field, place)
  if (schema['uniqueItems'] === true) {
    const detail =
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    faults.push(forbidden(`${field}.uniqueItems`, detail))
  }
  const inner = { ...place, isRoot: false }
  const additional = schema['additionalProperties']
  const properties = namedAt(schema, 'properties')
  if (additional !== undefined && additional !== true && properties.length > 0) {
    const detail = 'additionalProperties and properties are mutual exclusive'
    faults.push(forbidden(`${field}.additionalProperties`, detail))
  }
  if (isRecord(additional)) {
    const noDefaults = inMetadata
      ? 'inside additionalProperties applying to object metadata'
      : place.noDefaults
    const at = `${field}.additionalProperties`
    validateSchema(faults, at, { ...inner, schema: additional, noDefaults })
  }
  for (const [name, property] of properties) {
    const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
    const isMeta = (isRoot || isEmbedded) && META_FIELDS.has(name)
    validateSchema(faults, `${field}.properties[${name}]`, {
      ...inner,
      schema: property,
      inMetadata: inMetadata || isMeta,
      noDefaults: isMeta && isRoot ? `in top-level ${name}` : place.noDefaults,
    })
  }
  for (const [step, one] of junctions(schema)) {
    validateSchema(faults, `${field}.${step}`, { ...inner, schema: one })
  }
  validateExtensions(faults, field, schema)
}

/** Schemas under logical junctors and of items, by the step that leads to each. */
function junctions(schema: Schema): readonly (readonly [string, Schema])[] {
  const single = (name: string): (readonly [string, Schema])[] => {
    const one = schemaAt(schema, name)
    return one === undefined ? [] : [[name, one]]
  }
  const several = (name: string): (readonly [string, Schema])[] =>
    schemasAt(schema, name).map((one, index) => [`${name}[${index}]`, one])
  return [
    ...single('not'),
    ...several('allOf'),
    ...several('oneOf'),
    ...several('anyOf'),
    ...single('items'),
    ...several('items'),
  ]
}

function validateKeywords(faults: Faults, field: string, place: Place): void {
  const { schema, noDefaults, inMetadata } = place
  const type = typeOf(schema)
  if (type !== '' && !TYPES.includes(type)) faults.push(unsupported(`${field}.type`, type, TYPES))
  if (schema['default'] !== undefined && noDefaults !== '') {
    faults.push(forbidden(`${field}.default`, `must not be set ${noDefaults}`))
  }
  for (const name of UNSUPPORTED) {
    if (schema[name] === undefined) continue
    faults.push(forbidden(`${field}.${name}`, `${name} is not supported`))
  }
  if (type === 'null') {
    const detail = 'type cannot be set to null, use nullable as an alternative'
    faults.push(forbidden(`${field}.type`, detail))
  }
  if (Array.isArray(schema['items'])) {
    const detail = 'items must be a schema object and not an array'
    faults.push(forbidden(`${field}.items`, detail))
  }
  if (inMetadata && schema['x-kubernetes-embedded-resource'] === true) {
    const detail = 'must not be used inside of resource meta'
    faults.push(forbidden(`${field}.x-kubernetes-embedded-resource`, detail))
  }
}

function validateExtensions(faults: Faults, field: string, schema: Schema): void {
  const preserve = 'x-kubernetes-preserve-unknown-fields'
  if (schema[preserve] === false) {
    faults.push(wrong(`${field}.${preserve}`, false, 'must be true or undefined'))
  }
  requireType(faults, field, { schema, extension: 'x-kubernetes-map-type', wanted: 'object' })
  allowValue(faults, `${field}.x-kubernetes-map-type`, {
    value: schema['x-kubernetes-map-type'],
    values: ['atomic', 'granular'],
  })
  requireType(faults, field, { schema, extension: 'x-kubernetes-list-type', wanted: 'array' })
  if (typeOf(schema) === 'array' && schema['x-kubernetes-list-type'] === 'set') {
    validateSetItems(faults, `${field}.items`, schemaAt(schema, 'items'))
  }
  allowValue(faults, `${field}.x-kubernetes-list-type`, {
    value: schema['x-kubernetes-list-type'],
    values: ['atomic', 'set', 'map'],
  })
  validateMapKeys(faults, field, schema)
  validateValueRules(faults, `${field}.x-kubernetes-validations`, schema)
}

interface Typed {
  readonly schema: Schema
  readonly extension: string
  readonly wanted: string
}

function requireType(faults: Faults, field: string, { schema, extension, wanted }: Typed): void {
  const type = typeOf(schema)
  if (schema[extension] === undefined || type === wanted) return
  const detail = `must be ${wanted} if ${extension} is specified`
  faults.push(
    type === '' ? required(`${field}.type`, detail) : wrong(`${field}.type`, type, detail),
  )
}

function allowValue(
  faults: Faults,
  field: string,
  { value, values }: { readonly value: unknown; readonly values: readonly string[] },
): void {
  if (value === undefined || values.some(one => one === value)) return
  faults.push(unsupported(field, value, values))
}

/** Items of a set are compared as a whole. */
function validateSetItems(faults: Faults, field: string, items: Schema | undefined): void {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items?.['x-kubernetes-list-type']
  if (typeOf(items) === 'array' && listType !== undefined && listType !== 'atomic') {
    faults.push(wrong(`${field}.x-kubernetes-list-type`, listType, detail))
  }
  if (typeOf(items) === 'object' && items?.['x-kubernetes-map-type'] !== 'atomic') {
    faults.push(wrong(`${field}.x-kubernetes-map-type`, listType, detail))
  }
  if (items?.['nullable'] === true) {
    const detail = 'cannot be nullable when x-kubernetes-list-type is set'
    faults.push(forbidden(`${field}.nullable`, detail))
  }
}

const KEYS = 'x-kubernetes-list-map-keys'

function validateMapKeys(faults: Faults, field: string, schema: Schema): void {
  const list = schema[KEYS]
  const keys = Array.isArray(list) ? list.filter(key => typeof key === 'string') : []
  const listType = schema['x-kubernetes-list-type']
  if (keys.length > 0 && listType !== 'map') {
    const place = `${field}.x-kubernetes-list-type`
    const detail = `must be map if ${KEYS} is non-empty`
    faults.push(listType === undefined ? required(place, detail) : wrong(place, listType, detail))
  }
  if (listType !== 'map') return
  if (keys.length === 0) {
    const detail = 'must not be empty if x-kubernetes-list-type is map'
    faults.push(required(`${field}.${KEYS}`, detail))
  }
  const items = schemaAt(schema, 'items')
  if (items === undefined) {
    const detail = 'must have a schema if x-kubernetes-list-type is map'
    faults.push(required(`${field}.items`, detail))
  } else if (typeOf(items) === 'object') validateKeyed(faults, field, { items, keys })
  else {
    const detail = "must be object if parent array's x-kubernetes-list-type is map"
    faults.push(wrong(`${field}.items.type`, typeOf(items), detail))
  }
}

interface Keyed {
  readonly items: Schema
  readonly keys: readonly string[]
}

function validateKeyed(faults: Faults, field: string, { items, keys }: Keyed): void {
  const properties = schemaAt(items, 'properties')
  for (const [index, key] of keys.entries()) {
    const property = schemaAt(properties, key)
    const place = `${field}.items.properties[${key}]`
    if (property === undefined) {
      const detail = 'entries must all be names of item properties'
      faults.push(wrong(`${field}.${KEYS}`, keys, detail))
    } else if (typeOf(property) === 'array' || typeOf(property) === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      faults.push(wrong(`${place}.type`, typeOf(items), detail))
    }
    if (keys.indexOf(key) < index) {
      faults.push(wrong(`${field}.${KEYS}`, keys, 'must not contain duplicate entries'))
    }
  }
  if (items['nullable'] === true) {
    const detail = 'cannot be nullable when x-kubernetes-list-type is map'
    faults.push(forbidden(`${field}.items.nullable`, detail))
  }
  for (const key of keys) {
    const property = schemaAt(properties, key)
    const place = `${field}.items.properties[${key}]`
    if (property === undefined) continue
    const isRequired = Array.isArray(items['required']) && items['required'].includes(key)
    if (!isRequired && property['default'] === undefined) {
      const detail = `this property is in ${KEYS}, so it must have a default or be a required property`
      faults.push(required(`${place}.default`, detail))
    }
    if (property['nullable'] === true) {
      const detail = `this property is in ${KEYS}, so it cannot be nullable`
      faults.push(forbidden(`${place}.nullable`, detail))
    }
  }
}
