/** Keeps asking the other end of an HTTP/2 session whether it is there, and cuts the session when it is not. */
import type http2 from 'node:http2'
import type { Clock, Timer } from '#base/clock.ts'
import { PING_INTERVAL_MS, PING_TIMEOUT_MS } from './tunnel-protocol.ts'

export interface PingTimes {
  readonly intervalMs: number
  readonly timeoutMs: number
}

export const DEFAULT_PING: PingTimes = { intervalMs: PING_INTERVAL_MS, timeoutMs: PING_TIMEOUT_MS }

/** Stops by itself when the session closes. `onDead` is called once, before the session is destroyed. */
export function keepAlive(
  session: http2.Http2Session,
  options: { readonly clock: Clock; readonly times: PingTimes; readonly onDead: () => void },
): void {
  const { clock, times } = options
  let timer: Timer | undefined
  const ask = (): void => {
    if (session.destroyed || session.closed) return
    timer = clock.after(times.timeoutMs, () => {
      options.onDead()
      session.destroy()
    })
    session.ping(error => {
      timer?.cancel()
      if (error === null && !session.destroyed) timer = clock.after(times.intervalMs, ask)
    })
  }
  timer = clock.after(times.intervalMs, ask)
  session.once('close', () => timer?.cancel())
}
