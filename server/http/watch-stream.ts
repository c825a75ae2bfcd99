/**
 * Sends a watch: frames as they come, several events in one write, until the client, the time or the cache ends it.
 *
 * Law     Whatever goes wrong after the first byte arrives as an ERROR event with a Status, then the stream ends.
 */
import { type Resource, apiVersionOf } from '#api/scheme.ts'
import { StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { type Cache, type CacheEvent, type CacheWatch, costOf } from '#server/cache/cache.ts'
import type { Answer } from '#server/registry/call.ts'
import { readForm, targetOf } from '#server/registry/target.ts'
import type { BodyWriter, Exchange } from './exchange.ts'
import { type View, itemEncoder, printedAs, tableJson } from './forms.ts'

export interface OpenWatch {
  /** Ends the stream in good order. */
  end(): void
}

export interface WatchSource {
  readonly cache: Cache
  readonly clock: Clock
  /** Counted while open, for metrics. */
  readonly watchers: Set<OpenWatch>
}

type WatchAnswer = Extract<Answer, { kind: 'watch' }>

const INITIAL_END = 'k8s.io/initial-events-end'
const END = Buffer.from('}\n')

export function sendWatch(
  source: WatchSource,
  exchange: Exchange,
  answer: WatchAnswer,
  view: View,
): Promise<void> {
  const { accepted } = view
  const writer = exchange.stream(200, {
    'content-type':
      accepted.form === 'object' ? 'application/json' : 'application/json;stream=watch',
    'cache-control': 'no-cache, private',
  })
  const frame = framer(answer.resource, view)
  return new Promise(resolve => {
    const pump = new Pump(writer, frame)
    const end = (): void => finish(undefined)
    const open: OpenWatch = { end }
    const finish = (error: StatusError | undefined): void => {
      if (!source.watchers.delete(open)) return
      timer.cancel()
      exchange.signal.removeEventListener('abort', end)
      watch?.close()
      if (error !== undefined) writer.write(errorFrame(error))
      writer.end()
      resolve()
    }
    source.watchers.add(open)
    const timer = source.clock.after(answer.watch.timeoutMs, end)
    exchange.signal.addEventListener('abort', end, { once: true })
    let watch: CacheWatch | undefined
    try {
      watch = source.cache.watch(answer.watch.selection, answer.watch.options, {
        onEvents: events => pump.send(events),
        onEnd: finish,
      })
      if (source.watchers.has(open)) pump.attach(watch)
      else watch.close()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      finish(error)
    }
    // A client that left before this began is never heard of again.
    if (exchange.signal.aborted) end()
  })
}

/** Writes events and tells the cache what has left the queue. */
class Pump {
  readonly #writer: BodyWriter
  readonly #frame: (event: CacheEvent) => Buffer
  #watch: CacheWatch | undefined
  #waiting = 0
  #isDraining = false

  constructor(writer: BodyWriter, frame: (event: CacheEvent) => Buffer) {
    this.#writer = writer
    this.#frame = frame
  }

  attach(watch: CacheWatch): void {
    this.#watch = watch
    this.#settle()
  }

  send(events: readonly CacheEvent[]): void {
    const frames = events.map(this.#frame)
    const [only] = frames
    const chunk = frames.length === 1 && only !== undefined ? only : Buffer.concat(frames)
    for (const event of events) this.#waiting += costOf(event)
    if (this.#writer.write(chunk)) this.#settle()
    else void this.#drain()
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    await this.#writer.drained()
    this.#isDraining = false
    this.#settle()
  }

  #settle(): void {
    if (this.#watch === undefined || this.#waiting === 0 || this.#isDraining) return
    const bytes = this.#waiting
    this.#waiting = 0
    this.#watch.drained(bytes)
  }
}

function framer(resource: Resource, view: View): (event: CacheEvent) => Buffer {
  const { form } = view.accepted
  const isStored =
    form === 'object' && readForm(targetOf({ resource, namespace: '' })) === undefined
  const encode = itemEncoder(resource, view)
  return event => {
    const { item } = event
    if (item === undefined) return bookmark(resource, form, event)
    if (isStored) return event.frame()
    const body =
      form === 'table' ? tableJson(printedAs(resource), [item.object()], view) : encode(item)
    return Buffer.concat([Buffer.from(`{"type":"${event.type}","object":`), body, END])
  }
}

/** An object of the watched kind that has a revision and nothing else. */
function bookmark(resource: Resource, form: View['accepted']['form'], event: CacheEvent): Buffer {
  const annotations = event.initialEventsEnd ? { annotations: { [INITIAL_END]: 'true' } } : {}
  const metadata = {
    resourceVersion: String(event.revision),
    creationTimestamp: null,
    ...annotations,
  }
  const typed =
    form === 'object'
      ? { kind: resource.kind, apiVersion: apiVersionOf(resource) }
      : { kind: form === 'table' ? 'Table' : 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }
  const rows = form === 'table' ? { columnDefinitions: [], rows: [] } : {}
  return Buffer.from(
    `${JSON.stringify({ type: event.type, object: { ...typed, metadata, ...rows } })}\n`,
  )
}

const errorFrame = (error: StatusError): Buffer =>
  Buffer.from(`${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`)
