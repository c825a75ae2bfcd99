/**
 * Templates from which controllers make pods, and the selectors that must find those pods. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodTemplateSpec, pkg/apis/apps/validation
 */
import { labelSelectorOf } from '#api/selectors.ts'
import type { PodTemplateSpec } from '#api/types/core-v1.ts'
import type { LabelSelector } from '#api/types/meta-v1.ts'
import { type Faults, forbidden, required, wrong } from '#api/validation/fault.ts'
import { validateAnnotations, validateLabels } from '#api/validation/metadata.ts'
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
  validateTemplateMetadata(faults, field, template)
  const { spec } = template
  if (spec === undefined) {
    faults.push(required(`${field}.spec.containers`))
    return
  }
  validatePodSpec(faults, `${field}.spec`, spec)
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const detail = 'ephemeral containers not allowed in pod template'
    faults.push(forbidden(`${field}.spec.ephemeralContainers`, detail))
  }
}

/** `selector` has no fault of its own. */
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
