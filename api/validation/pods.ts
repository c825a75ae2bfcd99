/**
 * Pods: what a spec may hold, and the little of it that may change afterwards. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec, ValidatePodUpdate
 */
import { equalJson } from '#api/json.ts'
import { labelFaults, outOfRange, subdomainFaults } from '#api/names.ts'
import type { Container, Pod, PodSpec, Toleration, Volume } from '#api/types/core-v1.ts'
import { differencesOf } from '#api/validation/differences.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  required,
  requireOneOf,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from '#api/validation/pod-containers.ts'
import { validateDetails, validateDnsConfig } from '#api/validation/pod-details.ts'
import {
  validateAffinity,
  validateSpread,
  validateTolerations,
} from '#api/validation/pod-placement.ts'
import {
  isGated,
  validateGatedChanges,
  validateGates,
  withGatedFieldsOf,
} from '#api/validation/pod-gates.ts'
import { validateHostUsers, validatePodSecurity } from '#api/validation/pod-security.ts'
import { validatePodResources } from '#api/validation/pod-resources.ts'
import { validateHostProcesses } from '#api/validation/pod-systems.ts'
import { validateVolumes } from '#api/validation/pod-volumes.ts'

const INT32_MAX = 2_147_483_647

export function validatePod(faults: Faults, pod: Pod): void {
  if (pod.spec === undefined) faults.push(required('spec.containers'))
  else validateNewSpec(faults, pod.spec)
}

/** What only a pod that runs may have. */
function validateNewSpec(faults: Faults, spec: PodSpec): void {
  validatePodSpec(faults, 'spec', spec)
  if ((spec.ephemeralContainers ?? []).length > 0) {
    faults.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    const detail = 'cannot be set until all schedulingGates have been cleared'
    faults.push(forbidden('spec.nodeName', detail))
  }
}

export function validatePodSpec(faults: Faults, field: string, spec: PodSpec): void {
  const volumes = validateVolumes(faults, `${field}.volumes`, spec.volumes ?? [])
  const context = contextOf(spec, volumes)
  validateContainers(faults, `${field}.containers`, spec.containers, context)
  validateInitContainers(faults, `${field}.initContainers`, spec.initContainers ?? [], context)
  const guests = spec.ephemeralContainers ?? []
  validateEphemeralContainers(faults, `${field}.ephemeralContainers`, guests, context)
  validatePodResources(faults, `${field}.resources`, spec)
  validatePolicies(faults, field, spec)
  validateNames(faults, field, spec)
  validateLabels(faults, `${field}.nodeSelector`, spec.nodeSelector)
  validatePodSecurity(faults, `${field}.securityContext`, spec)
  validateDetails(faults, field, spec)
  validateHostProcesses(faults, field, spec)
  validateHostUsers(faults, field, spec)
  validateTolerations(faults, `${field}.tolerations`, spec.tolerations ?? [])
  if (spec.affinity !== undefined) validateAffinity(faults, `${field}.affinity`, spec.affinity)
  validateSpread(faults, `${field}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? [])
}

const contextOf = (spec: PodSpec, volumes: ReadonlyMap<string, Volume>): ContainerContext => ({
  volumes,
  hostNetwork: spec.hostNetwork === true,
  hostUsers: spec.hostUsers !== false,
  restartPolicy: spec.restartPolicy,
  claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
  names: new Set<string>(),
})

/** A pod whose spec was changed through a subresource of its own. */
export function validateChangedPod(faults: Faults, { spec }: Pod): void {
  if (spec !== undefined) validatePodSpec(faults, 'spec', spec)
}

const RESTART_POLICIES: readonly string[] = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES: readonly string[] = [
  'ClusterFirstWithHostNet',
  'ClusterFirst',
  'Default',
  'None',
]

function validatePolicies(faults: Faults, field: string, spec: PodSpec): void {
  requireOneOf(faults, `${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES)
  requireOneOf(faults, `${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES)
  if (spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0) {
    const place =
      spec.dnsConfig === undefined ? `${field}.dnsConfig` : `${field}.dnsConfig.nameservers`
    const detail =
      spec.dnsConfig === undefined
        ? 'must provide `dnsConfig` when `dnsPolicy` is None'
        : 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    faults.push(required(place, detail))
  } else if (spec.dnsConfig !== undefined) {
    validateDnsConfig(faults, `${field}.dnsConfig`, spec.dnsConfig)
  }
  allowOneOf(faults, `${field}.preemptionPolicy`, spec.preemptionPolicy, [
    'Never',
    'PreemptLowerPriority',
  ])
  const seconds = spec.activeDeadlineSeconds
  if (seconds !== undefined && (seconds < 1 || seconds > INT32_MAX)) {
    faults.push(wrong(`${field}.activeDeadlineSeconds`, seconds, outOfRange(1, INT32_MAX)))
  }
  const shared = spec.securityContext
  if (shared?.runAsNonRoot === true && shared.runAsUser === 0) {
    const place = `${field}.securityContext.runAsUser`
    faults.push(wrong(place, 0, 'must not be 0 when `runAsNonRoot` is true'))
  }
}

function validateNames(faults: Faults, field: string, spec: PodSpec): void {
  const formats = {
    serviceAccountName: subdomainFaults,
    nodeName: subdomainFaults,
    hostname: labelFaults,
    subdomain: labelFaults,
    priorityClassName: subdomainFaults,
  } as const
  for (const name of [
    'serviceAccountName',
    'nodeName',
    'hostname',
    'subdomain',
    'priorityClassName',
  ] as const) {
    const value = spec[name] ?? ''
    if (value !== '') wrongFormat(faults, `${field}.${name}`, value, formats[name](value))
  }
}

const MUTABLE_FIELDS = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** The spec may change in its images, deadline, added tolerations and lifted scheduling gates; nowhere else. */
export function validatePodUpdate(faults: Faults, pod: Pod, before: Pod): void {
  const { spec } = pod
  const old = before.spec
  if (spec === undefined || old === undefined || equalJson(spec, old)) return
  validatePodSpec(faults, 'spec', spec)
  for (const part of ['containers', 'initContainers'] as const) {
    if ((spec[part] ?? []).length !== (old[part] ?? []).length) {
      faults.push(forbidden(`spec.${part}`, 'pod updates may not add or remove containers'))
      return
    }
  }
  validateDeadline(faults, spec, old)
  validateAddedTolerations(faults, spec.tolerations ?? [], old.tolerations ?? [])
  validateGates(faults, spec, old)
  if (isGated(old)) validateGatedChanges(faults, spec, old)
  const compared = isGated(old) ? withGatedFieldsOf(spec, old) : spec
  const munged = withMutableFieldsOf(compared, old)
  if (!equalJson(munged, old)) {
    const detail = `pod updates may not change fields other than ${MUTABLE_FIELDS}\n${differencesOf('spec', old, munged)}`
    faults.push(forbidden('spec', detail))
  }
}

function validateDeadline(faults: Faults, spec: PodSpec, old: PodSpec): void {
  const field = 'spec.activeDeadlineSeconds'
  const seconds = spec.activeDeadlineSeconds
  const previous = old.activeDeadlineSeconds
  if (seconds === undefined) {
    if (previous !== undefined) {
      faults.push(wrong(field, undefined, 'must not update from a positive integer to nil value'))
    }
  } else if (seconds < 0 || seconds > INT32_MAX) {
    faults.push(wrong(field, seconds, outOfRange(0, INT32_MAX)))
  } else if (previous !== undefined && previous < seconds) {
    faults.push(wrong(field, seconds, 'must be less than or equal to previous value'))
  }
}

function validateAddedTolerations(
  faults: Faults,
  tolerations: readonly Toleration[],
  before: readonly Toleration[],
): void {
  const withoutSeconds = ({ tolerationSeconds: _seconds, ...rest }: Toleration): object => rest
  const isKept = (old: Toleration): boolean =>
    tolerations.some(toleration => equalJson(withoutSeconds(toleration), withoutSeconds(old)))
  if (!before.every(isKept)) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds'
    faults.push(forbidden('spec.tolerations', detail))
  }
}

/** The new spec with everything that may change as it was: what differs then was not allowed. */
function withMutableFieldsOf(spec: PodSpec, old: PodSpec): PodSpec {
  const images = (containers: readonly Container[], from: readonly Container[]): Container[] =>
    containers.map((container, index) => {
      const { image: _image, ...rest } = container
      const image = from[index]?.image
      return image === undefined ? rest : { ...rest, image }
    })
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    schedulingGates: _gates,
    initContainers,
    terminationGracePeriodSeconds,
    ...rest
  } = spec
  const grace =
    (old.terminationGracePeriodSeconds ?? 0) < 0 && terminationGracePeriodSeconds === 1
      ? old.terminationGracePeriodSeconds
      : terminationGracePeriodSeconds
  return {
    ...rest,
    containers: images(spec.containers, old.containers),
    ...(initContainers === undefined
      ? {}
      : { initContainers: images(initContainers, old.initContainers ?? []) }),
    ...(old.activeDeadlineSeconds === undefined
      ? {}
      : { activeDeadlineSeconds: old.activeDeadlineSeconds }),
    ...(old.tolerations === undefined ? {} : { tolerations: old.tolerations }),
    ...(old.schedulingGates === undefined ? {} : { schedulingGates: old.schedulingGates }),
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  }
}

/** Pod templates of controllers always restart. */
export function validateTemplateRestart(faults: Faults, field: string, spec: PodSpec): void {
  if (spec.restartPolicy !== undefined && spec.restartPolicy !== 'Always') {
    faults.push(unsupported(`${field}.restartPolicy`, spec.restartPolicy, ['Always']))
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicaSet is not Supported'
    faults.push(forbidden(`${field}.activeDeadlineSeconds`, detail))
  }
}
