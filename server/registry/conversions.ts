/**
 * Kinds that several API groups serve from one storage, and how they turn into one another. Pure.
 *
 * Source: kubernetes pkg/apis/events/v1/conversion.go
 */
import type { AnyObject } from '#api/object.ts'
import type { Form } from '#server/cache/cache.ts'
import { isRecord } from './strategy.ts'

export interface Conversion {
  /** The storage's group resource. */
  readonly storage: string
  readonly storageGroup: string
  readonly toStorage: (object: AnyObject) => AnyObject
  readonly fromStorage: (object: AnyObject) => AnyObject
  readonly form: Form
}

/** [field of events.k8s.io/v1, field of core/v1] where the names differ. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

function renamed(object: AnyObject, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]),
  )
}

const TO_CORE = new Map(RENAMED.map(([events, core]) => [events, core]))
const FROM_CORE = new Map(RENAMED.map(([events, core]) => [core, events]))

const eventToCore = (object: AnyObject): AnyObject => {
  const { metadata } = object
  return {
    ...renamed(object, TO_CORE),
    ...(isRecord(object['regarding']) ? {} : { involvedObject: {} }),
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
  }
}

const eventFromCore = (object: AnyObject): AnyObject => {
  const { metadata } = object
  return {
    ...renamed(object, FROM_CORE),
    ...('eventTime' in object ? {} : { eventTime: null }),
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
  }
}

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  'events.events.k8s.io': {
    storage: 'events',
    storageGroup: '',
    toStorage: eventToCore,
    fromStorage: eventFromCore,
    form: {
      name: 'events.k8s.io/v1',
      encode: object => Buffer.from(JSON.stringify(eventFromCore(object))),
    },
  },
}

export const conversionOf = (groupResource: string): Conversion | undefined =>
  CONVERSIONS[groupResource]
