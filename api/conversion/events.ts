/**
 * Events of events.k8s.io and of core: one storage, different names. Pure.
 * Source: kubernetes pkg/apis/events/v1/conversion.go
 */
import type { Conversion } from './conversion.ts'
import { inverse, renamed } from './fields.ts'

/** Field of events.k8s.io, field of core/v1. */
const TO_CORE: ReadonlyMap<string, string> = new Map([
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
])
const FROM_CORE = inverse(TO_CORE)

export const EVENT: Conversion = {
  toStorage: event => renamed(event, TO_CORE),
  fromStorage: event => renamed(event, FROM_CORE),
  nulls: { eventTime: null },
}
