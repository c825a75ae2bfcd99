/**
 * What a node may say about a pod: containers that ended for good stay ended. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodStatusUpdate; pkg/api/v1/pod/util.go
 * ContainerShouldRestart, AllContainersCouldRestart
 */
import { looseIpFaults } from '#api/addresses.ts'
import { qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { Container, ContainerStatus, Pod, PodIP, PodStatus } from '#api/types/core-v1.ts'
import { type Faults, forbidden, refuseChange, wrong, wrongFormat } from '#api/validation/fault.ts'
import { validateReportedContainers } from '#api/validation/pod-reports.ts'
import { validateClaimStatuses } from '#api/validation/pod-claim-statuses.ts'
import { validateChangedAnnotations } from '#api/validation/pod-updates.ts'
import { printedList } from '#api/validation/printed.ts'

export function validatePodStatus(faults: Faults, pod: Pod, before: Pod): void {
  const { status = {} } = pod
  const { status: old = {} } = before
  validateChangedAnnotations(faults, pod, before)
  validateConditions(faults, 'status.conditions', status)
  validateNomination(faults, 'status.nominatedNodeName', pod, before)
  refuseUnobserved(faults, 'status', status)
  refuseChange(faults, 'status.qosClass', {
    before: old.qosClass ?? '',
    after: status.qosClass ?? '',
  })
  const { containers = [], initContainers = [] } = before.spec ?? {}
  const isAnyRestarted = [...containers, ...initContainers].some(restartsAll)
  for (const [list, of] of [
    ['containerStatuses', containers],
    ['initContainerStatuses', initContainers],
    ['ephemeralContainerStatuses', []],
  ] as const) {
    if (isAnyRestarted && list !== 'ephemeralContainerStatuses') continue
    const transition = { before: old[list] ?? [], after: status[list] ?? [] }
    refuseRevival(faults, `status.${list}`, before, { containers: of, ...transition })
  }
  validateClaimStatuses(faults, 'status', status, pod.spec ?? { containers: [] })
  validateAddresses(faults, 'status.podIPs', status.podIPs ?? [], old.podIPs ?? [])
  const [first] = status.hostIPs ?? []
  if (first !== undefined && (first.ip ?? '') !== (status.hostIP ?? '')) {
    faults.push(wrong('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`'))
  }
  validateAddresses(faults, 'status.hostIPs', status.hostIPs ?? [], old.hostIPs ?? [])
  validateReportedContainers(faults, 'status', status, pod.spec ?? { containers: [] })
}

const SYSTEM_CONDITIONS: readonly string[] = ['PodScheduled', 'Ready', 'Initialized']

function validateConditions(faults: Faults, field: string, { conditions = [] }: PodStatus): void {
  for (const [index, condition] of conditions.entries()) {
    const { type } = condition
    refuseUnobserved(faults, `${field}[${index}]`, condition)
    if (SYSTEM_CONDITIONS.includes(type)) continue
    wrongFormat(faults, `${field}[${index}].Type`, type, qualifiedNameFaults(type))
  }
}

function refuseUnobserved(
  faults: Faults,
  field: string,
  { observedGeneration = 0 }: { readonly observedGeneration?: number },
): void {
  if (observedGeneration >= 0) return
  const detail = 'must be a non-negative integer'
  faults.push(wrong(`${field}.observedGeneration`, observedGeneration, detail))
}

/** A node is nominated for pods that have none. */
function validateNomination(faults: Faults, field: string, pod: Pod, before: Pod): void {
  const { nominatedNodeName: node = '' } = pod.status ?? {}
  if (node === '' || node === (before.status?.nominatedNodeName ?? '')) return
  wrongFormat(faults, field, node, subdomainFaults(node))
  if ((before.spec?.nodeName ?? '') === '') return
  faults.push(forbidden(field, 'may not be set on pods that are already bound to a node'))
}

/** One per family; what is there already may stay however it is written. */
function validateAddresses(
  faults: Faults,
  field: string,
  addresses: readonly PodIP[],
  before: readonly PodIP[],
): void {
  const known = new Set(before.map(({ ip }) => ip))
  for (const [index, { ip = '' }] of addresses.entries()) {
    if (known.has(ip)) continue
    wrongFormat(faults, `${field}[${index}]`, ip, looseIpFaults(ip))
  }
  const texts = addresses.map(({ ip }) => ip ?? '')
  if (texts.length < 2) return
  if (new Set(texts.map(ip => ip.includes(':'))).size === texts.length) return
  const detail = 'may specify no more than one IP for each IP family'
  faults.push(wrong(field, printedList('PodIP', addresses), detail))
}

interface Transition {
  readonly containers: readonly Container[]
  readonly before: readonly ContainerStatus[]
  readonly after: readonly ContainerStatus[]
}

function refuseRevival(faults: Faults, field: string, pod: Pod, transition: Transition): void {
  const { containers, before, after } = transition
  for (const [index, { name, state }] of before.entries()) {
    if (state?.terminated === undefined) continue
    const now = after.find(status => status.name === name && status.state?.terminated === undefined)
    const container = containers.find(one => one.name === name)
    if (now === undefined) continue
    if (container !== undefined && mayRestart(container, pod, state.terminated.exitCode)) continue
    const detail = 'may not be transitioned to non-terminated state'
    faults.push(forbidden(`${field}[${index}].state`, detail))
  }
}

const restartsAll = ({ restartPolicyRules = [] }: Container): boolean =>
  restartPolicyRules.some(({ action }) => action === 'RestartAllContainers')

/** By its rules first, then by its own policy, then by the pod's. */
function mayRestart(container: Container, pod: Pod, exitCode: number): boolean {
  const { restartPolicyRules: rules = [], restartPolicy = pod.spec?.restartPolicy } = container
  const isMet = rules.some(({ exitCodes, action }) => {
    if (exitCodes === undefined || action !== 'Restart') return false
    const isIn = (exitCodes.values ?? []).includes(exitCode)
    return exitCodes.operator === 'In' ? isIn : exitCodes.operator === 'NotIn' && !isIn
  })
  return isMet || restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0)
}
