/**
 * Events. Those with an eventTime say more about who tells; those created through events.k8s.io/v1 keep stricter
 * rules. Updates keep the common ones only: upstream's strategy compares an event with itself, so nothing in it is
 * immutable, and clients patch notes. Pure. Fields are named as core/v1 names them.
 * Source: kubernetes pkg/apis/core/validation/events.go
 */
import { byteLength, qualifiedNameFaults } from '#api/names.ts'
import type { Event } from '#api/types/core-v1.ts'
import { equalJson } from '#api/json.ts'
import { type Faults, required, wrong, wrongFormat } from '#api/validation/fault.ts'

const TEXT_MAX = 128
const MESSAGE_MAX = 1024
const SYSTEM_NAMESPACE = 'kube-system'
const NOT_SAME = 'does not match event.namespace'

const isTime = (time: string | null | undefined): boolean => (time ?? '') !== ''

export function validateEvent(faults: Faults, event: Event): void {
  const { namespace = '' } = event.metadata
  const involved = event.involvedObject.namespace ?? ''
  const field = 'involvedObject.namespace'
  if (isTime(event.eventTime)) {
    if (involved === '' && namespace !== SYSTEM_NAMESPACE && namespace !== 'default') {
      faults.push(wrong(field, involved, NOT_SAME))
    }
    validateTeller(faults, event)
  } else if (involved === '') {
    if (namespace !== '' && namespace !== 'default') faults.push(wrong(field, involved, NOT_SAME))
  } else if (involved !== namespace) faults.push(wrong(field, involved, NOT_SAME))
}

/** Who tells what, and how long the words may be. */
function validateTeller(faults: Faults, event: Event): void {
  const { reportingComponent: controller = '', reportingInstance: instance = '' } = event
  const { action = '', reason = '', message = '' } = event
  if (controller === '') faults.push(required('reportingController'))
  wrongFormat(faults, 'reportingController', controller, qualifiedNameFaults(controller))
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

/** On top of the rules above, for what is created through events.k8s.io/v1. */
export function validateNewEvent(faults: Faults, event: Event): void {
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
