/**
 * A node's network for tests: an agent's parts of it, pods that answer with their names, and what clients see of them.
 * For a network namespace of the test's own. Not a test itself.
 */
import { createSocket } from 'node:dgram'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import packet from 'dns-packet'
import { createNetworkParts, type NetworkParts } from '#agent/network/network-parts.ts'
import { RoutedPodNetwork } from '#agent/network/routed-pod-network.ts'
import { systemClock } from '#base/clock.ts'
import { type Part, runAll } from '#base/lifetime.ts'
import { silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import { Informers } from '#client/informers.ts'
import { parseListing } from '#netfilter/nftables/parse.ts'
import { NetworkApi } from '#test/support/network-api.ts'
import { fetchFrom, type Namespace, newNamespace, run, until } from '#test/support/netns.ts'

export const NODE_A = '172.31.0.11'
export const NODE_B = '172.31.0.12'
export const OUTER_A = '172.30.0.11'

export interface Pod {
  readonly uid: string
  readonly ip: string
  readonly namespace: Namespace
}

interface Running {
  readonly parts: NetworkParts
  stop(): Promise<void>
}

/** One agent's network, as cmd would run it. */
export function startAgent(api: NetworkApi, dataDir: string): Running {
  const common = { clock: systemClock, random: systemRandom, log: silentLogger }
  const informers = new Informers({ transport: api, ...common })
  const parts = createNetworkParts({
    nodeName: 'a',
    nodeIPs: [NODE_A],
    dataDir,
    informers,
    clusterCIDR: '10.42.0.0/16',
    serviceCIDR: '10.43.0.0/16',
    clusterDNS: '10.43.0.10',
    clusterDomain: 'cluster.local',
    getPodCIDR: () => '10.42.0.0/24',
    ...common,
  })
  const ending = new AbortController()
  const all: readonly Part[] = [informers, ...parts.parts]
  const running = runAll(all, ending.signal)
  return {
    parts,
    async stop() {
      ending.abort()
      await running
    },
  }
}

export const addPod = async (
  network: Pick<RoutedPodNetwork, 'setup'>,
  uid: string,
  folder: string,
): Promise<Pod> => {
  const namespace = await newNamespace()
  const ref = { podUID: uid, namespace: 'default', name: uid, pid: namespace.pid }
  const { podIPs } = await network.setup(ref)
  const web = join(folder, uid)
  mkdirSync(web)
  writeFileSync(join(web, 'index.html'), uid)
  namespace.start(['busybox', 'httpd', '-f', '-p', '80', '-h', web])
  namespace.start(['busybox', 'nc', '-ll', '-p', '9000', '-e', 'busybox', 'cat'])
  const ip = podIPs[0] ?? ''
  await until(async () => (await fetchFrom(namespace.command, 'http://127.0.0.1/')) === uid)
  return { uid, ip, namespace }
}

/** What clients get who ask `url` so many times. */
export const answers = async (
  namespace: Pick<Namespace, 'command'>,
  url: string,
  times = 12,
): Promise<string> => {
  const seen = new Set<string>()
  for (let count = 0; count < times; count += 1) seen.add(await fetchFrom(namespace.command, url))
  return [...seen].sort().join(' ')
}

/** Asks for a name by TCP. */
export const DNS_BY_TCP = `const socket = require('net').connect(53, '10.43.0.10')
const name = Buffer.from('\\x03web\\x07default\\x03svc\\x07cluster\\x05local\\x00\\x00\\x01\\x00\\x01', 'latin1')
const head = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
const length = Buffer.from([0, head.length + name.length])
socket.write(Buffer.concat([length, head, name]))
socket.on('data', data => { process.stdout.write(data[3] === 7 ? 'answered' : 'strange'); socket.end() })`

export const rules = (): string => run(['nft', '-s', 'list', 'table', 'ip', 'kites'])

const byText = (left: string, right: string): number => (left < right ? -1 : 1)

/** What the kernel holds, without what packets put there. */
export function held(): string {
  const { objects, elements } = parseListing(run(['nft', '-j', 'list', 'table', 'ip', 'kites']))
  const entries = [...elements].map(
    ([name, each]) => `${name} ${[...each].map(String).toSorted(byText).join(' ')}`,
  )
  const marks = [...objects.values()].map(mark => JSON.stringify(mark))
  return [...marks, ...entries].toSorted(byText).join('\n')
}

export function safely(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

export function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket))
    socket.setTimeout(3000, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject)
  })
}

export function said(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', data => resolve(data.toString()))
    socket.once('close', () => reject(new Error('closed')))
    socket.write(text)
  })
}

type RecordType = 'A' | 'PTR'
const queryOf = (name: string, type: RecordType): Buffer =>
  packet.encode({
    type: 'query',
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
  })
const dataOf = (message: Buffer): readonly string[] =>
  (packet.decode(message).answers ?? []).map(answer =>
    'data' in answer ? String(answer.data) : '',
  )

export function askUdp(name: string, type: RecordType): Promise<readonly string[]> {
  return new Promise(resolve => {
    const socket = createSocket('udp4')
    socket.on('message', message => {
      socket.close()
      resolve(dataOf(message))
    })
    socket.send(queryOf(name, type), 53, '10.43.0.10')
  })
}

export function askTcp(name: string, type: RecordType): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const query = queryOf(name, type)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.length)
    const socket = connect(53, '10.43.0.10', () => socket.write(Buffer.concat([length, query])))
    socket.on('error', reject)
    socket.on('data', data => {
      socket.destroy()
      resolve(dataOf(data.subarray(2)))
    })
  })
}
