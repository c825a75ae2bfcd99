/**
 * What a long-running subcommand owes its surroundings: an end on SIGTERM, word to systemd, one log on stderr.
 */
import { execFile } from 'node:child_process'
import { systemClock } from '#base/clock.ts'
import { createLogger, type Logger } from '#base/logger.ts'

/** How long parts may take to clean up after SIGTERM before the process ends anyway. */
const GRACE_MS = 4500

/** Environment variable of a child that must not outlive its parent, which holds the other end of its stdin. */
export const END_WITH_STDIN = 'KITES_END_WITH_STDIN'

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
  if (process.env[END_WITH_STDIN] === 'true') endWithStdin(log)
  return end.signal
}

/** At once, so that a new parent's child never meets this one; being killed is something it must stand anyway. */
function endWithStdin(log: Logger): void {
  const { stdin } = process
  stdin.once('close', () => {
    log.info('ending', { why: 'its parent is gone' })
    process.exit(1)
  })
  stdin.resume()
  // Waiting for that keeps no process alive.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
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
