/**
 * Tells when rules of a table are deleted, by whomever. Owns: an `nft monitor` process, started again when it ends.
 *
 * `flush ruleset`, `flush table` and `delete table` by another program all show as deleted rules. Elements are not
 * watched: our own changes would drown the rest.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Timers } from './nft-error.ts'

export interface MonitorOptions {
  /** `ip kites` */
  readonly table: string
  readonly onDeletedRule: () => void
  readonly timers: Timers
}

const RESTART_MS = 5000

export async function watchDeletedRules(
  options: MonitorOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await watchOnce(options, signal)
    await pause(options.timers, signal)
  }
}

function watchOnce(options: MonitorOptions, signal: AbortSignal): Promise<void> {
  const wanted = `delete rule ${options.table} `
  return new Promise(resolve => {
    // It must not outlive an agent that is killed: only the next event would end it.
    const argv = ['--pdeathsig', 'KILL', 'nft', 'monitor', 'destroy', 'rules']
    const child = spawn('setpriv', argv, {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const stop = (): void => {
      child.kill('SIGKILL')
    }
    const finish = (): void => {
      signal.removeEventListener('abort', stop)
      resolve()
    }
    signal.addEventListener('abort', stop, { once: true })
    child.on('error', finish)
    child.on('close', finish)
    createInterface({ input: child.stdout }).on('line', line => {
      if (line.startsWith(wanted)) options.onDeletedRule()
    })
  })
}

const pause = (timers: Timers, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    const finish = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = timers.after(RESTART_MS, finish)
    signal.addEventListener('abort', finish, { once: true })
  })
