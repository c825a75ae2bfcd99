/** What the validation tests share: objects as they come from decoding, faults as text, upstream's sentences. */
import { applyDefaults, decodeObject } from '#api/codec.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, resourceOf } from '#api/scheme.ts'
import type { FieldError } from '#api/status.ts'
import {
  validateCreate,
  validateSubresourceUpdate,
  validateUpdate,
} from '#api/validation/validation.ts'
import type { Test } from 'tap'

const GROUPS: Readonly<Record<string, string>> = {
  flowschemas: 'flowcontrol.apiserver.k8s.io/v1',
  prioritylevelconfigurations: 'flowcontrol.apiserver.k8s.io/v1',
  apiservices: 'apiregistration.k8s.io/v1',
  storageversionmigrations: 'storagemigration.k8s.io/v1',
  customresourcedefinitions: 'apiextensions.k8s.io/v1',
  validatingwebhookconfigurations: 'admissionregistration.k8s.io/v1',
  mutatingwebhookconfigurations: 'admissionregistration.k8s.io/v1',
  validatingadmissionpolicies: 'admissionregistration.k8s.io/v1',
  validatingadmissionpolicybindings: 'admissionregistration.k8s.io/v1',
  mutatingadmissionpolicies: 'admissionregistration.k8s.io/v1',
  mutatingadmissionpolicybindings: 'admissionregistration.k8s.io/v1',
  deviceclasses: 'resource.k8s.io/v1',
  resourceclaims: 'resource.k8s.io/v1',
  resourceclaimtemplates: 'resource.k8s.io/v1',
  resourceslices: 'resource.k8s.io/v1',
  devicetaintrules: 'resource.k8s.io/v1',
  deployments: 'apps/v1',
  replicasets: 'apps/v1',
  controllerrevisions: 'apps/v1',
  daemonsets: 'apps/v1',
  statefulsets: 'apps/v1',
  jobs: 'batch/v1',
  cronjobs: 'batch/v1',
  horizontalpodautoscalers: 'autoscaling/v2',
  poddisruptionbudgets: 'policy/v1',
  podsecuritypolicies: 'policy/v1beta1',
  runtimeclasses: 'node.k8s.io/v1',
  ingresses: 'networking.k8s.io/v1',
  ingressclasses: 'networking.k8s.io/v1',
  networkpolicies: 'networking.k8s.io/v1',
  ipaddresses: 'networking.k8s.io/v1',
  servicecidrs: 'networking.k8s.io/v1',
  roles: 'rbac.authorization.k8s.io/v1',
  clusterroles: 'rbac.authorization.k8s.io/v1',
  rolebindings: 'rbac.authorization.k8s.io/v1',
  clusterrolebindings: 'rbac.authorization.k8s.io/v1',
  endpointslices: 'discovery.k8s.io/v1',
  leases: 'coordination.k8s.io/v1',
  priorityclasses: 'scheduling.k8s.io/v1',
  certificatesigningrequests: 'certificates.k8s.io/v1',
  storageclasses: 'storage.k8s.io/v1',
  volumeattachments: 'storage.k8s.io/v1',
  csidrivers: 'storage.k8s.io/v1',
  csinodes: 'storage.k8s.io/v1',
  csistoragecapacities: 'storage.k8s.io/v1',
  volumeattributesclasses: 'storage.k8s.io/v1',
}

export function resourceNamed(plural: string): Resource {
  const [version = 'v1', group = ''] = (GROUPS[plural] ?? 'v1').split('/').toReversed()
  const resource = resourceOf(group, version, plural)
  if (resource === undefined) throw new Error(`no resource ${plural}`)
  return resource
}

/** A decoded, defaulted object; `fields` are laid over a name. */
export function build(plural: string, fields: object): AnyObject {
  const resource = resourceNamed(plural)
  const { metadata = {}, ...rest } = JSON.parse(JSON.stringify(fields))
  const named = { name: 'x', ...(resource.namespaced ? { namespace: 'default' } : {}), ...metadata }
  const { object } = decodeObject(
    resource.type(),
    { apiVersion: GROUPS[plural] ?? 'v1', kind: resource.kind, metadata: named, ...rest },
    'Strict',
  )
  return applyDefaults(resource.type(), object)
}

export const showFaults = (faults: readonly FieldError[]): string[] =>
  faults.map(({ field, message }) => `${field}: ${message}`)

export const faultsOf = (plural: string, fields: object): string[] =>
  showFaults(validateCreate(resourceNamed(plural), build(plural, fields)))

export const updateFaults = (plural: string, before: object, after: object): string[] =>
  showFaults(
    validateUpdate(resourceNamed(plural), {
      object: build(plural, after),
      old: build(plural, before),
    }),
  )

/** Of a write to the status: spec and metadata are those of the object before. */
export const statusFaults = (plural: string, before: object, after: object): string[] =>
  showFaults(
    validateSubresourceUpdate(resourceNamed(plural), {
      object: build(plural, after),
      old: build(plural, before),
      subresource: 'status',
    }),
  )

export const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
export const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
export const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
export const QUALIFIED =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
export const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

export type Case = readonly [
  name: string,
  plural: string,
  fields: object,
  faults: readonly string[],
]

export function runCases(t: Pick<Test, 'strictSame'>, cases: readonly Case[]): void {
  for (const [name, plural, fields, expected] of cases) {
    t.strictSame(faultsOf(plural, fields), expected, name)
  }
}

export const container = (more: object = {}): object => ({ name: 'c', image: 'i', ...more })
