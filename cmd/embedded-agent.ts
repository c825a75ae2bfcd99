/**
 * This host's agent as a child process of the server: the same program as a stand-alone agent, so that a pause of
 * the API never delays probes or DNS. It is started anew with back-off whenever it ends.
 *
 * The join token goes by file name, never as an argument. Owns: the child.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { backoffMs } from '#base/backoff.ts'
import { systemClock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { END_WITH_STDIN } from './process.ts'
import { loopbackOf, type ServerOptions } from './server-options.ts'

export interface EmbeddedAgentOptions {
  readonly options: ServerOptions
  readonly tokenPath: string
  readonly log: Logger
}

const BACKOFF = { baseMs: 500, maxMs: 15_000 }
/** An agent that ran this long was well: the next failure starts the back-off anew. */
const WELL_AFTER_MS = 30_000
/** An agent does little and shall be small: 10 MB less, and no slower to start pods. The launcher has the same for `kites agent`. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--optimize-for-size', '--v8-pool-size=1'] as const
/** How long the agent gets to end on SIGTERM. */
const END_MS = 3500

export const embeddedAgent = (embedded: EmbeddedAgentOptions): Part => ({
  name: 'agent',
  run: signal => keepRunning(embedded, signal),
})

async function keepRunning(embedded: EmbeddedAgentOptions, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const started = systemClock.monotonic()
    const code = await runOnce(embedded, signal)
    if (signal.aborted) return
    failures = systemClock.monotonic() - started > WELL_AFTER_MS ? 1 : failures + 1
    const delayMs = backoffMs(BACKOFF, failures, systemRandom)
    embedded.log.warn('the agent ended and is started again', {
      code,
      delayMs: Math.round(delayMs),
    })
    await systemClock.sleep(delayMs, signal)
  }
}

function runOnce(embedded: EmbeddedAgentOptions, signal: AbortSignal): Promise<number | null> {
  const child = spawnAgent(embedded)
  const end = (): void => {
    child.kill('SIGTERM')
    systemClock.after(END_MS, () => child.kill('SIGKILL'))
  }
  signal.addEventListener('abort', end, { once: true })
  return new Promise(resolve => {
    const finish = (code: number | null): void => {
      signal.removeEventListener('abort', end)
      resolve(code)
    }
    child.once('exit', finish)
    child.once('error', () => finish(null))
  })
}

function spawnAgent(embedded: EmbeddedAgentOptions): ChildProcess {
  const main = process.argv[1] ?? ''
  const args = [...process.execArgv, ...NODE_FLAGS, main, 'agent', ...agentFlags(embedded)]
  // What these say is in the flags already, or is not this agent's.
  const { KITES_TOKEN: _token, NOTIFY_SOCKET: _socket, ...env } = process.env
  // Its input is ours to close: when this process is killed the kernel does it, and no orphan stays.
  return spawn(process.execPath, args, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...env, [END_WITH_STDIN]: 'true' },
  })
}

/** The whole configuration, as the server has read it: the child reads no file of its own. */
export const agentFlags = ({ options, tokenPath }: Omit<EmbeddedAgentOptions, 'log'>): string[] => [
  '--config=/dev/null',
  `--server=https://${loopbackOf(options)}:${options.port}`,
  `--token-file=${tokenPath}`,
  `--data-dir=${options.dataDir}`,
  `--node-name=${options.nodeName}`,
  `--node-ip=${options.nodeIPs.join(',')}`,
  `--docker-socket=${options.node.dockerSocket}`,
  ...options.node.labels.map(label => `--node-label=${label}`),
  ...options.node.taints.map(taint => `--node-taint=${taint}`),
  `--debug=${options.debug}`,
]
