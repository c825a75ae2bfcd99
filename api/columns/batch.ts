/**
 * Rows of Jobs, CronJobs, DaemonSets, StatefulSets, and of what scales and guards them. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import {
  AGE,
  ageOf,
  CONTAINERS,
  formatLabels,
  IMAGES,
  integer,
  NAME,
  nameOf,
  NONE,
  orNone,
  type Printer,
  SELECTOR,
  text,
} from '#api/columns/printer.ts'
import { selectorText } from '#api/columns/selector-text.ts'
import { templateCells } from '#api/columns/workloads.ts'
import { humanAge, humanDuration } from '#api/duration.ts'
import type { DaemonSet, DaemonSetStatus, StatefulSet } from '#api/types/apps-v1.ts'
import type { CronJob, Job } from '#api/types/batch-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { PodDisruptionBudget } from '#api/types/policy-v1.ts'

const JOB_STATES = ['Complete', 'Failed'] as const
const LATER_JOB_STATES = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'] as const

function jobState({ metadata, status }: Job): string {
  const has = (condition: string): boolean =>
    status?.conditions?.some(
      ({ type, status: value }) => type === condition && value === 'True',
    ) === true
  const ended = JOB_STATES.find(has)
  if (ended !== undefined) return ended
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  return LATER_JOB_STATES.find(has) ?? 'Running'
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const { parallelism = 0 } = spec ?? {}
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function duration({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime)
  return humanDuration(end - Date.parse(status.startTime))
}

const jobPrinter: Printer = {
  columns: [
    NAME,
    text('Status', 'What has become of the job.'),
    text('Completions', 'Pods that succeeded, out of those wanted.'),
    text('Duration', 'How long the job took, or has taken so far.'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells(job: Job, now: number) {
    return [
      nameOf(job),
      jobState(job),
      completions(job),
      duration(job, now),
      ageOf(job, now),
      ...templateCells(job.spec?.template),
      selectorText(job.spec?.selector),
    ]
  },
}

const flag = (value: boolean | undefined): string =>
  value === undefined ? '<unset>' : value ? 'True' : 'False'

const cronJobPrinter: Printer = {
  columns: [
    NAME,
    text('Schedule', 'When a job is due, as in crontab.'),
    text('Timezone', 'Time zone of the schedule.'),
    { ...text('Suspend', 'Whether no further jobs are made.'), type: 'boolean' },
    integer('Active', 'Jobs that run at present.'),
    text('Last Schedule', 'Time since a job was last made.'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells(job: CronJob, now: number) {
    const { spec, status } = job
    const last = status?.lastScheduleTime
    return [
      nameOf(job),
      spec.schedule,
      orNone(spec.timeZone),
      flag(spec.suspend),
      status?.active?.length ?? 0,
      last === undefined ? NONE : humanAge(last, now),
      ageOf(job, now),
      ...templateCells(spec.jobTemplate.spec?.template),
      selectorText(spec.jobTemplate.spec?.selector),
    ]
  },
}

const daemonSetPrinter: Printer = {
  columns: [
    NAME,
    integer('Desired', 'Nodes that should run the pod.'),
    integer('Current', 'Nodes that should and do.'),
    integer('Ready', 'Nodes where it is ready.'),
    integer('Up-to-date', 'Nodes with a pod of the current template.'),
    integer('Available', 'Nodes where it has been ready for long enough.'),
    text('Node Selector', 'Labels a node must have.'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells(set: DaemonSet, now: number) {
    const status: Partial<DaemonSetStatus> = set.status ?? {}
    return [
      nameOf(set),
      status.desiredNumberScheduled ?? 0,
      status.currentNumberScheduled ?? 0,
      status.numberReady ?? 0,
      status.updatedNumberScheduled ?? 0,
      status.numberAvailable ?? 0,
      formatLabels(set.spec?.template.spec?.nodeSelector),
      ageOf(set, now),
      ...templateCells(set.spec?.template),
      selectorText(set.spec?.selector),
    ]
  },
}

const statefulSetPrinter: Printer = {
  columns: [NAME, text('Ready', 'Ready pods, out of those wanted.'), AGE, CONTAINERS, IMAGES],
  cells(set: StatefulSet, now: number) {
    const { spec, status } = set
    return [
      nameOf(set),
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      ageOf(set, now),
      ...templateCells(spec?.template),
    ]
  },
}

const share = (value: number | string | undefined): string =>
  value === undefined ? 'N/A' : String(value)

const budgetPrinter: Printer = {
  columns: [
    NAME,
    text('Min Available', 'Pods that must stay available.'),
    text('Max Unavailable', 'Pods that may be away.'),
    integer('Allowed Disruptions', 'Pods that may be evicted now.'),
    AGE,
  ],
  cells(budget: PodDisruptionBudget, now: number) {
    const { spec, status } = budget
    return [
      nameOf(budget),
      share(spec?.minAvailable),
      share(spec?.maxUnavailable),
      status?.disruptionsAllowed ?? 0,
      ageOf(budget, now),
    ]
  },
}

const runtimeClassPrinter: Printer = {
  columns: [NAME, text('Handler', 'How the node runs such pods.'), AGE],
  cells(runtimeClass: RuntimeClass, now: number) {
    return [nameOf(runtimeClass), runtimeClass.handler, ageOf(runtimeClass, now)]
  },
}

export const BATCH_PRINTERS: Readonly<Record<string, Printer>> = {
  'jobs.batch': jobPrinter,
  'cronjobs.batch': cronJobPrinter,
  'daemonsets.apps': daemonSetPrinter,
  'statefulsets.apps': statefulSetPrinter,
  'poddisruptionbudgets.policy': budgetPrinter,
  'runtimeclasses.node.k8s.io': runtimeClassPrinter,
}
