/**
 * What a long-running subcommand owes its surroundings: an end on SIGTERM, word to systemd, one log on stderr.
 */
import { execFile } from 'node:child_process'
import { systemClock } from '#base/clock.ts'
import { createLogger, type Logger } from '#base/logger.ts'

/** How long parts may take to clean up after SIGTERM before the process ends anyway. */
const GRACE_MS = 4500

/** Aborts on SIGTERM and SIGINT; a process that cannot end in time ends all the same. */
export function endOnSignals(log: Logger): AbortSignal {
  const end = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info('ending', { signal: name })
      systemClock.after(GRACE_MS, () => {
        log.warn('parts did not end in time', { graceMs: GRACE_MS })
        process.exit(1)
      })
      end.abort()
    })
  }
  return end.signal
}

export const processLogger = (debug: boolean): Logger =>
  createLogger({
    clock: systemClock,
    level: debug ? 'debug' : 'info',
    write: line => process.stderr.write(line),
  })

/** Tells systemd, when it asked to be told. Its socket is a datagram one, which Node cannot open. */
export function notifyReady(): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return
  execFile('systemd-notify', ['--ready'], () => {})
}
