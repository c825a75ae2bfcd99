/**
 * Pods: what a spec may hold. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec, ValidatePodCreate
 */
import { labelFaults, outOfRange, subdomainFaults, INT32_MAX } from '#api/names.ts'
import type { ObjectMeta } from '#api/object.ts'
import type { Pod, PodSpec, Volume } from '#api/types/core-v1.ts'
import {
  type Faults,
  forbidden,
  required,
  requireOneOf,
  unsupported,
  wrong,
  WHOLE,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import {
  MIRROR,
  validatePodAnnotations,
  validateProfiles,
} from '#api/validation/pod-annotations.ts'
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateImageText,
  validateInitContainers,
} from '#api/validation/pod-containers.ts'
import {
  validateAliases,
  validateClaims,
  validateDnsConfig,
  validateGateNames,
  validateHostname,
} from '#api/validation/pod-details.ts'
import { validateFileVolumes } from '#api/validation/pod-environment.ts'
import {
  validateAffinity,
  validateSpread,
  validateTolerations,
} from '#api/validation/pod-placement.ts'
import { validateContainerResources, validatePodResources } from '#api/validation/pod-resources.ts'
import { validateHostUsers, validatePodSecurity } from '#api/validation/pod-security.ts'
import { validateHostProcesses, validateOs } from '#api/validation/pod-systems.ts'
import { validateVolumes } from '#api/validation/pod-volumes.ts'

const EMPTY: PodSpec = { containers: [] }

export function validatePod(faults: Faults, { spec = EMPTY, metadata }: Pod): void {
  validateWhole(faults, spec, metadata)
  if ((spec.ephemeralContainers ?? []).length > 0) {
    faults.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    const detail = 'cannot be set until all schedulingGates have been cleared'
    faults.push(forbidden('spec.nodeName', detail))
  }
  validateProfiles(faults, 'spec', metadata, spec)
}

/** Annotations and spec of a pod, and what templates may still leave open. */
export function validateWhole(faults: Faults, spec: PodSpec, metadata: ObjectMeta): void {
  validatePodAnnotations(faults, 'metadata.annotations', metadata.annotations ?? {}, spec)
  validatePodSpec(faults, 'spec', spec, metadata)
  if ((spec.serviceAccountName ?? '') === '') refuseTokens(faults, spec.volumes ?? [])
  for (const part of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[part] ?? []).entries()) {
      validateImageText(faults, `spec.${part}[${index}]`, container)
    }
  }
}

/** Nobody's token is in no volume. */
function refuseTokens(faults: Faults, volumes: readonly Volume[]): void {
  for (const [index, { projected }] of volumes.entries()) {
    for (const [at, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (serviceAccountToken === undefined) continue
      const place = `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`
      faults.push(forbidden(place, 'must not be specified when serviceAccountName is not set'))
    }
  }
}

/** `pod` is the metadata of a pod; a template has none. */
export function validatePodSpec(
  faults: Faults,
  field: string,
  spec: PodSpec,
  pod?: ObjectMeta,
): void {
  const owner = { podName: pod?.name ?? '', isPod: pod !== undefined }
  const volumes = validateVolumes(faults, `${field}.volumes`, spec.volumes ?? [], owner)
  validatePodClaims(faults, `${field}.resourceClaims`, spec, pod)
  const context = contextOf(spec, volumes)
  validateEveryContainer(faults, field, spec, context)
  validatePodResources(faults, `${field}.resources`, spec, context.claims)
  if (spec.hostNetwork === true) validateHostPorts(faults, field, spec, owner.isPod)
  requireOneOf(faults, `${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES)
  requireOneOf(faults, `${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES)
  validateLabels(faults, `${field}.nodeSelector`, spec.nodeSelector)
  validatePodSecurity(faults, `${field}.securityContext`, spec)
  if (spec.affinity !== undefined) validateAffinity(faults, `${field}.affinity`, spec.affinity)
  validateDns(faults, `${field}.dnsConfig`, spec)
  validateGateNames(faults, field, spec)
  validateSpread(faults, `${field}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? [])
  validateHostProcesses(faults, field, spec)
  validateHostUsers(faults, field, spec)
  validateHostname(faults, field, spec)
  validateRest(faults, field, spec)
  validateOs(faults, field, spec)
  validateFileVolumes(faults, field, spec)
}

/** One per claim: each is refused as a whole, without a path. */
function validatePodClaims(
  faults: Faults,
  field: string,
  { resourceClaims: claims = [] }: PodSpec,
  pod: ObjectMeta | undefined,
): void {
  if (pod?.annotations?.[MIRROR] === undefined) validateClaims(faults, field, claims)
  else {
    for (const _ of claims) {
      faults.push(forbidden(WHOLE, 'static pods do not support resource claims'))
    }
  }
}

const contextOf = (spec: PodSpec, volumes: ReadonlyMap<string, Volume>): ContainerContext => ({
  volumes,
  hostUsers: spec.hostUsers !== false,
  restartPolicy: spec.restartPolicy,
  claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter(name => name !== '')),
  grace: spec.terminationGracePeriodSeconds,
})

function validateEveryContainer(
  faults: Faults,
  field: string,
  { containers, initContainers = [], ephemeralContainers = [] }: PodSpec,
  context: ContainerContext,
): void {
  const names = containers.map(({ name }) => name)
  const hosts = [...names, ...initContainers.map(({ name }) => name)]
  validateContainers(faults, `${field}.containers`, containers, context)
  validateInitContainers(faults, `${field}.initContainers`, initContainers, { ...context, names })
  validateEphemeralContainers(faults, `${field}.ephemeralContainers`, ephemeralContainers, {
    ...context,
    names: hosts,
  })
}

/** Ports of the host are those of its containers; in templates they are still to be filled in. */
function validateHostPorts(faults: Faults, field: string, spec: PodSpec, isPod: boolean): void {
  for (const [index, { ports = [] }] of spec.containers.entries()) {
    for (const [at, { hostPort = 0, containerPort = 0 }] of ports.entries()) {
      if (hostPort === containerPort || (hostPort === 0 && !isPod)) continue
      const place = `${field}.containers[${index}].ports[${at}].hostPort`
      faults.push(wrong(place, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    }
  }
}

/** A pod whose spec was changed through a subresource of its own. */
export function validateChangedPod(faults: Faults, { spec, metadata }: Pod): void {
  if (spec !== undefined) validateWhole(faults, spec, metadata)
}

const RESTART_POLICIES: readonly string[] = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES: readonly string[] = [
  'ClusterFirstWithHostNet',
  'ClusterFirst',
  'Default',
  'None',
]

function validateDns(faults: Faults, field: string, { dnsPolicy, dnsConfig }: PodSpec): void {
  if (dnsPolicy === 'None' && dnsConfig === undefined) {
    faults.push(required(field, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  } else if (dnsPolicy === 'None' && (dnsConfig?.nameservers ?? []).length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    faults.push(required(`${field}.nameservers`, detail))
  } else if (dnsConfig !== undefined) validateDnsConfig(faults, field, dnsConfig)
}

function validateRest(faults: Faults, field: string, spec: PodSpec): void {
  validateName(faults, `${field}.serviceAccountName`, spec.serviceAccountName, subdomainFaults)
  validateName(faults, `${field}.nodeName`, spec.nodeName, subdomainFaults)
  const seconds = spec.activeDeadlineSeconds
  if (seconds !== undefined && (seconds < 1 || seconds > INT32_MAX)) {
    faults.push(wrong(`${field}.activeDeadlineSeconds`, seconds, outOfRange(1, INT32_MAX)))
  }
  validateName(faults, `${field}.hostname`, spec.hostname, labelFaults)
  validateName(faults, `${field}.subdomain`, spec.subdomain, labelFaults)
  validateTolerations(faults, `${field}.tolerations`, spec.tolerations ?? [])
  validateAliases(faults, `${field}.hostAliases`, spec.hostAliases ?? [])
  validateName(faults, `${field}.priorityClassName`, spec.priorityClassName, subdomainFaults)
  const { runtimeClassName: runtime, preemptionPolicy, overhead } = spec
  if (runtime !== undefined) {
    wrongFormat(faults, `${field}.runtimeClassName`, runtime, subdomainFaults(runtime))
  }
  const preemption = `${field}.preemptionPolicy`
  if (preemptionPolicy !== undefined) {
    requireOneOf(faults, preemption, preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  }
  if (overhead === undefined) return
  validateContainerResources(faults, `${field}.overhead`, { limits: overhead }, new Set())
}

function validateName(
  faults: Faults,
  field: string,
  name: string | undefined,
  format: (name: string) => readonly string[],
): void {
  if (name !== undefined && name !== '') wrongFormat(faults, field, name, format(name))
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
