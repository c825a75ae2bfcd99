/**
 * Templates from which controllers make pods, and the selectors that must find those pods. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodTemplateSpec, pkg/apis/apps/validation
 */
import { labelSelectorOf } from '#api/selectors.ts'
import type { PodTemplateSpec } from '#api/types/core-v1.ts'
import type { LabelSelector } from '#api/types/meta-v1.ts'
import { type Faults, forbidden, wrong } from '#api/validation/fault.ts'
import { validateAnnotations, validateLabels } from '#api/validation/metadata.ts'
import { validatePodAnnotations, validateProfiles } from '#api/validation/pod-annotations.ts'
import { validatePodSpec } from '#api/validation/pods.ts'

export const UNMATCHED = '`selector` does not match template `labels`'

export const isEmptySelector = ({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): boolean => Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

/** Labels and annotations stand beside `metadata` in the paths, as upstream has them. */
export function validateTemplateMetadata(
  faults: Faults,
  field: string,
  template: PodTemplateSpec,
): void {
  validateLabels(faults, `${field}.labels`, template.metadata?.labels)
  validateAnnotations(faults, `${field}.annotations`, template.metadata?.annotations)
}

export function validateTemplate(faults: Faults, field: string, template: PodTemplateSpec): void {
  const { metadata = {}, spec = { containers: [] } } = template
  validateTemplateMetadata(faults, field, template)
  validatePodAnnotations(faults, `${field}.annotations`, metadata.annotations ?? {}, spec)
  validatePodSpec(faults, `${field}.spec`, spec)
  validateProfiles(faults, `${field}.spec`, metadata, spec)
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const detail = 'ephemeral containers not allowed in pod template'
    faults.push(forbidden(`${field}.spec.ephemeralContainers`, detail))
  }
}

/** `selector` has no fault of its own; an empty one, which finds everything, is refused elsewhere. */
export function validateMatch(
  faults: Faults,
  field: string,
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): void {
  const labels = template?.metadata?.labels
  if (selector === undefined || !labelSelectorOf(selector).matches(labels ?? {})) {
    faults.push(wrong(`${field}.metadata.labels`, labels, UNMATCHED))
  }
}
