/**
 * ReplicationControllers and PodTemplates. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateReplicationController, ValidatePodTemplate
 */
import { labelSelectorFromSet } from '#api/selectors.ts'
import type {
  PodTemplate,
  PodTemplateSpec,
  ReplicationController,
  ReplicationControllerSpec,
} from '#api/types/core-v1.ts'
import {
  type Faults,
  forbidden,
  refuseNegative,
  required,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import { UNMATCHED, validateTemplate } from '#api/validation/pod-templates.ts'

export function validatePodTemplate(faults: Faults, { template = {} }: PodTemplate): void {
  validateTemplate(faults, 'template', template)
}

export function validateReplicationController(
  faults: Faults,
  { spec = {} }: ReplicationController,
): void {
  const { selector = {}, template } = spec
  refuseNegative(faults, 'spec.minReadySeconds', spec.minReadySeconds)
  if (Object.keys(selector).length === 0) faults.push(required('spec.selector'))
  refuseNegative(faults, 'spec.replicas', spec.replicas)
  if (template === undefined) faults.push(required('spec.template'))
  else validateOwnTemplate(faults, spec, template)
}

function validateOwnTemplate(
  faults: Faults,
  { selector = {} }: ReplicationControllerSpec,
  template: PodTemplateSpec,
): void {
  const field = 'spec.template'
  const { labels } = template.metadata ?? {}
  if (!labelSelectorFromSet(selector).matches(labels ?? {})) {
    faults.push(wrong(`${field}.metadata.labels`, labels, UNMATCHED))
  }
  validateTemplate(faults, field, template)
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  if (template.spec !== undefined && restartPolicy !== 'Always') {
    faults.push(unsupported(`${field}.spec.restartPolicy`, restartPolicy, ['Always']))
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicationController is not Supported'
    faults.push(forbidden(`${field}.spec.activeDeadlineSeconds`, detail))
  }
}

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
] as const

export function validateReplicationControllerStatus(
  faults: Faults,
  { status }: ReplicationController,
): void {
  for (const name of COUNTS) refuseNegative(faults, `status.${name}`, status?.[name])
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {}
  for (const name of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status?.[name] ?? 0
    if (count <= replicas) continue
    faults.push(wrong(`status.${name}`, count, 'cannot be greater than status.replicas'))
  }
  if (availableReplicas > readyReplicas) {
    const detail = 'cannot be greater than readyReplicas'
    faults.push(wrong('status.availableReplicas', availableReplicas, detail))
  }
}
