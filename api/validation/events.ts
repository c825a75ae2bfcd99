/**
 * Events. Those with an eventTime say more about who tells; those written through events.k8s.io/v1 keep stricter
 * rules: all they may change is their series. Pure. Fields are named as upstream's internal type names them, but for
 * who reports, which has the name of the version that the writer used.
 * Source: kubernetes pkg/apis/core/validation/events.go
 */
import { byteLength, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { Event, ObjectReference } from '#api/types/core-v1.ts'
import { equalJson } from '#api/json.ts'
import {
  type Faults,
  IMMUTABLE,
  type Printed,
  required,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { printed } from '#api/validation/printed.ts'

const TEXT_MAX = 128
const MESSAGE_MAX = 1024
const SYSTEM_NAMESPACE = 'kube-system'
const NOT_SAME = 'does not match event.namespace'

const isTime = (time: string | null | undefined): boolean => (time ?? '') !== ''

/** Written through core/v1. */
export const validateCoreEvent = (faults: Faults, event: Event): void =>
  validateEvent(faults, event, 'reportingComponent')

/** Written through events.k8s.io, whatever the version. */
export function validateEvent(
  faults: Faults,
  event: Event,
  reporter: 'reportingComponent' | 'reportingController' = 'reportingController',
): void {
  const { namespace = '' } = event.metadata
  const involved = event.involvedObject.namespace ?? ''
  const field = 'involvedObject.namespace'
  if (isTime(event.eventTime)) {
    if (involved === '' && namespace !== SYSTEM_NAMESPACE && namespace !== 'default') {
      faults.push(wrong(field, involved, NOT_SAME))
    }
    validateTeller(faults, event, reporter)
  } else if (involved === '') {
    if (namespace !== '' && namespace !== 'default') faults.push(wrong(field, involved, NOT_SAME))
  } else if (involved !== namespace) faults.push(wrong(field, involved, NOT_SAME))
}

/** Who tells what, and how long the words may be. */
function validateTeller(faults: Faults, event: Event, reporter: string): void {
  const { reportingComponent: controller = '', reportingInstance: instance = '' } = event
  const { action = '', reason = '', message = '' } = event
  if (controller === '') faults.push(required(reporter))
  wrongFormat(faults, reporter, controller, qualifiedNameFaults(controller))
  for (const [field, value] of Object.entries({ reportingInstance: instance, action, reason })) {
    if (value === '') faults.push(required(field))
    refuseLonger(faults, field, { value, most: TEXT_MAX })
  }
  refuseLonger(faults, 'message', { value: message, most: MESSAGE_MAX })
}

function refuseLonger(
  faults: Faults,
  field: string,
  { value, most }: { readonly value: string; readonly most: number },
): void {
  if (byteLength(value) > most) {
    faults.push(wrong(field, '', `can have at most ${most} characters`))
  }
}

function validateSeries(faults: Faults, { series }: Event): void {
  if (series === undefined) return
  if ((series.count ?? 0) < 2) faults.push(wrong('series.count', '', 'should be at least 2'))
  if (!isTime(series.lastObservedTime)) faults.push(required('series.lastObservedTime'))
}

/** What the older form of an event said, and the newer one says otherwise. */
const GIVEN_UP = ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== 0 && !equalJson(value, {})

/** Created through events.k8s.io/v1. */
export function validateNewEvent(faults: Faults, event: Event): void {
  validateEvent(faults, event)
  const { name = '' } = event.metadata
  wrongFormat(faults, 'metadata.name', name, name === '' ? [] : subdomainFaults(name))
  validateSeries(faults, event)
  const { type = '' } = event
  if (!isTime(event.eventTime)) faults.push(required('eventTime'))
  if (type !== 'Normal' && type !== 'Warning') {
    faults.push(wrong('type', '', `has invalid value: ${type}`))
  }
  for (const field of GIVEN_UP) {
    if (isGiven(event[field])) faults.push(wrong(field, '', 'needs to be unset'))
  }
}

const printedReference = (reference: ObjectReference | undefined): Printed | undefined =>
  reference === undefined ? undefined : printed('ObjectReference', reference)

const timeOf = (time: string | null | undefined): string | null =>
  isTime(time) ? (time ?? null) : null

/** What stays, in upstream's order, as upstream shows it. */
const fixedOf = (event: Event): Readonly<Record<string, unknown>> => ({
  involvedObject: printedReference(event.involvedObject),
  reason: event.reason ?? '',
  message: event.message ?? '',
  source: printed('EventSource', event.source ?? {}),
  firstTimestamp: timeOf(event.firstTimestamp),
  lastTimestamp: timeOf(event.lastTimestamp),
  count: event.count ?? 0,
  type: event.type ?? '',
  eventTime: timeOf(event.eventTime),
  action: event.action ?? '',
  related: printedReference(event.related),
  reportingController: event.reportingComponent ?? '',
  reportingInstance: event.reportingInstance ?? '',
})

/** Changed through events.k8s.io/v1. */
export function validateChangedEvent(faults: Faults, event: Event, before: Event): void {
  validateEvent(faults, event)
  if (!equalJson(event.series, before.series)) validateSeries(faults, event)
  const old = fixedOf(before)
  for (const [field, value] of Object.entries(fixedOf(event))) {
    if (!equalJson(value, old[field])) faults.push(wrong(field, value, IMMUTABLE))
  }
}
