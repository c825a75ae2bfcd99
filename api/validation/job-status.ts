/**
 * What the status of a Job may say, and how it may change: rules look only at what a write changes, so that a status
 * written under older rules stays writable. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go ValidateJobStatusUpdate,
 * pkg/registry/batch/job/strategy.go getStatusValidationOptions
 */
import { equalJson } from '#api/json.ts'
import type { FieldError } from '#api/status.ts'
import type { Job, JobStatus } from '#api/types/batch-v1.ts'
import {
  duplicate,
  type Faults,
  IMMUTABLE,
  Printed,
  refuseNegative,
  required,
  wrong,
  wrongPart,
} from '#api/validation/fault.ts'
import { IndexError, type Interval, overlapOf, parseIndexes } from '#api/validation/indexes.ts'

type Part = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | keyof JobStatus

/** One state of a Job, with the questions the rules ask. */
interface State {
  readonly job: Job
  readonly status: JobStatus
  readonly has: (condition: string) => boolean
  readonly isFinished: boolean
  /** What the Suspended condition says, when it is there. */
  readonly isSuspended: boolean
  readonly isResumed: boolean
  readonly isIndexed: boolean
}

interface Rule {
  /** The rule is asked when one of these differs from before; always when absent. */
  readonly parts?: readonly Part[]
  readonly fault: (now: State, before: State) => FieldError | undefined
}

function stateOf(job: Job): State {
  const status = job.status ?? {}
  const says = (condition: string, said: string): boolean =>
    (status.conditions ?? []).some(
      ({ type, status: value }) => type === condition && value === said,
    )
  const has = (condition: string): boolean => says(condition, 'True')
  return {
    job,
    status,
    has,
    isFinished: has('Complete') || has('Failed'),
    isSuspended: has('Suspended'),
    isResumed: says('Suspended', 'False'),
    isIndexed: job.spec?.completionMode === 'Indexed',
  }
}

const CONDITIONS = 'status.conditions'
const TERMINAL = ['Failed', 'Complete', 'FailureTarget'] as const
const FINISHED: readonly Part[] = ['Complete', 'Failed']

const conflict =
  (left: string, right: string, shown: string) =>
  (now: State): FieldError | undefined =>
    now.has(left) && now.has(right)
      ? wrongPart(CONDITIONS, `cannot set ${shown} conditions`)
      : undefined

const when = (isWrong: boolean, fault: () => FieldError): FieldError | undefined =>
  isWrong ? fault() : undefined

const STATE_RULES: readonly Rule[] = [
  { parts: FINISHED, fault: conflict('Complete', 'Failed', 'Complete=True and Failed=true') },
  {
    parts: ['Complete', 'FailureTarget'],
    fault: conflict('Complete', 'FailureTarget', 'Complete=True and FailureTarget=true'),
  },
  {
    parts: ['Complete', 'completionTime'],
    fault: ({ status, has }) =>
      when(status.completionTime !== undefined && !has('Complete'), () =>
        wrong(
          'status.completionTime',
          status.completionTime,
          'cannot set completionTime when there is no Complete=True condition',
        ),
      ),
  },
  {
    parts: ['Complete', 'completionTime'],
    fault: ({ status, has }) =>
      when(status.completionTime === undefined && has('Complete'), () =>
        required('status.completionTime', 'completionTime is required for Complete jobs'),
      ),
  },
  {
    parts: ['startTime', 'completionTime'],
    fault: ({ status: { startTime, completionTime } }) =>
      when(
        startTime !== undefined &&
          completionTime !== undefined &&
          Date.parse(completionTime) < Date.parse(startTime),
        () =>
          wrong('status.completionTime', completionTime, 'must be equal to or after `startTime`'),
      ),
  },
  {
    parts: ['Failed', 'failedIndexes'],
    fault: ({ has }) =>
      when(has('Failed') && !has('FailureTarget'), () =>
        wrongPart(
          CONDITIONS,
          'cannot set Failed=True condition without the FailureTarget=true condition',
        ),
      ),
  },
  {
    parts: ['Complete', 'SuccessCriteriaMet'],
    fault: ({ has }) =>
      when(has('Complete') && !has('SuccessCriteriaMet'), () =>
        wrongPart(
          CONDITIONS,
          'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
        ),
      ),
  },
  {
    parts: [...FINISHED, 'active'],
    fault: ({ status: { active = 0 }, isFinished }) =>
      when(active > 0 && isFinished, () =>
        wrong('status.active', active, 'active>0 is invalid for finished job'),
      ),
  },
  {
    parts: [...FINISHED, 'startTime'],
    fault: ({ job, status, isFinished }) =>
      when(
        status.startTime === undefined &&
          isFinished &&
          !(job.spec?.suspend === true && job.spec.completions === 0),
        () => required('status.startTime', 'startTime is required for finished job'),
      ),
  },
  {
    parts: [...FINISHED, 'uncountedTerminatedPods'],
    fault: ({ status: { uncountedTerminatedPods: uncounted }, isFinished }) =>
      when(
        isFinished && (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0) > 0,
        () =>
          wrong(
            'status.uncountedTerminatedPods',
            new Printed({
              Succeeded: uncounted?.succeeded ?? null,
              Failed: uncounted?.failed ?? null,
            }),
            'must be empty for finished job',
          ),
      ),
  },
  {
    parts: ['completedIndexes'],
    fault: ({ job, status }) =>
      indexFault('completedIndexes', status.completedIndexes, job.spec?.completions),
  },
  {
    parts: ['failedIndexes'],
    fault: ({ job: { spec }, status }) =>
      spec?.backoffLimitPerIndex === undefined
        ? undefined
        : indexFault('failedIndexes', status.failedIndexes, spec.completions),
  },
  {
    parts: ['completedIndexes'],
    fault: ({ status: { completedIndexes = '' }, isIndexed }) =>
      when(completedIndexes !== '' && !isIndexed, () =>
        wrong(
          'status.completedIndexes',
          completedIndexes,
          'cannot set non-empty completedIndexes when non-indexed completion mode',
        ),
      ),
  },
  {
    parts: ['failedIndexes'],
    fault: ({ job, status: { failedIndexes } }) =>
      when(failedIndexes !== undefined && job.spec?.backoffLimitPerIndex === undefined, () =>
        wrong(
          'status.failedIndexes',
          failedIndexes,
          'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
        ),
      ),
  },
  {
    parts: ['failedIndexes', 'completedIndexes'],
    fault: ({ job, status: { completedIndexes = '', failedIndexes = '' } }) => {
      const { completions = 0 } = job.spec ?? {}
      const shared = overlapOf(
        knownIndexes(completedIndexes, completions),
        knownIndexes(failedIndexes, completions),
      )
      const detail = `failedIndexes and completedIndexes overlap at index: ${shared ?? 0}`
      return when(shared !== undefined, () => wrong('status.failedIndexes', failedIndexes, detail))
    },
  },
  {
    parts: [...FINISHED, 'terminating'],
    fault: ({ status: { terminating = 0 }, isFinished }) =>
      when(terminating > 0 && isFinished, () =>
        wrong('status.terminating', terminating, 'terminating>0 is invalid for finished job'),
      ),
  },
  {
    parts: ['ready', 'active'],
    fault: ({ status: { ready = 0, active = 0 } }) =>
      when(ready > active, () =>
        wrong('status.ready', ready, 'cannot set more ready pods than active'),
      ),
  },
  {
    fault: conflict('SuccessCriteriaMet', 'Failed', 'SuccessCriteriaMet=True and Failed=true'),
  },
  {
    fault: conflict(
      'SuccessCriteriaMet',
      'FailureTarget',
      'SuccessCriteriaMet=True and FailureTarget=true',
    ),
  },
  {
    fault: ({ job, has }) =>
      when(
        job.spec?.successPolicy !== undefined && has('Complete') && !has('SuccessCriteriaMet'),
        () =>
          wrongPart(
            CONDITIONS,
            'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
          ),
      ),
  },
]

const CHANGE_RULES: readonly Rule[] = [
  ...TERMINAL.map(
    (type): Rule => ({
      fault: (now, before) =>
        when(before.has(type) && !now.has(type), () =>
          wrongPart(CONDITIONS, `cannot disable the terminal ${type}=True condition`),
        ),
    }),
  ),
  { fault: (now, before) => fewer('failed', now, before) },
  {
    fault: (now, before) =>
      !now.isIndexed || now.job.spec?.completions !== now.job.spec?.parallelism
        ? fewer('succeeded', now, before)
        : undefined,
  },
  {
    fault: ({ status: { completionTime: after } }, { status: { completionTime: old } }) =>
      when(after !== undefined && old !== undefined && after !== old, () =>
        wrong('status.completionTime', after, IMMUTABLE),
      ),
  },
  {
    fault: (now, before) => {
      const { startTime } = before.status
      const isMoved = startTime !== undefined && now.status.startTime !== startTime
      const isWaiting = now.job.spec?.suspend === true || (before.isSuspended && now.isResumed)
      const detail = 'field is immutable for unsuspended job once set'
      return when(isMoved && !isWaiting, () =>
        wrong('status.startTime', now.status.startTime, detail),
      )
    },
  },
  {
    fault: (now, before) =>
      when(before.has('SuccessCriteriaMet') && !now.has('SuccessCriteriaMet'), () =>
        wrongPart(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'),
      ),
  },
  {
    fault: (now, before) =>
      when(
        before.has('Complete') &&
          !before.has('SuccessCriteriaMet') &&
          now.has('SuccessCriteriaMet'),
        () =>
          wrongPart(
            CONDITIONS,
            'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
          ),
      ),
  },
]

const fewer = (
  name: 'failed' | 'succeeded',
  { status }: State,
  before: State,
): FieldError | undefined =>
  when((status[name] ?? 0) < (before.status[name] ?? 0), () =>
    wrong(`status.${name}`, status[name] ?? 0, `cannot decrease the ${name} counter`),
  )

function indexFault(
  name: 'completedIndexes' | 'failedIndexes',
  text: string | undefined,
  completions: number | undefined,
): FieldError | undefined {
  if (text === undefined || completions === undefined) return undefined
  try {
    parseIndexes(text, completions)
    return undefined
  } catch (error) {
    if (!(error instanceof IndexError)) throw error
    return wrong(`status.${name}`, text, `error parsing ${name}: ${error.message}`)
  }
}

/** None for a list whose own fault is told elsewhere. */
function knownIndexes(text: string, completions: number): readonly Interval[] {
  try {
    return parseIndexes(text, completions)
  } catch (error) {
    if (!(error instanceof IndexError)) throw error
    return []
  }
}

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const
const CONDITION_PARTS: readonly string[] = [...TERMINAL, 'SuccessCriteriaMet']

const isChanged = (part: Part, now: State, before: State): boolean =>
  CONDITION_PARTS.includes(part)
    ? now.has(part) !== before.has(part)
    : !equalJson(Reflect.get(now.status, part), Reflect.get(before.status, part))

export function validateJobStatus(faults: Faults, job: Job, old: Job): void {
  const now = stateOf(job)
  const before = stateOf(old)
  for (const name of COUNTS) refuseNegative(faults, `status.${name}`, now.status[name])
  validateUncounted(faults, now.status)
  for (const { parts, fault } of [...STATE_RULES, ...CHANGE_RULES]) {
    if (parts !== undefined && !parts.some(part => isChanged(part, now, before))) continue
    const found = fault(now, before)
    if (found !== undefined) faults.push(found)
  }
}

function validateUncounted(faults: Faults, { uncountedTerminatedPods = {} }: JobStatus): void {
  const seen = new Set<string>()
  for (const name of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (uncountedTerminatedPods[name] ?? []).entries()) {
      const field = `status.uncountedTerminatedPods.${name}[${index}]`
      if (uid === '') faults.push(wrong(field, uid, 'must not be empty'))
      else if (seen.has(uid)) faults.push(duplicate(field, uid))
      seen.add(uid)
    }
  }
}
