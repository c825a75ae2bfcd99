/**
 * CustomResourceDefinitions. Pure.
 * What all versions say alike (schema, subresources, columns) is blamed at the path that v1beta1 had for it, as
 * upstream does.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 */
import { equalJson } from '#api/json.ts'
import { label1035Faults, subdomainFaults } from '#api/names.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '#api/types/apiextensions-v1.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  required,
  requireOneOf,
  wrong,
} from '#api/validation/fault.ts'
import { validateRootSchema } from '#api/validation/json-schemas.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { validateSelectableFields } from '#api/validation/selectable-paths.ts'
import { validateClient, validateReviewVersions } from '#api/validation/webhooks.ts'

const WARNING_MAX = 256
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
]
/** Groups of the project: whoever defines kinds in them says who approved it. */
const PROTECTED = /(^|\.)(k8s|kubernetes)\.io$/
const APPROVAL = 'api-approved.kubernetes.io'

function validateDefinition(faults: Faults, definition: CustomResourceDefinition): void {
  const { name = '' } = definition.metadata
  const { names, group } = definition.spec
  if (name !== '' && name !== `${names.plural}.${group}`) {
    faults.push(wrong('metadata.name', name, 'must be spec.names.plural+"."+spec.group'))
  }
  requireSchemas(faults, definition.spec)
  validateSpec(faults, definition.spec, undefined)
  validateStored(faults, definition)
  validateApproval(faults, definition)
  if (definition.spec.preserveUnknownFields === true) {
    const detail =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    faults.push(wrong('spec.preserveUnknownFields', true, detail))
  }
}

function validateDefinitionUpdate(
  faults: Faults,
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition,
): void {
  // One that came without, through v1beta1, may stay so.
  if (before.spec.versions.every(hasSchema)) requireSchemas(faults, definition.spec)
  validateSpec(faults, definition.spec, before.spec)
  const isEstablished = before.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  const { spec } = definition
  const old = before.spec
  if (isEstablished === true) {
    refuseChange(faults, 'spec.scope', { before: old.scope, after: spec.scope })
    refuseChange(faults, 'spec.names.kind', { before: old.names.kind, after: spec.names.kind })
  }
  refuseChange(faults, 'spec.group', { before: old.group, after: spec.group })
  refuseChange(faults, 'spec.names.plural', { before: old.names.plural, after: spec.names.plural })
  validateStored(faults, definition)
  if (!equalJson(definition.metadata.annotations, before.metadata.annotations)) {
    validateApproval(faults, definition)
  }
}

function validateDefinitionStatus(faults: Faults, { status }: CustomResourceDefinition): void {
  validateNames(faults, 'status.acceptedNames', status?.acceptedNames ?? NO_NAMES)
}

const NO_NAMES: CustomResourceDefinitionNames = { plural: '', kind: '' }

const hasSchema = ({ schema }: CustomResourceDefinitionVersion): boolean =>
  schema?.openAPIV3Schema !== undefined

/** What v1beta1 could say once for all versions. */
const SHAREABLE = [
  'schema',
  'subresources',
  'additionalPrinterColumns',
  'selectableFields',
] as const

function requireSchemas(faults: Faults, { versions }: CustomResourceDefinitionSpec): void {
  for (const [index, version] of versions.entries()) {
    if (hasSchema(version)) continue
    const field = `spec.versions[${index}].schema.openAPIV3Schema`
    faults.push(required(field, 'schemas are required'))
  }
}

function validateSpec(
  faults: Faults,
  spec: CustomResourceDefinitionSpec,
  before: CustomResourceDefinitionSpec | undefined,
): void {
  const { group, versions, names } = spec
  const format = subdomainFaults(group)
  if (group === '') faults.push(required('spec.group'))
  else if (format.length > 0) faults.push(wrong('spec.group', group, format.join(',')))
  else if (!group.includes('.')) {
    faults.push(wrong('spec.group', group, 'should be a domain with at least one dot'))
  }
  requireOneOf(faults, 'spec.scope', spec.scope, ['Cluster', 'Namespaced'])
  const shared = new Set(
    SHAREABLE.filter(field =>
      versions.every(version => equalJson(version[field], versions[0]?.[field])),
    ),
  )
  const apart = versions.map((version, index) => ({ version, place: `spec.versions[${index}]` }))
  for (const { version, place } of apart) {
    validateLabel(faults, `${place}.name`, version.name)
    validateWarning(faults, place, version)
    if (!shared.has('schema')) validateVersionSchema(faults, `${place}.schema`, version)
    if (!shared.has('subresources')) validateSubresources(faults, place, version.subresources)
    if (!shared.has('additionalPrinterColumns')) validateColumns(faults, place, version)
    if (!shared.has('selectableFields')) validateSelectable(faults, place, version, before)
  }
  validateVersions(faults, versions)
  for (const part of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if ((names[part] ?? '') === '') faults.push(required(`spec.names.${part}`))
  }
  validateNames(faults, 'spec.names', names)
  const [first] = versions
  if (first !== undefined) {
    if (shared.has('schema')) validateVersionSchema(faults, 'spec.validation', first)
    if (shared.has('subresources')) validateSubresources(faults, 'spec', first.subresources)
    if (shared.has('additionalPrinterColumns')) validateColumns(faults, 'spec', first)
    if (shared.has('selectableFields')) validateSelectable(faults, 'spec', first, before)
  }
  if (spec.conversion !== undefined) validateConversion(faults, spec.conversion)
}

function validateLabel(faults: Faults, field: string, value: string): void {
  const format = label1035Faults(value)
  if (format.length > 0) faults.push(wrong(field, value, format.join(',')))
}

function validateWarning(
  faults: Faults,
  field: string,
  { deprecated = false, deprecationWarning: warning }: CustomResourceDefinitionVersion,
): void {
  if (warning === undefined) return
  const place = `${field}.deprecationWarning`
  if (!deprecated) {
    faults.push(wrong(place, warning, 'can only be set for deprecated versions'))
    return
  }
  if (Buffer.byteLength(warning) > WARNING_MAX) {
    faults.push(wrong(place, warning, `must be <= ${WARNING_MAX} characters long`))
  }
  if (warning === '') faults.push(wrong(place, warning, 'must not be an empty string'))
  const unprintable = /[^\P{C}]|[^\P{Z} ]/u.exec(warning)
  if (unprintable !== null) {
    const index = Buffer.byteLength(warning.slice(0, unprintable.index))
    const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`
    faults.push(wrong(place, warning, detail))
  }
}

function validateVersionSchema(
  faults: Faults,
  field: string,
  { schema, subresources }: CustomResourceDefinitionVersion,
): void {
  const root = schema?.openAPIV3Schema
  if (root === undefined) return
  const hasStatus = subresources?.status !== undefined
  validateRootSchema(faults, `${field}.openAPIV3Schema`, { schema: { ...root }, hasStatus })
}

/** Without a schema there is a fault about that already. */
function validateSelectable(
  ...[faults, field, version, before]: readonly [
    Faults,
    string,
    CustomResourceDefinitionVersion,
    CustomResourceDefinitionSpec | undefined,
  ]
): void {
  const { selectableFields: fields = [], schema, name } = version
  const root = schema?.openAPIV3Schema
  if (fields.length === 0 || root === undefined) return
  const old = before?.versions.find(other => other.name === name)?.selectableFields
  validateSelectableFields(faults, `${field}.selectableFields`, {
    fields,
    schema: { ...root },
    isUnchanged: equalJson(fields, old),
  })
}

function validateVersions(
  faults: Faults,
  versions: readonly CustomResourceDefinitionVersion[],
): void {
  const field = 'spec.versions'
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    faults.push(wrong(field, versions, 'must contain unique version names'))
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const detail = 'must have exactly one version marked as storage version'
    faults.push(wrong(field, versions, detail))
  }
  const [first] = versions
  if (first !== undefined && first.name !== '') validateLabel(faults, 'spec.version', first.name)
}

function validateNames(faults: Faults, field: string, names: CustomResourceDefinitionNames): void {
  const { kind, listKind = '', shortNames = [], categories = [] } = names
  for (const part of ['plural', 'singular'] as const) {
    const value = names[part] ?? ''
    if (value !== '') validateLabel(faults, `${field}.${part}`, value)
  }
  for (const [part, value] of Object.entries({ kind, listKind })) {
    const format = value === '' ? [] : label1035Faults(value.toLowerCase())
    if (format.length === 0) continue
    const detail = `may have mixed case, but should otherwise match: ${format.join(',')}`
    faults.push(wrong(`${field}.${part}`, value, detail))
  }
  for (const [index, name] of shortNames.entries()) {
    validateLabel(faults, `${field}.shortNames[${index}]`, name)
  }
  if (kind !== '' && kind === listKind) {
    faults.push(wrong(`${field}.listKind`, listKind, 'kind and listKind may not be the same'))
  }
  for (const [index, category] of categories.entries()) {
    validateLabel(faults, `${field}.categories[${index}]`, category)
  }
}

/** Replicas live under spec and status; the selector under either. */
function validateSubresources(
  faults: Faults,
  field: string,
  subresources: CustomResourceSubresources | undefined,
): void {
  const scale = subresources?.scale
  if (scale === undefined) return
  const place = `${field}.subresources.scale`
  const paths = [
    ['specReplicasPath', ['.spec.'], '.spec'],
    ['statusReplicasPath', ['.status.'], '.status'],
    ['labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status'],
  ] as const
  for (const [name, roots, where] of paths) {
    const path = scale[name] ?? ''
    const at = `${place}.${name}`
    if (path === '') {
      if (name !== 'labelSelectorPath') faults.push(required(at))
    } else if (!path.startsWith('.')) {
      faults.push(wrong(at, path, 'must be a simple json path starting with .'))
    } else if (!roots.some(root => path.startsWith(root))) {
      faults.push(wrong(at, path, `should be a json path under ${where}`))
    }
  }
}

function validateColumns(
  faults: Faults,
  field: string,
  { additionalPrinterColumns: columns = [] }: CustomResourceDefinitionVersion,
): void {
  for (const [index, column] of columns.entries()) {
    validateColumn(faults, `${field}.additionalPrinterColumns[${index}]`, column)
  }
}

function validateColumn(
  faults: Faults,
  field: string,
  column: CustomResourceColumnDefinition,
): void {
  const { name, type, format = '', jsonPath: path } = column
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  if (name === '') faults.push(required(`${field}.name`))
  if (type === '') faults.push(required(`${field}.type`, types))
  else if (!COLUMN_TYPES.includes(type)) faults.push(wrong(`${field}.type`, type, types))
  if (format !== '' && !COLUMN_FORMATS.includes(format)) {
    faults.push(wrong(`${field}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  }
  if (path === '') faults.push(required(`${field}.JSONPath`))
  else if (!path.startsWith('.')) {
    faults.push(wrong(`${field}.JSONPath`, path, 'must be a simple json path starting with .'))
  }
}

function validateConversion(faults: Faults, conversion: CustomResourceConversion): void {
  const { strategy, webhook } = conversion
  const field = 'spec.conversion'
  requireOneOf(faults, `${field}.strategy`, strategy, ['None', 'Webhook'])
  if (strategy === 'Webhook') {
    const place = `${field}.webhookClientConfig`
    if (webhook?.clientConfig === undefined) {
      faults.push(required(place, 'required when strategy is set to Webhook'))
    } else validateClient(faults, place, webhook.clientConfig)
    const versions = webhook?.conversionReviewVersions ?? []
    const at = `${field}.conversionReviewVersions`
    if (versions.length === 0) faults.push(required(at))
    else {
      const known = ['v1', 'v1beta1']
      validateReviewVersions(faults, at, { versions, isKnownRequired: true, known })
    }
  } else if (webhook !== undefined) {
    const detail = 'should not be set when strategy is not set to Webhook'
    if (webhook.clientConfig !== undefined) {
      faults.push(forbidden(`${field}.webhookClientConfig`, detail))
    }
    if ((webhook.conversionReviewVersions ?? []).length > 0) {
      faults.push(forbidden(`${field}.conversionReviewVersions`, detail))
    }
  }
}

function validateStored(faults: Faults, { spec, status }: CustomResourceDefinition): void {
  const stored = status?.storedVersions ?? []
  const field = 'status.storedVersions'
  if (stored.length === 0) {
    faults.push(wrong(field, stored, 'must have at least one stored version'))
    return
  }
  for (const version of spec.versions) {
    if (!version.storage || stored.includes(version.name)) continue
    faults.push(wrong(field, version, `must have the storage version ${version.name}`))
  }
  for (const [index, name] of stored.entries()) {
    if (spec.versions.some(version => version.name === name)) continue
    faults.push(wrong(`${field}[${index}]`, name, 'must appear in spec.versions'))
  }
}

function validateApproval(faults: Faults, { metadata, spec }: CustomResourceDefinition): void {
  if (!PROTECTED.test(spec.group)) return
  const value = metadata.annotations?.[APPROVAL] ?? ''
  const field = `metadata.annotations[${APPROVAL}]`
  if (value === '') {
    const detail =
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
    faults.push(required(field, detail))
  } else if (!value.startsWith('unapproved') && !/^https?:\/\/[^/]+/.test(value)) {
    const detail =
      'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111'
    faults.push(wrong(field, value, detail))
  }
}

export const CUSTOM_RESOURCE_RULES: RuleTable = {
  'customresourcedefinitions.apiextensions.k8s.io': {
    create: validateDefinition,
    update: validateDefinitionUpdate,
    status: validateDefinitionStatus,
  },
}
