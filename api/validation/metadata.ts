/**
 * Rules that the metadata of every object keeps. Pure.
 * Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go
 */
import { ipFaults } from '#api/addresses.ts'
import {
  byteLength,
  labelFaults,
  labelValueFaults,
  pathSegmentFaults,
  qualifiedNameFaults,
  subdomainFaults,
  withoutTrailingDash,
} from '#api/names.ts'
import type { ObjectMeta, OwnerReference } from '#api/object.ts'
import { groupResource, type Resource, resourceOf } from '#api/scheme.ts'
import {
  type Faults,
  forbidden,
  refuseChange,
  refuseNegative,
  required,
  tooLong,
  Printed,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const ANNOTATIONS_MAX_BYTES = 256 * 1024

type NameFormat = (name: string) => readonly string[]

/** Kinds whose names are not simply DNS subdomains. */
const NAME_FORMATS: Readonly<Record<string, NameFormat>> = {
  namespaces: labelFaults,
  'statefulsets.apps': labelFaults,
  services: labelFaults,
  'ipaddresses.networking.k8s.io': ipFaults,
  events: pathSegmentFaults,
  // Theirs must be version and group, so that of core ends with a dot.
  'apiservices.apiregistration.k8s.io': pathSegmentFaults,
  'certificatesigningrequests.certificates.k8s.io': pathSegmentFaults,
  'poddisruptionbudgets.policy': pathSegmentFaults,
  'roles.rbac.authorization.k8s.io': pathSegmentFaults,
  'clusterroles.rbac.authorization.k8s.io': pathSegmentFaults,
  'rolebindings.rbac.authorization.k8s.io': pathSegmentFaults,
  'clusterrolebindings.rbac.authorization.k8s.io': pathSegmentFaults,
}

/** What metadata is judged by: whose it is. */
export interface MetadataRules {
  readonly namespaced: boolean
  readonly nameFaults: NameFormat
}

export function validateMetadata(faults: Faults, resource: Resource, metadata: ObjectMeta): void {
  const nameFaults = NAME_FORMATS[groupResource(resource)] ?? subdomainFaults
  validateObjectMeta(faults, { namespaced: resource.namespaced, nameFaults }, metadata)
  validateFinalizerDomains(faults, resource, metadata)
}

/** What all objects have in common, those of custom kinds and embedded ones too. */
export function validateObjectMeta(
  faults: Faults,
  { namespaced, nameFaults }: MetadataRules,
  metadata: ObjectMeta,
): void {
  const { name = '', generateName = '', namespace = '' } = metadata
  if (generateName !== '') {
    const checked = withoutTrailingDash(generateName)
    wrongFormat(faults, 'metadata.generateName', generateName, nameFaults(checked))
  }
  if (name === '') faults.push(required('metadata.name', 'name or generateName is required'))
  else wrongFormat(faults, 'metadata.name', name, nameFaults(name))
  if (namespaced) {
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

/** As the program declares it. */
const inOrder = ({ apiVersion, kind, name, uid, ...rest }: OwnerReference): object => ({
  apiVersion,
  kind,
  name,
  uid,
  ...(rest.controller === undefined ? {} : { controller: rest.controller }),
  ...(rest.blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion: rest.blockOwnerDeletion }),
})

function validateOwners(faults: Faults, owners: readonly OwnerReference[]): void {
  const field = 'metadata.ownerReferences'
  let controller: string | undefined
  for (const owner of owners) {
    const { apiVersion, kind, name, uid } = owner
    // More than a group and a version is neither.
    if (apiVersion === '' || apiVersion.split('/').length > 2) {
      faults.push(wrong(`${field}.apiVersion`, apiVersion, 'version must not be empty'))
    }
    for (const [part, value] of Object.entries({ kind, name, uid })) {
      if (value === '') faults.push(wrong(`${field}.${part}`, value, 'must not be empty'))
    }
    if (apiVersion === 'v1' && kind === 'Event') {
      faults.push(
        wrong(
          field,
          new Printed(inOrder(owner)),
          '/v1, Kind=Event is disallowed from being an owner',
        ),
      )
    }
    if (owner.controller !== true) continue
    if (controller !== undefined) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`
      faults.push(wrong(field, new Printed(owners.map(inOrder)), detail))
    }
    controller = `${kind}/${name}`
  }
}

function validateFinalizers(faults: Faults, finalizers: readonly string[]): void {
  const field = 'metadata.finalizers'
  for (const name of finalizers) wrongFormat(faults, field, name, qualifiedNameFaults(name))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set'
    faults.push(wrong(field, finalizers, detail))
  }
}

export const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion']

/** Also of the finalizers that a namespace has in its spec. */
export function requireFinalizerDomain(faults: Faults, field: string, name: string): void {
  if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return
  const detail = 'name is neither a standard finalizer name nor is it fully qualified'
  faults.push(wrong(field, name, detail))
}

/** Groups and resources whose finalizers upstream holds to the general rules only, beside those of definitions. */
const FREE_FINALIZERS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'policy',
  'events',
])

const isFree = (resource: Resource): boolean =>
  FREE_FINALIZERS.has(resource.group) ||
  FREE_FINALIZERS.has(groupResource(resource)) ||
  resourceOf(resource.group, resource.version, resource.plural) === undefined

function validateFinalizerDomains(
  faults: Faults,
  resource: Resource,
  { finalizers = [] }: ObjectMeta,
): void {
  if (finalizers.length === 0 || isFree(resource)) return
  for (const [index, name] of finalizers.entries()) {
    requireFinalizerDomain(faults, `metadata.finalizers[${index}]`, name)
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
  resource: Resource,
  { metadata, before }: { readonly metadata: ObjectMeta; readonly before: ObjectMeta },
): void {
  validateObjectMetaUpdate(faults, metadata, before)
  validateFinalizerDomains(faults, resource, metadata)
}

/** As `validateObjectMeta`, of what may have changed. */
export function validateObjectMetaUpdate(
  faults: Faults,
  metadata: ObjectMeta,
  before: ObjectMeta,
): void {
  validateMutable(faults, metadata)
  if (before.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter(name => !before.finalizers?.includes(name))
    if (added.length > 0) {
      const names = [...new Set(added)].sort().map(name => JSON.stringify(name))
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names.join(', ')}}`
      faults.push(forbidden('metadata.finalizers', detail))
    }
  }
  if ((metadata.generation ?? 0) < (before.generation ?? 0)) {
    faults.push(wrong('metadata.generation', metadata.generation ?? 0, 'must not be decremented'))
  }
  for (const name of IMMUTABLE_METADATA) {
    refuseChange(faults, `metadata.${name}`, { before: before[name], after: metadata[name] })
  }
}
