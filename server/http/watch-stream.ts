/**
 * Sends a watch: frames as they come, several events in one write, until the client, the time or the cache ends it.
 * A watch that ends in time closes with a bookmark, when bookmarks were asked for. Never compressed.
 *
 * Law     Whatever goes wrong after the first byte arrives as an ERROR event with a Status, then the stream ends.
 */
import type { Resource } from '#api/scheme.ts'
import { StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import { type Cache, type CacheEvent, type CacheWatch, costOf } from '#server/cache/cache.ts'
import type { Answer } from '#server/registry/call.ts'
import type { BodyWriter, Exchange } from './exchange.ts'
import type { View } from './forms.ts'
import { type WatchFrames, framesOf } from './watch-frames.ts'
import { upgradeWatch } from './watch-socket.ts'

export interface OpenWatch {
  readonly resource: Resource
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

export async function sendWatch(
  source: WatchSource,
  exchange: Exchange,
  answer: WatchAnswer,
  view: View,
): Promise<void> {
  const frames = framesOf(answer.resource, view)
  const { upgrade } = exchange
  if (upgrade === undefined || exchange.header('upgrade')?.toLowerCase() !== 'websocket') {
    const headers = { 'content-type': frames.contentType, 'cache-control': 'no-cache, private' }
    const pump = new Pump(exchange.stream(200, headers), frames, JOINED)
    return carry(source, exchange, answer, pump)
  }
  const writer = await upgradeWatch(upgrade, frames.isText)
  const apart: Joining = all => all.map(frames.alone)
  if (writer !== undefined) return carry(source, exchange, answer, new Pump(writer, frames, apart))
}

function carry(
  source: WatchSource,
  exchange: Exchange,
  answer: WatchAnswer,
  pump: Pump,
): Promise<void> {
  const { selection, options, timeoutMs, refusal } = answer.watch
  return new Promise(resolve => {
    const end = (): void => finish(undefined)
    const timeOut = (): void => {
      watch?.bookmark()
      end()
    }
    const open: OpenWatch = { resource: answer.resource, end }
    const finish = (error: StatusError | undefined): void => {
      if (!source.watchers.delete(open)) return
      timer.cancel()
      exchange.signal.removeEventListener('abort', end)
      watch?.close()
      pump.end(error)
      resolve()
    }
    source.watchers.add(open)
    const timer = source.clock.after(timeoutMs, timeOut)
    exchange.signal.addEventListener('abort', end, { once: true })
    let watch: CacheWatch | undefined
    if (refusal !== undefined) return finish(refusal)
    try {
      watch = source.cache.watch(selection, options, {
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

/** Several events in one write, or each in a message of its own. */
type Joining = (frames: readonly Buffer[]) => readonly Buffer[]
const JOINED: Joining = frames => (frames.length === 1 ? frames : [Buffer.concat(frames)])

/** Writes events and tells the cache what has left the queue. */
class Pump {
  readonly #writer: BodyWriter
  readonly #frames: WatchFrames
  readonly #join: Joining
  #watch: CacheWatch | undefined
  #waiting = 0
  #isDraining = false

  constructor(writer: BodyWriter, frames: WatchFrames, join: Joining) {
    this.#writer = writer
    this.#frames = frames
    this.#join = join
  }

  attach(watch: CacheWatch): void {
    this.#watch = watch
    this.#settle()
  }

  send(events: readonly CacheEvent[]): void {
    for (const event of events) this.#waiting += costOf(event)
    let hasRoom = true
    for (const chunk of this.#join(events.map(this.#frames.event)))
      hasRoom = this.#writer.write(chunk)
    if (hasRoom) this.#settle()
    else void this.#drain()
  }

  end(error: StatusError | undefined): void {
    if (error !== undefined)
      for (const chunk of this.#join([this.#frames.error(error)])) this.#writer.write(chunk)
    this.#writer.end()
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
