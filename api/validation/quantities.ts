/**
 * Names of resources and amounts of them, as limits, quotas, claims and containers state them. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateResourceName, ValidateResourceQuantityValue;
 * pkg/apis/core/helper/helpers.go
 */
import { qualifiedNameFaults } from '#api/names.ts'
import { parseQuantity } from '#api/quantity.ts'
import { type Faults, NOT_NEGATIVE, wrong, wrongFormat } from '#api/validation/fault.ts'

const CONTAINER_RESOURCES: readonly string[] = ['cpu', 'memory', 'ephemeral-storage']

/** Counted in whole objects. */
const COUNTED_RESOURCES: readonly string[] = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
]

const QUOTA_RESOURCES: readonly string[] = [
  ...CONTAINER_RESOURCES,
  ...CONTAINER_RESOURCES.map(name => `requests.${name}`),
  ...CONTAINER_RESOURCES.map(name => `limits.${name}`),
  'requests.storage',
  ...COUNTED_RESOURCES,
]

const STANDARD_RESOURCES: readonly string[] = [...QUOTA_RESOURCES, 'storage']

const isHugePages = (name: string): boolean => name.startsWith('hugepages-')
const isQuotaHugePages = (name: string): boolean =>
  isHugePages(name) || name.startsWith('requests.hugepages-')

/** Of Kubernetes itself: without a domain, or with one of its own. */
export const isNativeResource = (name: string): boolean =>
  !name.includes('/') || name.includes('kubernetes.io/')

/** Of somebody else, such as a device plugin. */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) &&
  !name.startsWith('requests.') &&
  qualifiedNameFaults(`requests.${name}`).length === 0

/** Whether limits may exceed requests. */
export const isOvercommitAllowed = (name: string): boolean =>
  isNativeResource(name) && !isHugePages(name)

export const isHugePagesResource = isHugePages

export const isQuotaResource = (name: string): boolean =>
  QUOTA_RESOURCES.includes(name) || isQuotaHugePages(name)

export function validateResourceName(faults: Faults, field: string, name: string): void {
  const format = qualifiedNameFaults(name)
  wrongFormat(faults, field, name, format)
  if (format.length > 0 || name.includes('/')) return
  if (!STANDARD_RESOURCES.includes(name) && !isQuotaHugePages(name)) {
    faults.push(wrong(field, name, 'must be a standard resource type or fully qualified'))
  }
}

export function validateContainerResourceName(faults: Faults, field: string, name: string): void {
  validateResourceName(faults, field, name)
  if (!name.includes('/')) {
    if (!CONTAINER_RESOURCES.includes(name) && !isHugePages(name)) {
      faults.push(wrong(field, name, 'must be a standard resource for containers'))
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    faults.push(wrong(field, name, "doesn't follow extended resource name standard"))
  }
}

export function validateQuotaResourceName(faults: Faults, field: string, name: string): void {
  validateResourceName(faults, field, name)
  if (!name.includes('/') && !isQuotaResource(name)) {
    faults.push(wrong(field, name, 'must be a standard resource for quota'))
  }
}

const WHOLE_NANOS = 1_000_000_000n

/** An amount of a resource: not negative, and whole where the resource comes in pieces. */
export function validateAmount(faults: Faults, field: string, name: string, amount: string): void {
  refuseNegativeQuantity(faults, field, amount)
  const isCounted = COUNTED_RESOURCES.includes(name) || isExtendedResource(name)
  if (isCounted && parseQuantity(amount).nanos % WHOLE_NANOS !== 0n) {
    faults.push(wrong(field, amount, 'must be an integer'))
  }
}

export function refuseNegativeQuantity(faults: Faults, field: string, amount: string): void {
  if (parseQuantity(amount).nanos < 0n) faults.push(wrong(field, amount, NOT_NEGATIVE))
}

export function requirePositiveQuantity(faults: Faults, field: string, amount: string): void {
  if (parseQuantity(amount).nanos <= 0n) {
    faults.push(wrong(field, amount, 'must be greater than zero'))
  }
}

/** What has been measured: any amount but a negative one. */
export function validateCapacity(
  faults: Faults,
  field: string,
  capacity: Readonly<Record<string, string>> | undefined,
): void {
  for (const [name, amount] of Object.entries(capacity ?? {})) {
    const { nanos } = parseQuantity(amount)
    if (nanos > -WHOLE_NANOS) continue
    const whole = Number(nanos / WHOLE_NANOS)
    faults.push(wrong(`${field}[${name}]`, whole, 'must be a valid resource quantity'))
  }
}

/** The quantity of a resource. Names are the client's: `constructor` is one that may not be there. */
export const ownOf = (
  quantities: Readonly<Record<string, string>> | undefined,
  name: string,
): string | undefined =>
  quantities !== undefined && Object.hasOwn(quantities, name) ? quantities[name] : undefined
