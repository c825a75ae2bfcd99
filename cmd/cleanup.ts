/**
 * `kites cleanup`: takes this node's pods, interfaces, routes, rules and settings off the host. What uninstall calls;
 * the services must have been stopped. Safe to run again.
 */
import { join } from 'node:path'
import { createNetworkParts } from '#agent/network/network-parts.ts'
import { removeNode } from '#agent/node/node-removal.ts'
import { savedConfig, identityFiles } from '#agent/join/identity.ts'
import { DockerRuntime } from '#agent/runtime/docker/docker-runtime.ts'
import { systemMounts } from '#agent/volumes/mounts.ts'
import { systemClock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { systemRandom } from '#base/random.ts'
import { unreachable } from '#client/answer.ts'
import { Informers } from '#client/informers.ts'
import type { Transport } from '#client/transport.ts'
import { PAUSE_IMAGE, pauseImageArchive } from '../packaging/pause/image.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from './flags.ts'
import { nodeNameOf } from './host.ts'
import { processLogger } from './process.ts'
import { COMMON_FLAGS, NODE_FLAGS } from './server-flags.ts'

const FLAGS = {
  'data-dir': COMMON_FLAGS['data-dir'],
  'docker-socket': NODE_FLAGS['docker-socket'],
  help: COMMON_FLAGS.help,
} as const satisfies FlagTable

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(`Usage: kites cleanup [flags]\n\n${describeFlags(FLAGS)}\n`)
    return 0
  }
  if (process.getuid?.() !== 0) throw new UsageError('cleaning up needs root: use sudo')
  const shared = { clock: systemClock, random: systemRandom, log: processLogger(false) }
  const config = savedConfig(identityFiles(values['data-dir']))
  const runtime = new DockerRuntime({
    ...shared,
    socketPath: values['docker-socket'],
    sandboxImage: PAUSE_IMAGE,
    sandboxImageArchive: () => pauseImageArchive('x64'),
  })
  const dataDirectory = join(values['data-dir'], 'agent')
  const steps: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'pods',
      async () => {
        const { pods } = await removeNode({
          runtime,
          mounts: systemMounts,
          dataDirectory,
          sandboxImage: PAUSE_IMAGE,
        })
        return `${pods} removed`
      },
    ],
    [
      'network',
      async () => {
        // Without a former join there was never a network either.
        if (config === undefined) return 'nothing to remove'
        const informers = new Informers({ transport: nobody, ...shared })
        const network = createNetworkParts({
          ...shared,
          ...config,
          nodeName: nodeNameOf(undefined),
          nodeIPs: [],
          dataDir: dataDirectory,
          informers,
          getPodCIDR: () => undefined,
        })
        await network.cleanup()
        return 'removed'
      },
    ],
  ]
  let failures = 0
  for (const [name, step] of steps) {
    try {
      process.stdout.write(`[kites] ${name}: ${await step()}\n`)
    } catch (error) {
      failures += 1
      process.stderr.write(`[kites] ${name}: ${messageOf(error)}\n`)
    }
  }
  // The network's helper process would keep this one alive.
  process.exit(failures === 0 ? 0 : 1)
}

const refuse = (): Promise<never> =>
  Promise.reject(unreachable('the API', new Error('not used here')))
const nobody: Transport = { request: refuse, watch: refuse }
