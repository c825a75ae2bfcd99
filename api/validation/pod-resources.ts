/**
 * What containers, and pods as a whole, ask of a node: amounts, huge pages, claimed devices, how they are resized. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateResourceRequirements, validatePodResources,
 * validateResourceClaimNames, validateResizePolicy
 */
import { labelFaults } from '#api/names.ts'
import { containerTotals } from '#api/pod-requests.ts'
import { compareQuantities, parseQuantity } from '#api/quantity.ts'
import type {
  ContainerResizePolicy,
  PodSpec,
  ResourceClaim,
  ResourceRequirements,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  notFound,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import {
  isHugePagesResource,
  isOvercommitAllowed,
  ownOf,
  validateAmount,
  validateContainerResourceName,
  validateResourceName,
} from '#api/validation/quantities.ts'

type NameRule = (faults: Faults, field: string, name: string) => void

export function validateContainerResources(
  faults: Faults,
  field: string,
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
): void {
  validateRequirements(faults, field, resources, validateContainerResourceName)
  validateClaimNames(faults, `${field}.claims`, resources.claims ?? [], claimNames)
}

function validateRequirements(
  faults: Faults,
  field: string,
  { limits = {}, requests = {} }: ResourceRequirements,
  nameRule: NameRule,
): void {
  for (const [name, amount] of Object.entries(limits)) {
    const place = `${field}.limits[${name}]`
    nameRule(faults, place, name)
    validateAmount(faults, place, name, amount)
    requireWholePages(faults, place, { name, amount })
  }
  for (const [name, amount] of Object.entries(requests)) {
    const place = `${field}.requests[${name}]`
    nameRule(faults, place, name)
    validateAmount(faults, place, name, amount)
    validateShare(faults, field, { name, amount, limit: ownOf(limits, name) })
    requireWholePages(faults, place, { name, amount })
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  const isBacked = names.includes('cpu') || names.includes('memory')
  if (!isBacked && names.some(isHugePagesResource)) {
    faults.push(forbidden(field, 'HugePages require cpu or memory'))
  }
}

interface Amount {
  readonly name: string
  readonly amount: string
}

function requireWholePages(faults: Faults, field: string, { name, amount }: Amount): void {
  if (isHugePagesResource(name) && !isWholePages(name, amount)) {
    faults.push(wrong(field, amount, `${amount} is not positive integer multiple of ${name}`))
  }
}

/** `hugepages-2Mi` come in pieces of 2Mi. */
function isWholePages(name: string, amount: string): boolean {
  const size = name.slice('hugepages-'.length)
  try {
    const page = parseQuantity(size).nanos
    return page > 0n && parseQuantity(amount).nanos % page === 0n
  } catch {
    return false
  }
}

function validateShare(
  faults: Faults,
  field: string,
  { name, amount, limit }: Amount & { readonly limit: string | undefined },
): void {
  const isExact = !isOvercommitAllowed(name)
  if (limit === undefined) {
    if (!isExact) return
    faults.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'))
    return
  }
  const difference = amount === limit ? 0 : compareQuantities(amount, limit)
  if (isExact ? difference === 0 : difference <= 0) return
  const relation = isExact ? 'equal to' : 'less than or equal to'
  faults.push(wrong(`${field}.requests`, amount, `must be ${relation} ${name} limit of ${limit}`))
}

function validateClaimNames(
  faults: Faults,
  field: string,
  claims: readonly ResourceClaim[],
  known: ReadonlySet<string>,
): void {
  const seen = new Set<string>()
  /** Claims of which some requests were named. */
  const parted = new Set<string>()
  for (const [index, { name, request = '' }] of claims.entries()) {
    const place = `${field}[${index}]`
    if (name === '') {
      faults.push(required(place))
      continue
    }
    const key = request === '' ? name : `${name}/${request}`
    if (seen.has(name)) faults.push(duplicate(place, name))
    else {
      if (request !== '') {
        wrongFormat(faults, `${place}.request`, request, labelFaults(request))
      }
      if (seen.has(key)) faults.push(duplicate(place, key))
      else if (request === '' && parted.has(name)) faults.push(duplicate(place, name))
      seen.add(key)
      if (request !== '') parted.add(name)
    }
    if (!known.has(name)) faults.push(unknownClaim(place, name, known))
  }
}

function unknownClaim(place: string, name: string, known: ReadonlySet<string>): Faults[number] {
  const rest = known.size === 0 ? ' which is empty' : `: ${[...known].toSorted().join(', ')}`
  const fault = notFound(place, name)
  const detail = `must be one of the names in pod.spec.resourceClaims${rest}`
  return { ...fault, message: `${fault.message}: ${detail}` }
}

const POD_RESOURCES: readonly string[] = ['cpu', 'hugepages-', 'memory']

const isPodResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || isHugePagesResource(name)

function validatePodResourceName(faults: Faults, field: string, name: string): void {
  const before = faults.length
  validateResourceName(faults, field, name)
  if (faults.length === before && !isPodResource(name)) {
    faults.push(unsupported(field, name, POD_RESOURCES))
  }
}

/** What the whole pod asks for covers what its containers ask for. */
export function validatePodResources(
  faults: Faults,
  field: string,
  spec: PodSpec,
  claimNames: ReadonlySet<string>,
): void {
  const { resources } = spec
  if (resources === undefined) return
  if (spec.os?.name === 'windows') {
    faults.push(forbidden(field, 'may not be set for a windows pod'))
    return
  }
  if (resources.claims !== undefined) {
    faults.push(forbidden(`${field}.claims`, 'claims may not be set for Resources at pod-level'))
  }
  validateRequirements(faults, field, resources, validatePodResourceName)
  validateClaimNames(faults, `${field}.claims`, resources.claims ?? [], claimNames)
  validateTotals(faults, field, spec, 'requests')
  validateTotals(faults, field, spec, 'limits')
  for (const [index, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const most = ownOf(resources.limits, name)
      if (most === undefined || compareQuantities(limit, most) <= 0) continue
      const place = `${field}.containers[${index}][${name}].limits`
      faults.push(wrong(place, limit, `must be less than or equal to pod limits of ${most}`))
    }
  }
}

/** Limits of containers may add up to more than the pod's, except of what cannot be overcommitted. */
function validateTotals(
  faults: Faults,
  field: string,
  spec: PodSpec,
  part: 'limits' | 'requests',
): void {
  for (const [name, total] of Object.entries(containerTotals(spec, part))) {
    if (part === 'limits' && !isHugePagesResource(name)) continue
    const amount = ownOf(spec.resources?.[part], name)
    if (amount === undefined || compareQuantities(total, amount) <= 0) continue
    const detail = `must be greater than or equal to aggregate container ${part} of ${total}`
    faults.push(wrong(`${field}.${part}[${name}]`, amount, detail))
  }
}

const RESIZED: readonly string[] = ['cpu', 'memory']
const RESIZE_POLICIES: readonly string[] = ['NotRequired', 'RestartContainer']

/** Upstream's paths do not say which of the policies it is. */
export function validateResizePolicies(
  faults: Faults,
  field: string,
  policies: readonly ContainerResizePolicy[],
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of policies.entries()) {
    if (seen.has(resourceName)) faults.push(duplicate(`${field}[${index}]`, resourceName))
    seen.add(resourceName)
    for (const [value, allowed] of [
      [resourceName, RESIZED],
      [restartPolicy, RESIZE_POLICIES],
    ] as const) {
      if (value === '') faults.push(required(field))
      else if (!allowed.includes(value)) faults.push(unsupported(field, value, allowed))
    }
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
      faults.push(wrong(field, restartPolicy, detail))
    }
  }
}
