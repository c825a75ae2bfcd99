/**
 * Takes transactions to the kernel, one at a time. Owns: the child process with libnftables in it.
 *
 * Two ways: a child process that calls libnftables (under a millisecond per change) and the `nft` program (20 ms).
 * The child is started by the first call, which itself goes through the program so that it need not wait; after a
 * quiet while the child ends, so that an idle node pays no memory for it. Where libnftables cannot be loaded,
 * the program does all.
 *
 * Throws  NftError('refused') with nft's message, or NftError('unavailable').
 */
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError, type RunCommand, runCommand } from '../command.ts'
import type { NftOutcome } from './libnftables.ts'
import { isMissing, NftError, type Timers } from './nft-error.ts'
import { NftLink, startNftChild } from './nft-link.ts'

export interface NftRunner {
  /** Runs one transaction: all of it, or nothing. */
  run(text: string): Promise<void>
  /** The table as nft's JSON; undefined when there is none. */
  list(table: string): Promise<string | undefined>
  close(): void
}

export interface NftRunnerOptions {
  /** A private folder for transactions on their way to `nft -f`; it need not survive anything. */
  readonly scratchDir: string
  readonly timers: Timers
  /** How long the child stays without work; 60 s when absent. */
  readonly idleMs?: number
  /** Told once, when libnftables cannot be used here. */
  readonly onFallback?: (why: string) => void
  /** Null: never use libnftables. */
  readonly startChild?: (() => ChildProcess) | null
  readonly command?: RunCommand
}

const IDLE_MS = 60_000
const TOOL_TIMEOUT_MS = 60_000
/** A child that dies this often before it is of use is not tried again. */
const START_FAILURES_MAX = 3

export function createNftRunner(options: NftRunnerOptions): NftRunner {
  const { timers, idleMs = IDLE_MS, command = runCommand } = options
  const startChild = options.startChild === undefined ? startNftChild : options.startChild
  let link: NftLink | undefined
  let idle: { cancel(): void } | undefined
  let isUseless = startChild === null
  let startFailures = 0
  let tail: Promise<unknown> = Promise.resolve()

  const giveUp = (why: string): void => {
    isUseless = true
    options.onFallback?.(why)
  }

  /** The child if it can be used now; starts one if there should be. */
  const readyLink = (): NftLink | undefined => {
    if (!isUseless && link?.unavailable !== undefined) giveUp(link.unavailable)
    else if (!isUseless && link?.failedToStart === true) {
      startFailures += 1
      link = undefined
      if (startFailures >= START_FAILURES_MAX) giveUp('its process ends before it is ready')
    }
    if (isUseless || startChild === null) return undefined
    if (link === undefined || link.state === 'ended') link = new NftLink(startChild, timers)
    idle?.cancel()
    idle = timers.after(idleMs, () => {
      link?.close()
      link = undefined
    })
    return link.state === 'ready' ? link : undefined
  }

  const call = (kind: 'run' | 'list', text: string): Promise<NftOutcome> => {
    const result = tail.then(() => {
      const ready = readyLink()
      return ready === undefined
        ? callTool({ kind, text, scratchDir: options.scratchDir, command })
        : ready.call({ kind, text })
    })
    tail = result.catch(() => {})
    return result
  }

  return {
    async run(text) {
      const outcome = await call('run', text)
      if (!outcome.ok) throw new NftError('refused', firstLines(outcome.text))
    },
    async list(table) {
      const outcome = await call('list', table)
      if (outcome.ok) return outcome.text
      if (isMissing(outcome.text)) return undefined
      throw new NftError('refused', firstLines(outcome.text))
    },
    close() {
      idle?.cancel()
      link?.close()
      link = undefined
      isUseless = true
    },
  }
}

interface ToolCall {
  readonly kind: 'run' | 'list'
  readonly text: string
  readonly scratchDir: string
  readonly command: RunCommand
}

async function callTool({ kind, text, scratchDir, command }: ToolCall): Promise<NftOutcome> {
  const options = { timeoutMs: TOOL_TIMEOUT_MS }
  try {
    if (kind === 'list') {
      return outcomeOf(await command(['nft', '-j', 'list', 'table', ...text.split(' ')], options))
    }
    // A file, because nft reopens /dev/stdin by name, which fails for the socket that Node makes of a pipe.
    await mkdir(scratchDir, { recursive: true })
    const folder = await mkdtemp(join(scratchDir, 'transaction-'))
    try {
      const file = join(folder, 'commands.nft')
      await writeFile(file, text, { mode: 0o600 })
      return outcomeOf(await command(['nft', '-f', file], options))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause
    throw new NftError('unavailable', cause.message, { cause })
  }
}

const outcomeOf = (result: {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}): NftOutcome => ({
  ok: result.code === 0,
  text: result.code === 0 ? result.stdout : result.stderr,
})

/** nft quotes the whole offending command below its message, which can be a megabyte long. */
const firstLines = (text: string): string =>
  text
    .split('\n')
    .filter(line => line.includes('Error'))
    .slice(0, 3)
    .join('; ')
    .slice(0, 500) || text.slice(0, 500)
