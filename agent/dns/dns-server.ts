/**
 * The cluster DNS server of this node: sockets, limits, the address. Owns: the cluster DNS address on loopback and port
 * 53 of it, UDP and TCP.
 *
 * Every node has the same address, so pods are answered by their own node, and no packet leaves it.
 *
 * Law  Nobody outside the cluster is answered (an open resolver is a weapon). Connections, and questions under way, are
 *      bounded. Where another program has port 53 of every address (dnsmasq, Pi-hole), the server listens on another port,
 *      to which the packet filter then leads; it is one clear line, and never ends the agent.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type BackoffPolicy, backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { codeOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { RunCommand } from '#netfilter/command.ts'
import { type Network, networkContains, parseAddress } from '#netfilter/networks.ts'
import type { Responder } from './responder.ts'
import { TcpFrames } from './tcp-frames.ts'

export interface DnsServerOptions {
  readonly address: string
  /** 53, unless a test has its own. */
  readonly port?: number
  readonly responder: Responder
  /** Port 53 is another program's: lead what is meant for it to this port. Called once. */
  readonly onOtherPort: (port: number) => void
  /** Clients in these networks, and this host itself, are answered. */
  readonly clients: readonly Network[]
  readonly command: RunCommand
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const RETRY: BackoffPolicy = { baseMs: 500, maxMs: 10_000 }
const PORT = 53
/** Where port 53 is taken. */
const OTHER_PORT = 10_053
const ADDRESS_CHECK_MS = 10_000
const CONNECTIONS_MAX = 256
const CONNECTION_IDLE_MS = 10_000
const QUESTIONS_PER_CONNECTION = 64
const UNREAD_BYTES_MAX = 256 * 1024
/** UDP questions waiting for other servers. */
const WAITING_MAX = 4000
const HOST_ADDRESSES_MS = 5000
const RECEIVE_BUFFER_BYTES = 1024 * 1024

export class DnsServer implements Part {
  readonly name = 'dns'
  readonly #options: DnsServerOptions
  #hostAddresses: ReadonlySet<string> = new Set()
  #hostAddressesMs = Number.NEGATIVE_INFINITY
  #waiting = 0
  #port: number

  constructor(options: DnsServerOptions) {
    this.#options = options
    this.#port = options.port ?? PORT
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, address } = this.#options
    let failures = 0
    while (!signal.aborted) {
      try {
        await addLocalAddress(this.#options)
        await this.#serve(signal)
        return
      } catch (error) {
        const isTaken = codeOf(error) === 'EADDRINUSE'
        if (isTaken && this.#port !== OTHER_PORT) {
          this.#giveWay()
          continue
        }
        failures += 1
        const why = isTaken
          ? `other programs listen on ports ${this.#options.port ?? PORT} and ${OTHER_PORT} of every address`
          : undefined
        const details = why === undefined ? { error } : { why }
        if (failures === 1 || failures % 30 === 0) {
          log.error('cluster DNS cannot listen; pods resolve no names', { address, ...details })
        }
        await clock.sleep(backoffMs(RETRY, failures, random), signal)
      }
    }
  }

  #giveWay(): void {
    const { log, address, onOtherPort } = this.#options
    log.warn('another program listens on port 53 of every address: cluster DNS gives way', {
      address,
      from: this.#port,
      to: OTHER_PORT,
    })
    this.#port = OTHER_PORT
    onOtherPort(OTHER_PORT)
  }

  /** Takes the address away: for uninstalling. */
  async remove(): Promise<void> {
    const { command, address } = this.#options
    await command(['ip', 'addr', 'del', `${address}/32`, 'dev', 'lo'])
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { address, log } = this.#options
    const port = this.#port
    const failed = new AbortController()
    const udp = await bindUdp(address, port)
    try {
      const tcp = await listenTcp(address, port, socket => this.#connection(socket))
      try {
        udp.on('error', error => {
          log.warn('cluster DNS socket failed', { error })
          failed.abort()
        })
        udp.on('message', (message, from) => this.#datagram(udp, message, from))
        log.info('cluster DNS answers', { address, port })
        await this.#keepAddress(AbortSignal.any([signal, failed.signal]))
      } finally {
        await closeTcp(tcp)
      }
    } finally {
      udp.removeAllListeners('message')
      udp.close()
    }
    if (!signal.aborted) throw new Error('the socket failed')
  }

  /** Puts the address back when a network service swept it away. */
  async #keepAddress(signal: AbortSignal): Promise<void> {
    const { clock, address } = this.#options
    for (;;) {
      await clock.sleep(ADDRESS_CHECK_MS, signal)
      if (signal.aborted) return
      const all = Object.values(networkInterfaces()).flatMap(list => list ?? [])
      if (!all.some(entry => entry.address === address)) await addLocalAddress(this.#options)
    }
  }

  #datagram(udp: UdpSocket, message: Buffer, from: RemoteInfo): void {
    if (!this.#isClient(from.address) || from.port === 0) return
    const answer = this.#options.responder.respond(message, 'udp')
    const send = (bytes: Buffer | undefined): void => {
      // A client that went away is no error of ours.
      if (bytes !== undefined) udp.send(bytes, from.port, from.address, () => {})
    }
    if (!(answer instanceof Promise)) {
      send(answer)
      return
    }
    this.#waiting += 1
    // Beyond the bound the client hears nothing and asks again.
    this.#later(answer, this.#waiting > WAITING_MAX ? () => {} : send)
  }

  #later(answer: Promise<Buffer | undefined>, deliver: (bytes: Buffer | undefined) => void): void {
    answer
      .then(deliver)
      // The client may be gone, and the socket too when we are ending.
      .catch((error: unknown) => this.#options.log.debug('DNS answer not delivered', { error }))
      .finally(() => {
        this.#waiting -= 1
      })
  }

  #connection(socket: Socket): void {
    if (!this.#isClient(socket.remoteAddress ?? '')) {
      socket.destroy()
      return
    }
    const frames = new TcpFrames()
    let underWay = 0
    const { clock } = this.#options
    const giveUp = (): void => {
      socket.destroy()
    }
    let idle = clock.after(CONNECTION_IDLE_MS, giveUp)
    socket.on('error', giveUp)
    socket.on('close', () => idle.cancel())
    socket.on('data', chunk => {
      idle.cancel()
      idle = clock.after(CONNECTION_IDLE_MS, giveUp)
      for (const message of frames.push(chunk)) {
        underWay += 1
        if (underWay > QUESTIONS_PER_CONNECTION) {
          socket.destroy()
          return
        }
        const deliver = (bytes: Buffer | undefined): void => {
          underWay -= 1
          // Who asks on and on without reading is not kept in memory.
          if (bytes === undefined || socket.writableLength > UNREAD_BYTES_MAX) socket.destroy()
          else if (!socket.destroyed) socket.write(TcpFrames.encode(bytes))
        }
        const answer = this.#options.responder.respond(message, 'tcp')
        if (answer instanceof Promise) {
          this.#waiting += 1
          this.#later(answer, deliver)
        } else deliver(answer)
      }
    })
  }

  #isClient(address: string): boolean {
    const value = parseAddress(address)
    if (value === undefined) return false
    if (this.#options.clients.some(network => networkContains(network, value))) return true
    const nowMs = this.#options.clock.monotonic()
    if (!this.#hostAddresses.has(address) && nowMs - this.#hostAddressesMs > HOST_ADDRESSES_MS) {
      const all = Object.values(networkInterfaces()).flatMap(list => list ?? [])
      this.#hostAddresses = new Set(all.map(entry => entry.address))
      this.#hostAddressesMs = nowMs
    }
    return this.#hostAddresses.has(address)
  }
}

/** Scope host: the address is never chosen as the source of anything. Idempotent. */
async function addLocalAddress({ command, address }: DnsServerOptions): Promise<void> {
  await command(['ip', 'link', 'set', 'lo', 'up'])
  const argv = ['ip', 'addr', 'replace', `${address}/32`, 'dev', 'lo', 'scope', 'host']
  const result = await command(argv)
  if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr.trim()}`)
}

function bindUdp(address: string, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES })
    socket.once('error', error => {
      socket.close()
      reject(error)
    })
    socket.bind(port, address, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

function listenTcp(
  address: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection)
    server.maxConnections = CONNECTIONS_MAX
    server.once('error', reject)
    server.listen(port, address, () => {
      server.removeListener('error', reject)
      // Accepting can fail for lack of file descriptors; the next one may succeed.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

/** Connections end with the server: their clients ask again. */
const closeTcp = (server: Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve())
  })
