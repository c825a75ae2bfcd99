/**
 * CronJobs: schedule, time zone and the Jobs they make. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go ValidateCronJobCreate, ValidateCronJobUpdate
 */
import { CronError, isTimeZone, parseCron } from '#api/cron.ts'
import type { CronJob, CronJobSpec, JobTemplateSpec } from '#api/types/batch-v1.ts'
import {
  type Faults,
  refuseNegative,
  required,
  requireOneOf,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'
import { validateJobSpec } from '#api/validation/jobs.ts'
import type { RuleTable } from '#api/validation/rules.ts'

/** A Job's name is 63 characters at most, and eleven of them tell the time of the run. */
const NAME_MAX = 52
const POLICIES: readonly string[] = ['Allow', 'Forbid', 'Replace']
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/

function validateSpec(faults: Faults, spec: CronJobSpec, before: CronJobSpec | undefined): void {
  const { schedule, timeZone } = spec
  if (schedule === '') faults.push(required('spec.schedule'))
  else validateSchedule(faults, spec, before?.schedule.includes('TZ') === true)
  refuseNegative(faults, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds)
  if (timeZone !== undefined && timeZone !== before?.timeZone) validateTimeZone(faults, timeZone)
  requireOneOf(faults, 'spec.concurrencyPolicy', spec.concurrencyPolicy, POLICIES)
  validateTemplate(faults, 'spec.jobTemplate.spec', spec.jobTemplate)
  refuseNegative(faults, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  refuseNegative(faults, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
}

/** A zone in the schedule itself is kept where it was there before. */
function validateSchedule(faults: Faults, spec: CronJobSpec, hadZone: boolean): void {
  const { schedule, timeZone } = spec
  const field = 'spec.schedule'
  try {
    parseCron(schedule)
  } catch (error) {
    if (!(error instanceof CronError)) throw error
    faults.push(wrong(field, schedule, error.message))
  }
  if (!schedule.includes('TZ')) return
  if (!hadZone) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    faults.push(wrong(field, schedule, detail))
  } else if (timeZone !== undefined) {
    const detail = 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    faults.push(wrong(field, schedule, detail))
  }
}

function validateTimeZone(faults: Faults, zone: string): void {
  const field = 'spec.timeZone'
  if (zone === '') {
    faults.push(wrong(field, zone, 'timeZone must be nil or non-empty string'))
    return
  }
  const isWellFormed = zone
    .split('/')
    .every(part => part !== '.' && part !== '..' && !part.startsWith('-') && ZONE_PART.test(part))
  const isLocal = zone.toLowerCase() === 'local'
  if (isLocal) {
    const detail =
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    faults.push(wrong(field, zone, detail))
  }
  // Go knows a zone of exactly this name.
  if (zone !== 'Local' && !(isWellFormed && isTimeZone(zone))) {
    faults.push(wrong(field, zone, `unknown time zone ${zone}`))
  }
}

function validateTemplate(faults: Faults, field: string, { spec }: JobTemplateSpec): void {
  if (spec === undefined) {
    faults.push(required(`${field}.template.spec.containers`))
    return
  }
  validateJobSpec(faults, field, spec)
  if (spec.selector !== undefined) {
    faults.push(wrong(`${field}.selector`, spec.selector, '`selector` will be auto-generated'))
  }
  if (spec.manualSelector === true) {
    faults.push(unsupported(`${field}.manualSelector`, true, ['nil', 'false']))
  }
}

function validateCronJob(faults: Faults, { spec, metadata }: CronJob): void {
  validateSpec(faults, spec, undefined)
  const { name = '' } = metadata
  if (name.length > NAME_MAX) {
    faults.push(wrong('metadata.name', name, `must be no more than ${NAME_MAX} characters`))
  }
}

export const CRON_JOB_RULES: RuleTable = {
  'cronjobs.batch': {
    create: validateCronJob,
    update: (faults, job: CronJob, before: CronJob) => validateSpec(faults, job.spec, before.spec),
  },
}
