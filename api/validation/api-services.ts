/**
 * APIServices and StorageVersionMigrations: what the API server keeps about itself. Pure.
 * Source: k8s.io/kube-aggregator pkg/apis/apiregistration/validation/validation.go,
 * kubernetes pkg/apis/storagemigration/validation/validation.go
 */
import { equalJson } from '#api/json.ts'
import { label1035Faults, portNumberFaults, subdomainFaults } from '#api/names.ts'
import type { APIService, APIServiceSpec } from '#api/types/apiregistration-v1.ts'
import type { StorageVersionMigration } from '#api/types/storagemigration-v1beta1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  type Faults,
  IMMUTABLE,
  Printed,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import type { RuleTable } from '#api/validation/rules.ts'

const GROUP_PRIORITY_MAX = 20_000
const VERSION_PRIORITY_MAX = 1000
const STATUSES = ['True', 'False', 'Unknown']

function validateAPIService(faults: Faults, service: APIService): void {
  const { name = '' } = service.metadata
  const spec = service.spec ?? { groupPriorityMinimum: 0, versionPriority: 0 }
  const { group = '', version = '', groupPriorityMinimum, versionPriority } = spec
  const wanted = `${version}.${group}`
  if (name !== '' && name !== wanted) {
    const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`
    faults.push(wrong('metadata.name', name, detail))
  }
  if (group === '' && version !== 'v1') {
    const detail = 'only v1 may have an empty group and it better be legacy kube'
    faults.push(required('spec.group', detail))
  }
  if (group !== '') wrongFormat(faults, 'spec.group', group, subdomainFaults(group))
  wrongFormat(faults, 'spec.version', version, label1035Faults(version))
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > GROUP_PRIORITY_MAX) {
    const detail = `must be positive and less than ${GROUP_PRIORITY_MAX}`
    faults.push(wrong('spec.groupPriorityMinimum', groupPriorityMinimum, detail))
  }
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX) {
    const detail = `must be positive and less than ${VERSION_PRIORITY_MAX}`
    faults.push(wrong('spec.versionPriority', versionPriority, detail))
  }
  validateWhere(faults, spec)
}

/** Without a service the group is served by this server itself, and there is nobody to trust. */
function validateWhere(faults: Faults, spec: APIServiceSpec): void {
  const { service, caBundle = '', insecureSkipTLSVerify: isInsecure = false } = spec
  if (service === undefined) {
    if (caBundle !== '') {
      const bytes = `${Buffer.byteLength(caBundle, 'base64')} bytes`
      faults.push(wrong('spec.caBundle', bytes, 'local APIServices may not have a caBundle'))
    }
    if (isInsecure) {
      const detail = 'local APIServices may not have insecureSkipTLSVerify'
      faults.push(wrong('spec.insecureSkipTLSVerify', isInsecure, detail))
    }
    return
  }
  const { namespace = '', name = '', port = 0 } = service
  if (namespace === '') faults.push(required('spec.service.namespace'))
  if (name === '') faults.push(required('spec.service.name'))
  const format = portNumberFaults(port)
  if (format.length > 0) {
    faults.push(wrong('spec.service.port', port, `port is not valid: ${format.join(', ')}`))
  }
  if (isInsecure && caBundle !== '') {
    const detail = 'may not be true if caBundle is present'
    faults.push(wrong('spec.insecureSkipTLSVerify', isInsecure, detail))
  }
}

function validateAPIServiceStatus(faults: Faults, { status }: APIService): void {
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    if (STATUSES.includes(condition.status)) continue
    faults.push(unsupported(`status.conditions[${index}].status`, condition.status, STATUSES))
  }
}

const resourceOf = ({ spec }: StorageVersionMigration): { group: string; resource: string } => ({
  group: spec?.resource.group ?? '',
  resource: spec?.resource.resource ?? '',
})

function validateMigration(faults: Faults, migration: StorageVersionMigration): void {
  const { group, resource } = resourceOf(migration)
  const field = 'spec.resource.resource'
  const format = label1035Faults(resource)
  if (resource === '') faults.push(required(field, 'resource is required to be set'))
  else if (format.length > 0) faults.push(wrong(field, resource, format.join(',')))
  const groupFormat = group === '' ? [] : subdomainFaults(group)
  if (groupFormat.length > 0) {
    faults.push(wrong('spec.resource.group', group, groupFormat.join(',')))
  }
}

function validateMigrationUpdate(
  faults: Faults,
  migration: StorageVersionMigration,
  before: StorageVersionMigration,
): void {
  validateMigration(faults, migration)
  const resource = resourceOf(migration)
  if (equalJson(resource, resourceOf(before))) return
  faults.push(wrong('spec', new Printed({ Resource: resource }), IMMUTABLE))
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  status?.conditions?.some(one => one.type === type && one.status === 'True') ?? false

/** Conditions that stay true once they are. */
const FINAL = [
  ['Succeeded', 'Success condition cannot be set to false once it is true'],
  ['Failed', 'Failed condition cannot be set to false once it is true'],
] as const

function validateMigrationStatus(
  faults: Faults,
  migration: StorageVersionMigration,
  before: StorageVersionMigration,
): void {
  const { resourceVersion: version = '', conditions = [] } = migration.status ?? {}
  const field = 'status.resourceVersion'
  if (version !== '' && !/^[1-9]\d*$/.test(version)) {
    faults.push(wrong(field, version, `resource version is not well formed: ${version}`))
  }
  validateConditions(faults, 'status.conditions', conditions)
  const old = before.status?.resourceVersion ?? ''
  if (old !== '' && old !== version) faults.push(wrong(field, version, IMMUTABLE))
  if (isTrue(migration, 'Succeeded') && isTrue(migration, 'Failed')) {
    const detail = 'Both success and failed conditions cannot be true at the same time'
    faults.push(wrong('status.conditions', conditions, detail))
  }
  for (const [type, detail] of FINAL) {
    if (isTrue(before, type) && !isTrue(migration, type)) {
      faults.push(wrong('status.conditions', conditions, detail))
    }
  }
}

export const API_SERVICE_RULES: RuleTable = {
  'apiservices.apiregistration.k8s.io': {
    create: validateAPIService,
    status: validateAPIServiceStatus,
  },
  'storageversionmigrations.storagemigration.k8s.io': {
    create: validateMigration,
    update: validateMigrationUpdate,
    status: validateMigrationStatus,
  },
}
