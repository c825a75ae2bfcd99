/**
 * What a node may say about a pod: containers that ended for good stay ended. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
 */
import { ipFaults } from '#api/addresses.ts'
import { qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { Container, ContainerStatus, Pod, PodIP } from '#api/types/core-v1.ts'
import { type Faults, forbidden, refuseRepeats, wrong, wrongFormat } from '#api/validation/fault.ts'

const SYSTEM_CONDITIONS: readonly string[] = ['PodScheduled', 'Ready', 'Initialized']

export function validatePodStatus(faults: Faults, pod: Pod, before: Pod): void {
  const { status = {} } = pod
  const { status: old = {} } = before
  for (const [index, { type }] of (status.conditions ?? []).entries()) {
    if (SYSTEM_CONDITIONS.includes(type)) continue
    wrongFormat(faults, `metadata.conditions[${index}].Type`, type, qualifiedNameFaults(type))
  }
  const { nominatedNodeName: nominated = '' } = status
  if (nominated !== '' && nominated !== old.nominatedNodeName) {
    wrongFormat(faults, 'status.nominatedNodeName', nominated, subdomainFaults(nominated))
  }
  const { containers = [], initContainers = [] } = before.spec ?? {}
  refuseRevival(faults, 'status.containerStatuses', before, {
    containers,
    before: old.containerStatuses ?? [],
    after: status.containerStatuses ?? [],
  })
  refuseRevival(faults, 'status.initContainerStatuses', before, {
    // Sidecars are started again whatever the pod's policy.
    containers: initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always'),
    before: old.initContainerStatuses ?? [],
    after: status.initContainerStatuses ?? [],
  })
  validateAddresses(faults, 'status.podIPs', status.podIPs ?? [])
  const [first] = status.hostIPs ?? []
  if (first !== undefined && first.ip !== status.hostIP) {
    faults.push(wrong('status.hostIPs[0].ip', first.ip, 'must be equal to `hostIP`'))
  }
  validateAddresses(faults, 'status.hostIPs', status.hostIPs ?? [])
}

/** One per family. */
function validateAddresses(faults: Faults, field: string, addresses: readonly PodIP[]): void {
  for (const [index, { ip = '' }] of addresses.entries()) {
    wrongFormat(faults, `${field}[${index}]`, ip, ipFaults(ip))
  }
  const texts = addresses.map(({ ip }) => ip ?? '')
  if (texts.length < 2) return
  if (new Set(texts.map(ip => ip.includes(':'))).size !== texts.length) {
    faults.push(wrong(field, addresses, 'may specify no more than one IP for each IP family'))
  }
  refuseRepeats(faults, field, addresses)
}

interface Transition {
  readonly containers: readonly Container[]
  readonly before: readonly ContainerStatus[]
  readonly after: readonly ContainerStatus[]
}

function refuseRevival(faults: Faults, field: string, pod: Pod, transition: Transition): void {
  const { containers, before, after } = transition
  for (const [index, { name, state }] of before.entries()) {
    const container = containers.find(one => one.name === name)
    if (state?.terminated === undefined || container === undefined) continue
    const { restartPolicyRules: rules = [], restartPolicy = pod.spec?.restartPolicy } = container
    const mayRestart =
      rules.length > 0 ||
      restartPolicy === 'Always' ||
      (restartPolicy === 'OnFailure' && state.terminated.exitCode !== 0)
    const now = after.find(status => status.name === name)
    if (mayRestart || now === undefined || now.state?.terminated !== undefined) continue
    const detail = 'may not be transitioned to non-terminated state'
    faults.push(forbidden(`${field}[${index}].state`, detail))
  }
}
