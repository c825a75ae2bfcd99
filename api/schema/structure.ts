/**
 * Faults that the schema alone can see: what is required and missing, and what is none of the values an enum has.
 * Pure; status is not looked at, because components write it and upstream does not judge it either.
 *
 * Output  faults in field order, with paths as `spec.containers[0].name`; empty when there are none.
 * Required lists are left to the kind's own rules: for some, empty is right (EndpointSlice.endpoints).
 * Source: kubernetes pkg/apis/core/validation/validation.go (messages)
 */
import type { FieldError } from '#api/status.ts'
import type { Field, StructType, Type } from './type.ts'
import { isRecord } from '#api/values.ts'

type Check = (value: unknown, path: string, faults: FieldError[]) => void

/** Required by OpenAPI, but empty text is a value; or judged with a message of its own (metadata). */
const NOT_CHECKED = new Set([
  'io.k8s.apimachinery.pkg.apis.meta.v1.GroupResource.group',
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference.apiVersion',
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference.kind',
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference.name',
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference.uid',
  // Empty is an audience, too: that of the server.
  'io.k8s.api.storage.v1.TokenRequest.audience',
  // What it does not find is blamed.
  'io.k8s.api.apps.v1.DaemonSetSpec.selector',
  // Empty is wrong in the rule's own words.
  'io.k8s.api.flowcontrol.v1.FlowDistinguisherMethod.type',
  'io.k8s.api.flowcontrol.v1.LimitResponse.type',
  'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec.type',
  'io.k8s.api.flowcontrol.v1.Subject.kind',
])

/** Whose rules say everything, in an order and with exceptions that no schema knows. */
const JUDGED_BY_RULES: ReadonlySet<string> = new Set([
  'io.k8s.api.core.v1.NodeSpec',
  'io.k8s.api.core.v1.PersistentVolumeSpec',
  'io.k8s.api.core.v1.PodSpec',
  'io.k8s.api.core.v1.PodTemplateSpec',
  'io.k8s.api.core.v1.ResourceQuotaSpec',
  'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec',
  'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec',
  'io.k8s.api.admissionregistration.v1.MutatingWebhook',
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec',
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec',
  'io.k8s.api.admissionregistration.v1.ValidatingWebhook',
  'io.k8s.api.resource.v1.DeviceClassSpec',
  'io.k8s.api.resource.v1.ResourceClaimSpec',
  'io.k8s.api.resource.v1.ResourceSliceSpec',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec',
])

const checks = new WeakMap<StructType, Check | null>()

/** null: nothing to check at or below this type. */
function checkOf(type: Type): Check | null {
  if (type.kind === 'scalar') return type.enum === undefined ? null : enumCheck(type.enum)
  if (type.kind === 'list') return listCheck(checkOf(type.items))
  if (type.kind === 'map') return mapCheck(checkOf(type.values))
  if (JUDGED_BY_RULES.has(type.name)) return null
  const known = checks.get(type)
  if (known !== undefined) return known
  // A struct below itself finds this while its own is being made.
  const made: { current: Check | null } = { current: null }
  checks.set(type, (value, path, faults) => made.current?.(value, path, faults))
  made.current = structCheck(type)
  checks.set(type, made.current)
  return made.current
}

function enumCheck(values: readonly string[]): Check {
  const supported = values.map(value => JSON.stringify(value)).join(', ')
  return (value, path, faults) => {
    if (typeof value !== 'string' || value === '' || values.includes(value)) return
    faults.push({
      type: 'FieldValueNotSupported',
      field: path,
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
    })
  }
}

function listCheck(ofItem: Check | null): Check | null {
  if (ofItem === null) return null
  return (value, path, faults) => {
    if (!Array.isArray(value)) return
    for (let index = 0; index < value.length; index++) {
      ofItem(value[index], `${path}[${index}]`, faults)
    }
  }
}

function mapCheck(ofValue: Check | null): Check | null {
  if (ofValue === null) return null
  return (value, path, faults) => {
    if (!isRecord(value)) return
    for (const [key, item] of Object.entries(value)) ofValue(item, `${path}[${key}]`, faults)
  }
}

interface Step {
  readonly name: string
  readonly isRequired: boolean
  readonly below: Check | null
}

const stepOf = (struct: StructType, field: Field): Step => ({
  name: field.name,
  isRequired:
    field.required && isTextOrPointer(field) && !NOT_CHECKED.has(`${struct.name}.${field.name}`),
  below: checkOf(field.type),
})

/** Of the others, Go cannot tell the zero value from an absent one. */
const isTextOrPointer = ({ pointer, type }: Field): boolean =>
  pointer || (type.kind === 'scalar' && (type.scalar === 'string' || type.scalar === 'bytes'))

function structCheck(type: StructType): Check | null {
  const isKind = type.fields.has('metadata') && type.fields.has('kind')
  const steps = [...type.fields.values()]
    .filter(field => !(isKind && field.name === 'status'))
    .map(field => stepOf(type, field))
    .filter(step => step.isRequired || step.below !== null)
  if (steps.length === 0) return null
  return (value, path, faults) => {
    if (!isRecord(value)) return
    for (const { name, isRequired, below } of steps) {
      const given = value[name]
      if (given === undefined || given === '') {
        if (isRequired) faults.push(required(path === '' ? name : `${path}.${name}`))
      } else if (below !== null) {
        below(given, path === '' ? name : `${path}.${name}`, faults)
      }
    }
  }
}

const required = (field: string): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: 'Required value',
})

export function validateStructure(type: StructType, object: unknown): FieldError[] {
  const faults: FieldError[] = []
  checkOf(type)?.(object, '', faults)
  return faults
}
