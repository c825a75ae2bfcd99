/**
 * Tells when another program damages a table. Owns: an `nft monitor` process, started again when it ends.
 *
 * `flush ruleset`, `flush table` and `delete table` all show as deleted rules. Elements are not watched: our own
 * changes would drown the rest. The monitor holds a copy of all elements (6 MB with few services, 100 MB with ten
 * thousand), so for a large table the chains are listed every few seconds instead (4 ms); that finds a table that is
 * gone, not one that was emptied, which is left to the caller's complete checks.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type RunCommand, runCommand } from '../command.ts'
import type { Timers } from './nft-error.ts'

export interface MonitorOptions {
  /** `ip kites` */
  readonly table: string
  readonly onDamage: () => void
  /** Asked each time a way of watching is chosen. */
  readonly isLarge: () => boolean
  readonly timers: Timers
  readonly command?: RunCommand
}

const INTERVAL_MS = 5000

export async function watchTable(options: MonitorOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!options.isLarge()) await monitorOnce(options, signal)
    else if (!(await hasChains(options))) options.onDamage()
    await pause(options.timers, signal)
  }
}

async function hasChains({ table, command = runCommand }: MonitorOptions): Promise<boolean> {
  const [family = '', name = ''] = table.split(' ')
  try {
    const listed = await command(['nft', '-j', 'list', 'chains', family])
    return listed.code !== 0 || listed.stdout.includes(`"table": "${name}"`)
  } catch {
    // Not knowing is no reason to raise an alarm.
    return true
  }
}

function monitorOnce(options: MonitorOptions, signal: AbortSignal): Promise<void> {
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
      if (line.startsWith(wanted)) options.onDamage()
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
    const timer = timers.after(INTERVAL_MS, finish)
    signal.addEventListener('abort', finish, { once: true })
  })
