/**
 * Which claims a pod got, as its status says. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validatePodResourceClaimStatuses,
 * validatePodExtendedResourceClaimStatus
 */
import { labelFaults, subdomainFaults } from '#api/names.ts'
import type {
  ContainerExtendedResourceRequest,
  PodExtendedResourceClaimStatus,
  PodSpec,
  PodStatus,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  required,
  requireFormat,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

export function validateClaimStatuses(
  faults: Faults,
  field: string,
  status: PodStatus,
  spec: PodSpec,
): void {
  const names = new Set<string>()
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name))
  for (const [index, { name, resourceClaimName: claim }] of (
    status.resourceClaimStatuses ?? []
  ).entries()) {
    const place = `${field}.resourceClaimStatuses[${index}]`
    if (!claims.has(name)) {
      const detail = 'must match the name of an entry in `spec.resourceClaims`'
      faults.push(wrong(`${place}.name`, name, detail))
    }
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    names.add(name)
    if (claim !== undefined) {
      wrongFormat(faults, `${place}.resourceClaimName`, claim, subdomainFaults(claim))
    }
  }
  const { extendedResourceClaimStatus: extended } = status
  if (extended === undefined) return
  validateExtended(faults, `${field}.extendedResourceClaimStatus`, extended, spec)
}

const WHERE = 'spec.initContainers'

function validateExtended(
  faults: Faults,
  field: string,
  { requestMappings, resourceClaimName }: PodExtendedResourceClaimStatus,
  spec: PodSpec,
): void {
  const place = `${field}.requestMappings`
  if (requestMappings.length === 0) {
    faults.push(required(place, 'at least one request mapping is required'))
  }
  const seen = new Set<string>()
  for (const [index, mapping] of requestMappings.entries()) {
    const { containerName, resourceName, requestName } = mapping
    validateMapped(faults, `${place}[${index}]`, mapping, spec)
    wrongFormat(faults, `${field}.requestName`, requestName, labelFaults(requestName))
    const key = JSON.stringify([containerName, resourceName, requestName])
    if (seen.has(key)) {
      for (const [name, value] of Object.entries({ containerName, resourceName, requestName })) {
        faults.push(duplicate(`${place}[${index}].${name}`, value))
      }
    }
    seen.add(key)
  }
  requireFormat(faults, `${field}.resourceClaimName`, resourceClaimName, subdomainFaults)
}

function validateMapped(
  faults: Faults,
  place: string,
  { containerName, resourceName }: ContainerExtendedResourceRequest,
  { containers, initContainers = [] }: PodSpec,
): void {
  const container = [...containers, ...initContainers].find(({ name }) => name === containerName)
  if (container === undefined) {
    const detail = `must match the name of an entry in ${WHERE}.name or spec.containers.name`
    faults.push(wrong(`${place}.containerName`, containerName, detail))
  } else if (!Object.hasOwn(container.resources?.requests ?? {}, resourceName)) {
    const detail = `must match the extended resource name of an entry in ${WHERE}.resources.requests or spec.containers.resources.requests`
    faults.push(wrong(`${place}.resourceName`, resourceName, detail))
  }
}
