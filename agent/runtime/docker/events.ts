/**
 * The Engine's event stream, across its restarts: container starts and ends of pods, nothing else.
 * Owns one connection. While it is down the handler is told, and it reconnects with back-off.
 */
import { createInterface } from 'node:readline'
import { backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { LABEL } from '../labels.ts'
import type { RuntimeEvent } from '../runtime.ts'
import type { Engine } from './engine.ts'
import type { WireEvent } from './wire.ts'

const CONNECT_MS = 15_000
const RECONNECT = { baseMs: 100, maxMs: 5000 } as const
/** Starts, ends, and removals by hand. Exec events of probes are left out: they would be most of the stream. */
const ACTIONS = ['start', 'die', 'destroy', 'oom', 'pause', 'unpause'] as const

export interface EventHandlers {
  onEvent(event: RuntimeEvent): void
  onConnect(): void
  onDisconnect(): void
}

export async function followEvents(
  engine: Engine,
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
  handlers: EventHandlers,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await followOnce(
        engine,
        {
          ...handlers,
          onConnect: () => {
            failures = 0
            handlers.onConnect()
          },
        },
        signal,
      )
    } catch (error) {
      if (failures === 0) deps.log.warn('event stream of Docker broke', { error: messageOf(error) })
    }
    if (signal.aborted) return
    engine.forget()
    handlers.onDisconnect()
    failures += 1
    await deps.clock.sleep(backoffMs(RECONNECT, failures, deps.random), signal)
  }
}

async function followOnce(
  engine: Engine,
  handlers: EventHandlers,
  signal: AbortSignal,
): Promise<void> {
  const filters = { type: ['container'], label: [LABEL.podUID], event: ACTIONS }
  const stream = await engine.open({
    method: 'GET',
    path: '/events',
    query: { filters: JSON.stringify(filters) },
    timeoutMs: CONNECT_MS,
    isLasting: true,
  })
  const stop = (): void => void stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  const lines = createInterface({ input: stream })
  // readline leaves errors to the stream, without a listener they would end the process, and sees only a proper end
  stream.on('error', () => {})
  stream.once('close', () => lines.close())
  try {
    if (signal.aborted) return
    handlers.onConnect()
    for await (const line of lines) {
      const event = parseEvent(line)
      if (event !== undefined) handlers.onEvent(event)
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

/** Undefined for what is no event of a pod's container. Pure. */
export function parseEvent(line: string): RuntimeEvent | undefined {
  if (line.trim() === '') return undefined
  const wire: WireEvent = JSON.parse(line)
  const podUID = wire.Actor?.Attributes?.[LABEL.podUID]
  const containerID = wire.Actor?.ID
  if (podUID === undefined || containerID === undefined) return undefined
  return { podUID, containerID, action: wire.Action ?? '' }
}
