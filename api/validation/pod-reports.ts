/**
 * What a node reports of containers: their users and the health of what they were given. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateContainerStatusUsers,
 * validateContainerStatusAllocatedResourcesStatus, validateContainerStatusNoAllocatedResourcesStatus
 */
import { byteLength } from '#api/names.ts'
import type {
  Container,
  ContainerStatus,
  PodSpec,
  PodStatus,
  ResourceHealth,
  ResourceStatus,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  required,
  requireKnown,
  tooLong,
  wrong,
} from '#api/validation/fault.ts'
import { validateIds } from '#api/validation/pod-security.ts'

const LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

export function validateReportedContainers(
  faults: Faults,
  field: string,
  status: PodStatus,
  spec: PodSpec,
): void {
  for (const list of LISTS) {
    for (const [index, one] of (status[list] ?? []).entries()) {
      validateUser(faults, `${field}.${list}[${index}].user.linux`, one, spec.os?.name ?? 'linux')
    }
  }
  const { containers, initContainers = [] } = spec
  for (const [list, of] of [
    ['containerStatuses', containers],
    ['initContainerStatuses', initContainers],
  ] as const) {
    for (const [index, one] of (status[list] ?? []).entries()) {
      const container = of.find(({ name }) => name === one.name)
      validateHealth(faults, `${field}.${list}[${index}].allocatedResourcesStatus`, one, container)
    }
  }
  for (const [index, one] of (status.ephemeralContainerStatuses ?? []).entries()) {
    if ((one.allocatedResourcesStatus ?? []).length === 0) continue
    const place = `${field}.ephemeralContainerStatuses[${index}].allocatedResourcesStatus`
    faults.push(forbidden(place, 'must not be specified in container status'))
  }
}

function validateUser(faults: Faults, field: string, status: ContainerStatus, os: string): void {
  const linux = status.user?.linux
  if (linux === undefined) return
  if (os === 'windows') faults.push(forbidden(field, 'cannot be set for a windows pod'))
  if (os !== 'linux') return
  validateIds(faults, field, { uid: linux.uid, gid: linux.gid })
  for (const [index, group] of (linux.supplementalGroups ?? []).entries()) {
    validateIds(faults, field, { [`supplementalGroups[${index}]`]: group })
  }
}

const CLAIM = 'claim:'
const NO_CLAIM =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
const NO_REQUEST = "must match one of the container's resource requests"

const isAskedFor = ({ resources = {} }: Container, name: string): boolean =>
  name.startsWith(CLAIM)
    ? (resources.claims ?? []).some(
        claim =>
          name ===
          `${CLAIM}${claim.name}${(claim.request ?? '') === '' ? '' : `/${claim.request}`}`,
      )
    : Object.hasOwn(resources.requests ?? {}, name)

function validateHealth(
  faults: Faults,
  field: string,
  { allocatedResourcesStatus: statuses = [] }: ContainerStatus,
  container: Container | undefined,
): void {
  for (const [index, status] of statuses.entries()) {
    const place = `${field}[${index}]`
    const { name } = status
    if (container !== undefined && !isAskedFor(container, name)) {
      const detail = name.startsWith(CLAIM) ? NO_CLAIM : NO_REQUEST
      faults.push(wrong(`${place}.name`, name, detail))
    }
    validateDevices(faults, `${place}.resources`, status)
  }
}

const HEALTH: readonly string[] = ['Healthy', 'Unhealthy', 'Unknown']
const MESSAGE_MAX = 1024

function validateDevices(faults: Faults, field: string, { resources = [] }: ResourceStatus): void {
  const ids = new Set<string>()
  for (const [index, resource] of resources.entries()) {
    const place = `${field}[${index}]`
    requireKnown(faults, `${place}.health`, resource.health, HEALTH)
    validateMessage(faults, `${place}.message`, resource)
    const { resourceID: id } = resource
    if (ids.has(id)) faults.push(duplicate(`${place}.resourceID`, id))
    ids.add(id)
  }
}

function validateMessage(faults: Faults, field: string, { message }: ResourceHealth): void {
  if (message === '') faults.push(required(field, 'must be non-empty if specified'))
  else if (message !== undefined && byteLength(message) > MESSAGE_MAX) {
    faults.push(tooLong(field, MESSAGE_MAX))
  }
}
