/**
 * `kites agent`: joins a server and runs this node's pods until SIGTERM. Pods live on when it ends.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node } from '#api/types/core-v1.ts'
import { joinCluster } from '#agent/join/join.ts'
import { runTunnel } from '#agent/join/tunnel.ts'
import { createNetworkParts } from '#agent/network/network-parts.ts'
import { createAgentParts } from '#agent/node/agent-parts.ts'
import { systemClock } from '#base/clock.ts'
import { runAll } from '#base/lifetime.ts'
import { systemRandom } from '#base/random.ts'
import { createHttpTransport } from '#client/http-transport.ts'
import { Informers } from '#client/informers.ts'
import { PAUSE_IMAGE, pauseImageArchive } from '../packaging/pause/image.ts'
import { readConfigFiles } from './config-files.ts'
import { describeFlags, parseFlags, UsageError } from './flags.ts'
import { nodeIPsOf, nodeNameOf } from './host.ts'
import { endOnSignals, notifyReady, processLogger } from './process.ts'
import { AGENT_FLAGS } from './server-flags.ts'
import { secretOf } from './server-options.ts'

/** What `status.daemonEndpoints` says; requests reach the agent through its tunnel. */
const KUBELET_PORT = 10250

export async function run(argv: readonly string[]): Promise<number> {
  const { env } = process
  const files = readConfigFiles(argv, env)
  const { values } = parseFlags(AGENT_FLAGS, { argv, env, files })
  if (values.help) {
    process.stdout.write(
      `Usage: kites agent --server URL --token TOKEN [flags]\n\n${describeFlags(AGENT_FLAGS)}\n`,
    )
    return 0
  }
  const token = secretOf(values.token, values['token-file'], 'token-file')
  const { server } = values
  if (server === undefined) throw new UsageError('--server is missing: https://HOST:6443')
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:')
    throw new UsageError(`--server is https://HOST:6443, not "${server}"`)
  if (token === undefined)
    throw new UsageError('--token is missing; on the server: cat /var/lib/kites/server/node-token')
  if (process.getuid?.() !== 0) throw new UsageError('running pods needs root: use sudo')
  process.title = 'kites agent'
  const log = processLogger(values.debug).with({ process: 'agent' })
  const signal = endOnSignals(log)
  const nodeName = nodeNameOf(values['node-name'])
  const nodeIPs = nodeIPsOf(values['node-ip'])
  const dataDir = values['data-dir']
  const shared = { clock: systemClock, random: systemRandom, log }
  mkdirSync(join(dataDir, 'agent'), { recursive: true, mode: 0o755 })

  const joined = await joinCluster({
    ...shared,
    serverUrl: server,
    token,
    nodeName,
    nodeIPs,
    dataDir,
    signal,
  })
  const transport = createHttpTransport({
    server: joined.serverUrl,
    tls: clientTls(joined.tls()),
    userAgent: 'kites-agent',
    clock: systemClock,
  })
  joined.onRenew(() => transport.replaceTls(clientTls(joined.tls())))
  const informers = new Informers({ transport, ...shared })
  const nodes = informers.of('nodes')
  const network = createNetworkParts({
    ...shared,
    ...joined.config,
    nodeName,
    nodeIPs,
    dataDir: join(dataDir, 'agent'),
    informers,
    getPodCIDR: () => nodes.get(nodeName)?.spec?.podCIDR,
  })
  const readyFile = join(dataDir, 'agent', 'ready')
  rmSync(readyFile, { force: true })
  const agent = createAgentParts({
    ...shared,
    nodeName,
    nodeIPs,
    dataDirectory: join(dataDir, 'agent'),
    transport,
    informers,
    network: network.network,
    dockerSocket: values['docker-socket'],
    sandboxImage: {
      reference: PAUSE_IMAGE,
      archive: () => pauseImageArchive(process.arch === 'arm64' ? 'arm64' : 'x64'),
    },
    kubeletPort: KUBELET_PORT,
    labels: labelsOf(values['node-label']),
    taints: values['node-taint'].map(taintOf),
    mayMount: true,
    onEngineUp: () => network.dockerRestarted(),
    cgroupRoot: '',
  })
  const tunnel = runTunnel({
    ...shared,
    serverUrl: joined.serverUrl,
    tls: () => joined.tls(),
    handler: agent.handler,
    onConnected: isConnected => {
      if (isConnected) notifyReady()
    },
  })
  // The installer waits for this file: an agent has no kubeconfig to ask with.
  const tellReady = (node: Node): void => {
    if (node.metadata.name === nodeName && isReady(node)) writeFileSync(readyFile, '')
  }
  nodes.addHandler({ onAdd: tellReady, onUpdate: (_before, node) => tellReady(node) })
  try {
    await runAll([informers, joined.renewal, tunnel, ...network.parts, ...agent.parts], signal)
  } finally {
    await transport.close()
  }
  return 0
}

const clientTls = ({ ca, cert, key }: { ca: string; cert: string; key: string }) => ({
  ca: [ca],
  cert,
  key,
})

const isReady = (node: Node): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false

function labelsOf(flags: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    flags.map(text => {
      const [key = '', value] = text.split('=')
      if (value === undefined) throw new UsageError(`--node-label is KEY=VALUE, not "${text}"`)
      return [key, value]
    }),
  )
}

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number]
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

function taintOf(text: string): Taint {
  const [pair = '', effectText = ''] = text.split(':')
  const [key = '', value] = pair.split('=')
  const effect = EFFECTS.find(known => known === effectText)
  if (key === '' || effect === undefined) {
    throw new UsageError(`--node-taint is KEY=VALUE:${EFFECTS.join('|')}, not "${text}"`)
  }
  return value === undefined ? { key, effect } : { key, value, effect }
}
