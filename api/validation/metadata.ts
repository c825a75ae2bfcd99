/**
 * Rules that the metadata of every object keeps. Pure.
 * Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go
 */
import { ipFaults } from '#api/addresses.ts'
import {
  byteLength,
  label1035Faults,
  labelFaults,
  labelValueFaults,
  pathSegmentFaults,
  qualifiedNameFaults,
  subdomainFaults,
  withoutTrailingDash,
} from '#api/names.ts'
import type { ObjectMeta, OwnerReference } from '#api/object.ts'
import { groupResource, type Resource } from '#api/scheme.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  refuseNegative,
  required,
  tooLong,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const ANNOTATIONS_MAX_BYTES = 256 * 1024

type NameFormat = (name: string) => readonly string[]

/** Kinds whose names are not simply DNS subdomains. */
const NAME_FORMATS: Readonly<Record<string, NameFormat>> = {
  namespaces: labelFaults,
  services: label1035Faults,
  'ipaddresses.networking.k8s.io': ipFaults,
  events: () => [],
  'events.events.k8s.io': () => [],
  // Theirs must be version and group, so that of core ends with a dot.
  'apiservices.apiregistration.k8s.io': () => [],
  'certificatesigningrequests.certificates.k8s.io': () => [],
  'roles.rbac.authorization.k8s.io': () => [],
  'clusterroles.rbac.authorization.k8s.io': () => [],
  'rolebindings.rbac.authorization.k8s.io': () => [],
  'clusterrolebindings.rbac.authorization.k8s.io': () => [],
}

const nameFaults = (resource: Resource, name: string): readonly string[] => {
  const inPath = pathSegmentFaults(name)
  return inPath.length > 0
    ? inPath
    : (NAME_FORMATS[groupResource(resource)] ?? subdomainFaults)(name)
}

export function validateMetadata(faults: Faults, resource: Resource, metadata: ObjectMeta): void {
  const { name = '', generateName = '', namespace = '' } = metadata
  if (generateName !== '') {
    const checked = withoutTrailingDash(generateName)
    wrongFormat(faults, 'metadata.generateName', generateName, nameFaults(resource, checked))
  }
  if (name === '') faults.push(required('metadata.name', 'name or generateName is required'))
  else wrongFormat(faults, 'metadata.name', name, nameFaults(resource, name))
  if (resource.namespaced) {
    if (namespace === '') faults.push(required('metadata.namespace'))
    else wrongFormat(faults, 'metadata.namespace', namespace, labelFaults(namespace))
  } else if (namespace !== '') {
    faults.push(forbidden('metadata.namespace', 'not allowed on this type'))
  }
  refuseNegative(faults, 'metadata.generation', metadata.generation)
  validateMutable(faults, metadata)
}

/** The part of the metadata that may change. */
function validateMutable(faults: Faults, metadata: ObjectMeta): void {
  validateLabels(faults, 'metadata.labels', metadata.labels)
  validateAnnotations(faults, 'metadata.annotations', metadata.annotations)
  validateOwners(faults, metadata.ownerReferences ?? [])
  validateFinalizers(faults, metadata.finalizers ?? [])
}

export function validateLabels(
  faults: Faults,
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    wrongFormat(faults, field, key, qualifiedNameFaults(key))
    wrongFormat(faults, field, value, labelValueFaults(value))
  }
}

export function validateAnnotations(
  faults: Faults,
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    wrongFormat(faults, field, key, qualifiedNameFaults(key.toLowerCase()))
    bytes += byteLength(key) + byteLength(value)
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) faults.push(tooLong(field, ANNOTATIONS_MAX_BYTES))
}

function validateOwners(faults: Faults, owners: readonly OwnerReference[]): void {
  const field = 'metadata.ownerReferences'
  let controller: string | undefined
  for (const owner of owners) {
    const { apiVersion, kind, name, uid } = owner
    if (apiVersion === '') {
      faults.push(wrong(`${field}.apiVersion`, apiVersion, 'version must not be empty'))
    }
    for (const [part, value] of Object.entries({ kind, name, uid })) {
      if (value === '') faults.push(wrong(`${field}.${part}`, value, 'must not be empty'))
    }
    if (apiVersion === 'v1' && kind === 'Event') {
      faults.push(wrong(field, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (owner.controller !== true) continue
    if (controller !== undefined) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`
      faults.push(wrong(field, owners, detail))
    }
    controller = `${kind}/${name}`
  }
}

const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion']

function validateFinalizers(faults: Faults, finalizers: readonly string[]): void {
  const field = 'metadata.finalizers'
  for (const [index, name] of finalizers.entries()) {
    const format = qualifiedNameFaults(name)
    wrongFormat(faults, field, name, format)
    if (format.length === 0 && !name.includes('/') && !STANDARD_FINALIZERS.includes(name)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified'
      faults.push(wrong(`${field}[${index}]`, name, detail))
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set'
    faults.push(wrong(field, finalizers, detail))
  }
}

const IMMUTABLE_METADATA = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const

export function validateMetadataUpdate(
  faults: Faults,
  metadata: ObjectMeta,
  before: ObjectMeta,
): void {
  if (before.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter(name => !before.finalizers?.includes(name))
    if (added.length > 0) {
      const names = added.map(name => JSON.stringify(name)).join(', ')
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`
      faults.push(forbidden('metadata.finalizers', detail))
    }
  }
  if ((metadata.generation ?? 0) < (before.generation ?? 0)) {
    faults.push(wrong('metadata.generation', metadata.generation ?? 0, 'must not be decremented'))
  }
  for (const name of IMMUTABLE_METADATA) {
    refuseChange(faults, `metadata.${name}`, { before: before[name], after: metadata[name] })
  }
  validateMutable(faults, metadata)
}
