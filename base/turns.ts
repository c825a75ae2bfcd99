/**
 * The main thread's turns: how long each held everybody up, and who may go on in this one.
 *
 * A turn is one round of the event loop: timers, everything that arrived, then what was set aside. Work that comes in
 * crowds (64 requests in one read of a socket) asks `take()` before each portion; when the turn has lasted TURN_MS
 * the rest is set aside, in order, for the turns after, so that no turn grows with the crowd.
 *
 * Owns    one immediate that runs once in every turn and never keeps the loop awake: it costs nothing while idle.
 * Law     The measure is of whole turns, waiting for input excluded and nothing else: garbage collection, native
 *         code and being preempted all count.
 */
import type { Clock } from './clock.ts'
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks'

/** How long takers may fill one turn: with 1 the batches get so small that a create costs a fifth more. */
const TURN_MS = 2
const NS_PER_MS = 1e6
const NS_PER_US = 1e3

export type Lengths = Pick<RecordableHistogram, 'max' | 'percentile' | 'reset'>

export interface Turns {
  /** undefined: go on at once. Else wait for it. */
  take(): Promise<void> | undefined
  /** Lengths of turns since the last reset, in nanoseconds. */
  readonly lengths: Lengths
  /** The same in processor time of this thread: without what the machine gave to others meanwhile. */
  readonly work: Lengths
  /** Nobody waits any more. */
  close(): void
}

export function createTurns(clock: Clock): Turns {
  const lengths = createHistogram()
  const work = createHistogram()
  const waiting: (() => void)[] = []
  let began: number | undefined
  /** One taker at a time, so that the next one's question is asked after its work and not before. */
  let state: 'free' | 'taken' | 'resting' = 'free'
  let active = performance.eventLoopUtilization().active
  let worked = processorTime()
  let isClosed = false

  const look = (): void => {
    const now = performance.eventLoopUtilization().active
    const total = processorTime()
    record(lengths, (now - active) * NS_PER_MS)
    record(work, (total - worked) * NS_PER_US)
    active = now
    worked = total
    began = undefined
    if (!isClosed) setImmediate(look).unref()
  }
  setImmediate(look).unref()

  const hasRoom = (): boolean => {
    const now = clock.monotonic()
    began ??= now
    return isClosed || now - began < TURN_MS
  }

  const next = (): void => {
    if (waiting.length === 0) return
    if (!hasRoom()) return rest()
    occupy()
    waiting.shift()?.()
  }
  const occupy = (): void => {
    state = 'taken'
    queueMicrotask(releaseSoon)
  }
  // A tick queued from a microtask runs after all microtasks: after everything that the taker set off.
  const releaseSoon = (): void => process.nextTick(release)
  const release = (): void => {
    state = 'free'
    next()
  }
  const rest = (): void => {
    state = 'resting'
    setImmediate(release)
  }

  return {
    take() {
      if (state === 'free' && waiting.length === 0 && hasRoom()) {
        occupy()
        return undefined
      }
      const turn = new Promise<void>(resolve => waiting.push(resolve))
      if (state === 'free') rest()
      return turn
    },
    lengths,
    work,
    close() {
      isClosed = true
    },
  }
}

/** Goes on when everybody else has had their turn. */
export const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What one object's passes may take together before others have their turn. */
const PACE_MS = 8

/** For work in several passes over what may be big: awaited between them, lets others go on when they took long. */
export function createPace(clock: Pick<Clock, 'monotonic'>): () => Promise<void> | undefined {
  let began = clock.monotonic()
  const rest = async (): Promise<void> => {
    await nextTurn()
    began = clock.monotonic()
  }
  return () => (clock.monotonic() - began < PACE_MS ? undefined : rest())
}

/** Of this thread, in microseconds. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function record(histogram: RecordableHistogram, nanoseconds: number): void {
  const whole = Math.round(nanoseconds)
  if (whole >= 1) histogram.record(whole)
}
