/**
 * What may change about a pod that is there: little of its spec, and nothing its node was told in annotations. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodUpdate
 */
import { equalJson } from '#api/json.ts'
import { outOfRange, INT32_MAX } from '#api/names.ts'
import type { Container, Pod, PodSpec, Toleration } from '#api/types/core-v1.ts'
import { differencesOf } from '#api/validation/differences.ts'
import { type Faults, forbidden, required, wrong } from '#api/validation/fault.ts'
import {
  validateAnnotationChanges,
  validatePodAnnotations,
} from '#api/validation/pod-annotations.ts'
import { validateImageText } from '#api/validation/pod-containers.ts'
import {
  isGated,
  validateGatedChanges,
  validateGates,
  withGatedFieldsOf,
} from '#api/validation/pod-gates.ts'
import { validateTolerations } from '#api/validation/pod-placement.ts'
import { validateWhole } from '#api/validation/pods.ts'

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
  if (spec === undefined || old === undefined) return
  // What is as it was was good when it was written.
  const isSame = equalJson(spec, old)
  if (!isSame) validateWhole(faults, spec, pod.metadata)
  else if (!equalJson(pod.metadata.annotations, before.metadata.annotations)) {
    validatePodAnnotations(faults, 'metadata.annotations', pod.metadata.annotations ?? {}, spec)
  }
  validateChangedAnnotations(faults, pod, before)
  if (isSame) return
  if (!validateImages(faults, spec, old) || !validateDeadline(faults, spec, old)) return
  validateAddedTolerations(faults, spec.tolerations ?? [], old.tolerations ?? [])
  validateGates(faults, spec, old)
  const settled = withMutableFieldsOf(spec, old)
  if (isGated(old)) validateGatedChanges(faults, settled, old)
  const munged = isGated(old) ? withGatedFieldsOf(settled, old) : settled
  if (equalJson(munged, old)) return
  const detail = `pod updates may not change fields other than ${MUTABLE_FIELDS}\n${differencesOf('spec', old, munged)}`
  faults.push(forbidden('spec', detail))
}

/** Beside what is wrong with them anyway. */
export function validateChangedAnnotations(faults: Faults, pod: Pod, before: Pod): void {
  const { metadata, spec = { containers: [] } } = pod
  const { annotations = {} } = metadata
  const { annotations: old = {} } = before.metadata
  if (equalJson(annotations, old)) return
  const field = 'metadata.annotations'
  validateAnnotationChanges(faults, field, annotations, old)
  validatePodAnnotations(faults, field, annotations, spec)
}

/** False when containers came or went: then there is nothing to compare. */
function validateImages(faults: Faults, spec: PodSpec, old: PodSpec): boolean {
  for (const part of ['containers', 'initContainers'] as const) {
    const containers = spec[part] ?? []
    if (containers.length !== (old[part] ?? []).length) {
      faults.push(forbidden(`spec.${part}`, 'pod updates may not add or remove containers'))
      return false
    }
    for (const [index, container] of containers.entries()) {
      const place = `spec.${part}[${index}]`
      if ((container.image ?? '') === '') faults.push(required(`${place}.image`))
      validateImageText(faults, place, container)
    }
  }
  return true
}

/** False when it is wrong. */
function validateDeadline(faults: Faults, spec: PodSpec, old: PodSpec): boolean {
  const field = 'spec.activeDeadlineSeconds'
  const seconds = spec.activeDeadlineSeconds
  const previous = old.activeDeadlineSeconds
  if (seconds === undefined) {
    if (previous !== undefined) {
      faults.push(wrong(field, undefined, 'must not update from a positive integer to nil value'))
    }
  } else if (seconds < 0 || seconds > INT32_MAX) {
    faults.push(wrong(field, seconds, outOfRange(0, INT32_MAX)))
    return false
  } else if (previous !== undefined && previous < seconds) {
    faults.push(wrong(field, seconds, 'must be less than or equal to previous value'))
    return false
  }
  return true
}

function validateAddedTolerations(
  faults: Faults,
  tolerations: readonly Toleration[],
  before: readonly Toleration[],
): void {
  const withoutSeconds = ({ tolerationSeconds: _seconds, ...rest }: Toleration): object => rest
  const isKept = (old: Toleration): boolean =>
    tolerations.some(toleration => equalJson(withoutSeconds(toleration), withoutSeconds(old)))
  if (before.every(isKept)) validateTolerations(faults, 'spec.tolerations', tolerations)
  else {
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
    serviceAccount: _alias,
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
    // The other name of serviceAccountName; pods of old lack it.
    ...(old.serviceAccount === undefined ? {} : { serviceAccount: old.serviceAccount }),
    ...(old.schedulingGates === undefined ? {} : { schedulingGates: old.schedulingGates }),
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  }
}
