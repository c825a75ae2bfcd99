/**
 * Types of api/events/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/events/v1/types.go (v0.36)
 */
import type { EventSource, ObjectReference } from './core-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type Event = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly eventTime: string
  readonly series?: EventSeries
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly action?: string
  readonly reason?: string
  readonly regarding?: ObjectReference
  readonly related?: ObjectReference
  readonly note?: string
  readonly type?: string
  readonly deprecatedSource?: EventSource
  readonly deprecatedFirstTimestamp?: string
  readonly deprecatedLastTimestamp?: string
  readonly deprecatedCount?: number
}

export type EventSeries = {
  readonly count: number
  readonly lastObservedTime: string
}

export type EventList = ObjectList<Event>
