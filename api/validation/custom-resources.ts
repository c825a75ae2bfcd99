/**
 * CustomResourceDefinitions. Pure.
 * What all versions say alike (schema, subresources, columns) is blamed at the path that v1beta1 had for it, as
 * upstream does.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 */
import { equalJson } from '#api/json.ts'
import { label1035Faults, subdomainFaults } from '#api/names.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '#api/types/apiextensions-v1.ts'
import {
  validateColumns,
  validateConversion,
  validateSubresources,
} from '#api/validation/definition-parts.ts'
import { type Faults, refuseChange, required, requireOneOf, wrong } from '#api/validation/fault.ts'
import { validateRootSchema } from '#api/validation/json-schemas.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { validateSelectableFields } from '#api/validation/selectable-paths.ts'

const WARNING_MAX = 256
/** Groups of the project: whoever defines kinds in them says who approved it. */
const PROTECTED = /(^|\.)(k8s|kubernetes)\.io$/
const APPROVAL = 'api-approved.kubernetes.io'

function validateDefinition(faults: Faults, definition: CustomResourceDefinition): void {
  const { name = '' } = definition.metadata
  const { names, group } = definition.spec
  if (name !== '' && name !== `${names.plural}.${group}`) {
    faults.push(wrong('metadata.name', name, 'must be spec.names.plural+"."+spec.group'))
  }
  validateSpec(faults, definition.spec, undefined)
  validateStored(faults, definition)
  validateApproval(faults, definition)
  refuseUnknownFields(faults, definition.spec)
}

function refuseUnknownFields(faults: Faults, spec: CustomResourceDefinitionSpec): void {
  if (spec.preserveUnknownFields !== true) return
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  faults.push(wrong('spec.preserveUnknownFields', true, detail))
}

function validateDefinitionUpdate(
  faults: Faults,
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition,
): void {
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
  if (approvalOf(definition).state !== approvalOf(before).state)
    validateApproval(faults, definition)
  if (before.spec.preserveUnknownFields !== true) refuseUnknownFields(faults, definition.spec)
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

/** A definition that came without schemas, through v1beta1, may stay so while it keeps unknown fields. */
function requireSchemas(
  faults: Faults,
  { versions, preserveUnknownFields = false }: CustomResourceDefinitionSpec,
  before: CustomResourceDefinitionSpec | undefined,
): void {
  const isRequired = before?.versions.every(hasSchema) ?? true
  for (const [index, version] of versions.entries()) {
    if (hasSchema(version)) continue
    const field = `spec.versions[${index}].schema.openAPIV3Schema`
    if (isRequired) faults.push(required(field))
    else if (!preserveUnknownFields && version.served) {
      faults.push(required(field, 'because otherwise all fields are pruned'))
    }
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
  requireSchemas(faults, spec, before)
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
  if (fields.length === 0) return
  if (root === undefined) {
    const detail =
      field === 'spec'
        ? 'may only be set when validations.schema is included'
        : 'may only be set when `version.schema.openAPIV3Schema` is not included'
    faults.push(wrong(`${field}.selectableFields`, '', detail))
    return
  }
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

function validateStored(faults: Faults, { spec, status }: CustomResourceDefinition): void {
  const stored = status?.storedVersions ?? []
  const field = 'status.storedVersions'
  if (stored.length === 0) {
    faults.push(wrong(field, null, 'must have at least one stored version'))
    return
  }
  for (const version of spec.versions) {
    if (!version.storage || stored.includes(version.name)) continue
    faults.push(wrong(field, stored, `must have the storage version ${version.name}`))
  }
  for (const [index, name] of stored.entries()) {
    if (spec.versions.some(version => version.name === name)) continue
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    faults.push(wrong(`${field}[${index}]`, name, detail))
  }
}

type Approval = 'missing' | 'invalid' | 'approved' | 'bypassed'

function approvalOf({ metadata }: CustomResourceDefinition): {
  readonly state: Approval
  readonly value: string
} {
  const value = metadata.annotations?.[APPROVAL] ?? ''
  if (value === '') return { state: 'missing', value }
  if (value.startsWith('unapproved')) return { state: 'bypassed', value }
  return { state: /^[a-zA-Z][-+.a-zA-Z0-9]*:\/\/[^/]+/.test(value) ? 'approved' : 'invalid', value }
}

const APPROVED = `protected groups must have approval annotation "${APPROVAL}"`
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111'

function validateApproval(faults: Faults, definition: CustomResourceDefinition): void {
  if (!PROTECTED.test(definition.spec.group)) return
  const { state, value } = approvalOf(definition)
  const field = `metadata.annotations[${APPROVAL}]`
  if (state === 'missing') faults.push(required(field, `${APPROVED}, ${SEE}`))
  if (state === 'invalid') {
    const detail = `${APPROVED} with either a URL or a reason starting with "unapproved", ${SEE}`
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
