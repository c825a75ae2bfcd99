/**
 * Jobs: their specs, also inside CronJobs. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go, pkg/registry/batch/job/strategy.go
 */
import { equalJson } from '#api/json.ts'
import { labelFaults } from '#api/names.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import type { Job, JobSpec } from '#api/types/batch-v1.ts'
import { validateDomainPath } from '#api/validation/domain-path.ts'
import {
  allowOneOf,
  type Faults,
  IMMUTABLE,
  refuseChange,
  refuseNegative,
  required,
  tooLong,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import {
  failureInMemory,
  successInMemory,
  validateFailurePolicy,
  validateSuccessPolicy,
} from '#api/validation/job-policies.ts'
import { validateJobStatus } from '#api/validation/job-status.ts'
import { adjusted, isAtRest } from '#api/validation/job-templates.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateMatch, validateTemplate } from '#api/validation/pod-templates.ts'
import type { RuleTable } from '#api/validation/rules.ts'

/** Above this many completions, further limits hold for retries per index. */
export const MANY_COMPLETIONS = 100_000
const PARALLELISM_MAX = 100_000
const FAILED_INDEXES_MAX = 100_000
export const LIMIT_WITH_MANY = 10_000
const MANAGED_BY_MAX = 63

const NUMBERS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

export const isIndexed = (spec: JobSpec | undefined): boolean => spec?.completionMode === 'Indexed'

/** What holds for a Job and for the template of a CronJob. */
export function validateJobSpec(faults: Faults, field: string, spec: JobSpec): void {
  for (const name of NUMBERS) refuseNegative(faults, `${field}.${name}`, spec[name])
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    faults.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (spec.managedBy !== undefined) {
    validateDomainPath(faults, `${field}.managedBy`, spec.managedBy)
    if (spec.managedBy.length > MANAGED_BY_MAX) {
      faults.push(tooLong(`${field}.managedBy`, MANAGED_BY_MAX))
    }
  }
  validateMode(faults, field, spec)
  if (spec.podFailurePolicy !== undefined) {
    validateFailurePolicy(faults, `${field}.podFailurePolicy`, spec)
  }
  if (spec.successPolicy !== undefined) {
    const place = `${field}.successPolicy`
    if (isIndexed(spec)) validateSuccessPolicy(faults, place, spec)
    else {
      const shown = successInMemory(spec.successPolicy)
      faults.push(wrong(place, shown, 'requires indexed completion mode'))
    }
  }
  const replacements =
    spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  allowOneOf(faults, `${field}.podReplacementPolicy`, spec.podReplacementPolicy, replacements)
  validateTemplate(faults, `${field}.template`, spec.template)
  validateRestart(faults, `${field}.template.spec.restartPolicy`, spec)
}

function validateMode(faults: Faults, field: string, spec: JobSpec): void {
  allowOneOf(faults, `${field}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed'])
  if (isIndexed(spec)) validateIndexed(faults, field, spec)
  if ((spec.completionMode ?? 'NonIndexed') !== 'NonIndexed') return
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    const value = spec[name]
    if (value === undefined) continue
    faults.push(wrong(`${field}.${name}`, value, 'requires indexed completion mode'))
  }
}

function validateIndexed(faults: Faults, field: string, spec: JobSpec): void {
  const { completions, parallelism = 0, maxFailedIndexes } = spec
  const refuseAbove = (name: 'maxFailedIndexes' | 'parallelism', most: number, why = ''): void => {
    const value = spec[name] ?? 0
    if (value <= most) return
    faults.push(wrong(`${field}.${name}`, value, `must be less than or equal to ${most}${why}`))
  }
  if (completions === undefined) {
    faults.push(required(`${field}.completions`, 'when completion mode is Indexed'))
  }
  if (parallelism > PARALLELISM_MAX) {
    refuseAbove('parallelism', PARALLELISM_MAX, ' when completion mode is Indexed')
  }
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) {
    const detail = 'must be less than or equal to completions'
    faults.push(wrong(`${field}.maxFailedIndexes`, maxFailedIndexes, detail))
  }
  refuseAbove('maxFailedIndexes', FAILED_INDEXES_MAX)
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${MANY_COMPLETIONS}`
    faults.push(required(`${field}.maxFailedIndexes`, detail))
  }
  const why = ` when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`
  refuseAbove('parallelism', LIMIT_WITH_MANY, why)
  refuseAbove('maxFailedIndexes', LIMIT_WITH_MANY, why)
}

function validateRestart(faults: Faults, field: string, spec: JobSpec): void {
  const policy = spec.template.spec?.restartPolicy ?? ''
  if (policy === 'Always' || policy === '') {
    faults.push(required(field, 'valid values: "OnFailure", "Never"'))
  } else if (policy !== 'OnFailure' && policy !== 'Never') {
    faults.push(unsupported(field, policy, ['OnFailure', 'Never']))
  } else if (spec.podFailurePolicy !== undefined && policy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified'
    faults.push(wrong(field, policy, detail))
  }
}

/** The labels that a Job without `manualSelector` gives its pods. */
export const generatedLabels = (name: string, uid: string): Readonly<Record<string, string>> => ({
  'controller-uid': uid,
  'job-name': name,
  'batch.kubernetes.io/controller-uid': uid,
  'batch.kubernetes.io/job-name': name,
})

function validateGenerated(faults: Faults, job: Job): void {
  const { spec, metadata } = job
  if (spec?.manualSelector === true || spec?.selector === undefined) return
  const wanted = generatedLabels(metadata.name ?? '', metadata.uid ?? '')
  const labels = spec.template.metadata?.labels ?? {}
  for (const [name, value] of Object.entries(wanted)) {
    const field = 'spec.template.metadata.labels'
    const actual = labels[name]
    if (actual === undefined) {
      faults.push(required(`${field}[${name}]`, `must be '${value}'`))
    } else if (actual !== value) {
      faults.push(wrong(`${field}[${name}]`, labels, `must be '${value}'`))
    }
  }
  const unusable: Faults = []
  validateLabelSelector(unusable, 'spec.selector', spec.selector)
  if (unusable.length === 0 && !labelSelectorOf(spec.selector).matches(wanted)) {
    faults.push(wrong('spec.selector', spec.selector, '`selector` not auto-generated'))
  }
}

function validateJob(faults: Faults, job: Job): void {
  const { spec, metadata } = job
  if (spec === undefined) {
    faults.push(required('spec.template.spec.containers'))
    return
  }
  validateGenerated(faults, job)
  validateOwnSpec(faults, spec)
  const { completions = 0 } = spec
  const { name = '' } = metadata
  const hostname = `${name}-${completions - 1}`
  if (isIndexed(spec) && completions > 0 && labelFaults(hostname).length > 0) {
    const detail = `will not able to create pod with invalid DNS label: ${hostname}`
    faults.push(wrong('metadata.name', name, detail))
  }
}

/** The spec of a Job itself: its selector must be there and find its pods. */
function validateOwnSpec(faults: Faults, spec: JobSpec): void {
  validateJobSpec(faults, 'spec', spec)
  const before = faults.length
  if (spec.selector === undefined) faults.push(required('spec.selector'))
  else validateLabelSelector(faults, 'spec.selector', spec.selector)
  if (spec.selector === undefined || faults.length === before) {
    validateMatch(faults, 'spec.template', spec.template, spec.selector)
  }
}

/** What never changes, and how upstream shows it where that is not as it was sent. */
const FROZEN: readonly (readonly [keyof JobSpec, ((spec: JobSpec) => unknown)?])[] = [
  ['completionMode'],
  ['podFailurePolicy', spec => spec.podFailurePolicy && failureInMemory(spec.podFailurePolicy)],
  ['backoffLimitPerIndex'],
  ['managedBy'],
  ['successPolicy', spec => spec.successPolicy && successInMemory(spec.successPolicy)],
]

function validateJobUpdate(faults: Faults, job: Job, before: Job): void {
  const { spec } = job
  const old = before.spec
  if (spec === undefined || old === undefined) {
    validateJob(faults, job)
    return
  }
  validateJob(faults, job)
  validateOwnSpec(faults, spec)
  validateCompletions(faults, spec, old)
  refuseChange(faults, 'spec.selector', { before: old.selector, after: spec.selector })
  validateTemplateChange(faults, job, before)
  for (const [name, shown] of FROZEN) {
    if (equalJson(old[name], spec[name])) continue
    faults.push(wrong(`spec.${name}`, shown?.(spec) ?? spec[name], IMMUTABLE))
  }
}

/** A Job at rest may change where its pods go and what their containers ask for; nothing else. */
function validateTemplateChange(faults: Faults, { spec }: Job, before: Job): void {
  const old = before.spec?.template
  const template = spec?.template
  if (!isAtRest(before) || old === undefined || template === undefined) {
    refuseChange(faults, 'spec.template', { before: old, after: template })
    return
  }
  const change = { before: adjusted(old, template).spec, after: template.spec }
  refuseChange(faults, 'spec.template.spec', change)
}

function validateCompletions(faults: Faults, spec: JobSpec, old: JobSpec): void {
  const { completions, parallelism } = spec
  const field = 'spec.completions'
  if (!isIndexed(spec)) {
    refuseChange(faults, field, { before: old.completions, after: completions })
  } else if (
    !equalJson(completions, old.completions) &&
    completions !== undefined &&
    completions !== parallelism
  ) {
    faults.push(wrong(field, completions, 'can only be modified in tandem with spec.parallelism'))
  }
}

export const JOB_RULES: RuleTable = {
  'jobs.batch': { create: validateJob, update: validateJobUpdate, status: validateJobStatus },
}
