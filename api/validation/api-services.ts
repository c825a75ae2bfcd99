/**
 * APIServices and StorageVersionMigrations: what the API server keeps about itself. Pure.
 * Source: k8s.io/kube-aggregator pkg/apis/apiregistration/validation/validation.go,
 * kubernetes pkg/apis/storagemigration/validation/validation.go
 */
import { label1035Faults, portNumberFaults, subdomainFaults } from '#api/names.ts'
import type { APIService, APIServiceSpec } from '#api/types/apiregistration-v1.ts'
import type { StorageVersionMigration } from '#api/types/storagemigration-v1beta1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  type Faults,
  IMMUTABLE,
  NOT_NEGATIVE,
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
  const { resource } = resourceOf(migration)
  if (resource === '') faults.push(required('spec.resource.resource', 'resource is required'))
}

function validateMigrationUpdate(
  faults: Faults,
  migration: StorageVersionMigration,
  before: StorageVersionMigration,
): void {
  validateMigration(faults, migration)
  const old = resourceOf(before)
  for (const [name, value] of Object.entries(resourceOf(migration))) {
    if (value !== Reflect.get(old, name)) faults.push(wrong(name, value, IMMUTABLE))
  }
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  status?.conditions?.some(one => one.type === type && one.status === 'True') ?? false

/** Pairs that cannot both be true, with what is said then. */
const EXCLUSIVE = [
  ['Succeeded', 'Failed', 'Both success and failed conditions cannot be true at the same time'],
  ['Succeeded', 'Running', 'Running condition cannot be true when success condition is true'],
  ['Failed', 'Running', 'Running condition cannot be true when failed condition is true'],
] as const

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
  if (version !== '' && !/^[+-]?\d+$/.test(version)) {
    const text = JSON.stringify(version)
    const detail = `failed to parse resource version ${text}: strconv.ParseInt: parsing ${text}: invalid syntax`
    faults.push(wrong(field, version, detail))
  } else if (version.startsWith('-')) faults.push(wrong(field, Number(version), NOT_NEGATIVE))
  validateConditions(faults, 'status.conditions', conditions)
  const old = before.status?.resourceVersion ?? ''
  if (old !== '' && old !== version) faults.push(wrong(field, version, 'cannot be updated'))
  for (const [one, other, detail] of EXCLUSIVE) {
    if (isTrue(migration, one) && isTrue(migration, other)) {
      faults.push(wrong('status.conditions', conditions, detail))
    }
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
