/**
 * Tells the cluster's users what happened to an object, as core v1 Events. Owns: a bounded queue and the one loop
 * that empties it. Recording never waits and never fails: when the queue is full or the server refuses, the event is
 * lost and a line in the log says so.
 *
 * Source: k8s.io/client-go tools/record/event.go
 */
import type { KubeObject } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { Event, ObjectReference } from '#api/types/core-v1.ts'
import { type BackoffPolicy, backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from './client.ts'
import { EventCorrelation, type EventFact } from './event-correlation.ts'

export interface EventRecorder extends Part {
  /** `about` is the object, or a reference (with `fieldPath` for one container of a pod). */
  event(
    about: KubeObject | { readonly reference: ObjectReference },
    event: {
      readonly type: 'Normal' | 'Warning'
      /** UpperCamelCase, short, for machines. */
      readonly reason: string
      readonly message: string
    },
  ): void
}

export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** `default-scheduler`, `kubelet`, `deployment-controller`. */
  readonly component: string
  /** The node, for the kubelet. */
  readonly host?: string
}

const QUEUE_MAX = 1000
const TRIES_MAX = 5
const RETRY: BackoffPolicy = { baseMs: 500, maxMs: 10_000 }
/** Upstream's bound on Event.message. */
const MESSAGE_MAX_CHARACTERS = 1024

interface Recorded extends EventFact {
  readonly atMs: number
}

export function referenceTo(object: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata
  return {
    kind: object.kind,
    apiVersion: object.apiVersion,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, random, component, log } = options
  const queue: Recorded[] = []
  const correlation = new EventCorrelation()
  let wake = (): void => {}
  let isLosing = false

  const tell = async (fact: Recorded, signal: AbortSignal): Promise<void> => {
    const telling = correlation.decide(fact, fact.atMs)
    if (telling.kind === 'drop') return
    const namespace = fact.about.namespace ?? 'default'
    const stamp = rfc3339(fact.atMs)
    if (telling.kind === 'count') {
      const body = { count: telling.count, lastTimestamp: stamp, message: telling.message }
      try {
        const at = { namespace, name: telling.name }
        await client.events.patch(at, { type: 'strategic', body }, {}, signal)
        return
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
        correlation.forgotten(telling.id)
      }
    }
    const name = `${fact.about.name ?? 'cluster'}.${random.bytes(8).toString('hex')}`
    await client.events.create(
      bodyOf(fact, { name, namespace, message: telling.message }),
      {},
      signal,
    )
    correlation.created(telling.id, name)
  }

  const bodyOf = (
    fact: Recorded,
    at: { readonly name: string; readonly namespace: string; readonly message: string },
  ): Event => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: at.name, namespace: at.namespace },
    involvedObject: fact.about,
    type: fact.type,
    reason: fact.reason,
    message: at.message,
    count: 1,
    firstTimestamp: rfc3339(fact.atMs),
    lastTimestamp: rfc3339(fact.atMs),
    source: { component, ...(options.host === undefined ? {} : { host: options.host }) },
    reportingComponent: component,
    reportingInstance: options.host ?? '',
  })

  /** Tries again while the server is away; an event the server refuses is dropped. */
  const deliver = async (fact: Recorded, signal: AbortSignal): Promise<void> => {
    for (let tries = 1; tries <= TRIES_MAX && !signal.aborted; tries += 1) {
      try {
        return await tell(fact, signal)
      } catch (error) {
        if (signal.aborted) return
        const isAway = isReason(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests')
        if (!isAway || tries === TRIES_MAX) {
          // A namespace that is going takes no new events, rightly.
          const isGoing = isReason(error, 'Forbidden', 'NotFound')
          log[isGoing ? 'debug' : 'warn']('event lost', { reason: fact.reason, error })
          return
        }
        await clock.sleep(backoffMs(RETRY, tries, random), signal)
      }
    }
  }

  return {
    name: `events of ${component}`,
    event(about, { type, reason, message }) {
      if (queue.length >= QUEUE_MAX) {
        // Once for a flood: a line per lost event would be the next flood.
        if (!isLosing) log.warn('event queue is full, events are lost', { reason })
        isLosing = true
        return
      }
      isLosing = false
      const reference = 'reference' in about ? about.reference : referenceTo(about)
      const text = message.slice(0, MESSAGE_MAX_CHARACTERS)
      queue.push({ component, about: reference, type, reason, message: text, atMs: clock.now() })
      wake()
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const fact = queue.shift()
        if (fact !== undefined) await deliver(fact, signal)
        else await new Promise<void>(resolve => (wake = resolve))
      }
    },
  }
}
