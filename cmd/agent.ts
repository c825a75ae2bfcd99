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
import type { Logger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { createHttpTransport } from '#client/http-transport.ts'
import type { Informer } from '#client/informer.ts'
import { Informers } from '#client/informers.ts'
import { PAUSE_IMAGE, pauseImageArchive } from '../packaging/pause/image.ts'
import { readConfigFiles } from './config-files.ts'
import { describeFlags, type FlagValues, parseFlags, UsageError } from './flags.ts'
import { nodeIPsOf, nodeNameOf } from './host.ts'
import { endOnSignals, notifyReady, processLogger } from './process.ts'
import { AGENT_FLAGS, PRECEDENCE } from './server-flags.ts'
import { secretOf } from './server-options.ts'

/** What `status.daemonEndpoints` says; requests reach the agent through its tunnel. */
const KUBELET_PORT = 10250

export async function run(argv: readonly string[]): Promise<number> {
  const { env } = process
  const { values, rest } = parseFlags(AGENT_FLAGS, {
    argv,
    env,
    files: readConfigFiles(argv, env),
  })
  if (values.help) {
    process.stdout.write(
      `Usage: kites agent --server URL --token TOKEN [flags]\n\n${describeFlags(AGENT_FLAGS)}\n\n${PRECEDENCE}\n`,
    )
    return 0
  }
  if (rest[0] !== undefined) throw new UsageError(`kites agent takes no argument "${rest[0]}"`)
  const options = agentOptionsOf(values)
  if (process.getuid?.() !== 0) throw new UsageError('running pods needs root: use sudo')
  process.title = 'kites agent'
  const log = processLogger(values.debug).with({ process: 'agent' })
  await runNode(options, log, endOnSignals(log))
  return 0
}

interface AgentOptions {
  readonly serverUrl: string
  readonly token: string
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly dataDir: string
  readonly dockerSocket: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
}

/** Throws UsageError naming the flag. */
export function agentOptionsOf(values: FlagValues<typeof AGENT_FLAGS>): AgentOptions {
  const { server } = values
  if (server === undefined) throw new UsageError('--server is missing: https://HOST:6443')
  const url = URL.parse(server)
  if (url?.protocol !== 'https:' || `${url.pathname}${url.search}${url.hash}` !== '/')
    throw new UsageError(`--server is https://HOST:6443, not "${server}"`)
  const token = secretOf(values.token, values['token-file'], 'token-file')
  if (token === undefined)
    throw new UsageError('--token is missing; on the server: cat /var/lib/kites/server/node-token')
  return {
    serverUrl: server,
    token,
    nodeName: nodeNameOf(values['node-name']),
    nodeIPs: nodeIPsOf(values['node-ip']),
    dataDir: values['data-dir'],
    dockerSocket: values['docker-socket'],
    labels: labelsOf(values['node-label']),
    taints: values['node-taint'].map(taintOf),
  }
}

/** Joins, then runs the node's parts until the signal aborts or one of them fails. */
async function runNode(options: AgentOptions, log: Logger, signal: AbortSignal): Promise<void> {
  const { nodeName, nodeIPs, dataDir } = options
  const shared = { clock: systemClock, random: systemRandom, log }
  const dataDirectory = join(dataDir, 'agent')
  mkdirSync(dataDirectory, { recursive: true, mode: 0o755 })
  const joined = await joinCluster({ ...shared, ...options, signal })
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
    dataDir: dataDirectory,
    informers,
    getPodCIDR: () => nodes.get(nodeName)?.spec?.podCIDR,
  })
  const agent = createAgentParts({
    ...shared,
    ...options,
    dataDirectory,
    transport,
    informers,
    network: network.network,
    hostResolvConf: network.hostResolvConf,
    sandboxImage: SANDBOX_IMAGE,
    kubeletPort: KUBELET_PORT,
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
  tellWhenReady(nodes, nodeName, join(dataDirectory, 'ready'))
  try {
    await runAll([informers, joined.renewal, tunnel, ...network.parts, ...agent.parts], signal)
  } finally {
    await transport.close()
  }
}

const SANDBOX_IMAGE = {
  reference: PAUSE_IMAGE,
  archive: () => pauseImageArchive(process.arch === 'arm64' ? 'arm64' : 'x64'),
}

/** The installer waits for this file: an agent has no kubeconfig to ask with. */
function tellWhenReady(nodes: Informer<Node>, nodeName: string, file: string): void {
  rmSync(file, { force: true })
  let isTold = false
  const tell = (node: Node): void => {
    if (isTold || node.metadata.name !== nodeName || !isReady(node)) return
    isTold = true
    writeFileSync(file, '')
  }
  nodes.addHandler({ onAdd: tell, onUpdate: (_before, node) => tell(node) })
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
      const equals = text.indexOf('=')
      if (equals < 1) throw new UsageError(`--node-label is KEY=VALUE, not "${text}"`)
      return [text.slice(0, equals), text.slice(equals + 1)]
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
