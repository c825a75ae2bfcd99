/**
 * Connections to ports of pods as the pods themselves see them: to `localhost` in the pod's network, so that a server
 * that listens on 127.0.0.1 alone is reached too.
 *
 * Owns    one child process per sandbox that is being forwarded to (`port-child.ts`, inside the sandbox's network), ended
 *         after IDLE_MS without a new connection. Connections belong to whoever asked for them.
 * Law     Every call settles: with a connection, or with StatusError(ServiceUnavailable).
 * Source: kubernetes pkg/kubelet/dockershim/docker_streaming_others.go
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { StatusError } from '#api/status.ts'
import type { Clock, Timer } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { SandboxState } from '../runtime/runtime.ts'
import { connectLoopback } from './loopback.ts'

const IDLE_MS = 10_000
const CONNECT_TIMEOUT_MS = 10_000

export interface PortRequest {
  readonly id: number
  readonly port: number
}

/** Without `failure` a connection comes with it. */
export interface PortReply {
  readonly id: number
  readonly failure?: string
}

/** Only our own parent writes to the channel: the members tell the rest. */
export const isPortRequest = (message: unknown): message is PortRequest =>
  typeof message === 'object' && message !== null && 'id' in message && 'port' in message

const isPortReply = (message: unknown): message is PortReply =>
  typeof message === 'object' && message !== null && 'id' in message

/** The one place that names the child's entry point; a bundle maps it. */
const startPortChild = (pid: number): ChildProcess =>
  spawn(
    'nsenter',
    [
      '-t',
      String(pid),
      '-n',
      process.execPath,
      '--max-old-space-size=32',
      '--max-semi-space-size=1',
      fileURLToPath(new URL('./port-child.ts', import.meta.url)),
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
  )

type Sandbox = Pick<SandboxState, 'id' | 'pid' | 'hostNetwork'>

export class PodPorts {
  readonly #clock: Clock
  readonly #start: (pid: number) => ChildProcess
  readonly #links = new Map<string, PortLink>()

  constructor(clock: Clock, start = startPortChild) {
    this.#clock = clock
    this.#start = start
  }

  /** The connection may be paused. */
  async connect(sandbox: Sandbox, port: number): Promise<Socket> {
    try {
      return sandbox.hostNetwork
        ? await connectLoopback(port)
        : await this.#linkTo(sandbox).ask(port)
    } catch (error) {
      throw new StatusError(
        'ServiceUnavailable',
        `failed to connect to localhost:${port} inside the pod's network: ${messageOf(error)}`,
      )
    }
  }

  #linkTo({ id, pid }: Sandbox): PortLink {
    const known = this.#links.get(id)
    if (known !== undefined) return known
    const link = new PortLink(this.#start(pid), this.#clock, () => {
      if (this.#links.get(id) === link) this.#links.delete(id)
    })
    this.#links.set(id, link)
    return link
  }
}

interface Waiting {
  resolve(socket: Socket): void
  reject(error: Error): void
  readonly timeout: Timer
}

/** The parent's end of one child. */
class PortLink {
  readonly #child: ChildProcess
  readonly #clock: Clock
  readonly #onEnd: () => void
  readonly #waiting = new Map<number, Waiting>()
  #next = 1
  #idle: Timer | undefined

  constructor(child: ChildProcess, clock: Clock, onEnd: () => void) {
    this.#child = child
    this.#clock = clock
    this.#onEnd = onEnd
    child.on('message', (message, handle) => this.#receive(message, handle))
    child.on('error', error => this.#end(error.message))
    child.on('exit', (code, signal) => this.#end(`the helper ended with ${signal ?? code}`))
    // Neither the child nor its channel keeps the parent alive.
    child.unref()
    child.channel?.unref()
  }

  ask(port: number): Promise<Socket> {
    this.#idle?.cancel()
    this.#idle = this.#clock.after(IDLE_MS, () => this.#retire())
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const timeout = this.#clock.after(CONNECT_TIMEOUT_MS, () =>
        this.#settle(id, waiting => waiting.reject(new Error('connection timed out'))),
      )
      this.#waiting.set(id, { resolve, reject, timeout })
      this.#child.send({ id, port } satisfies PortRequest, error => {
        if (error !== null) this.#end(error.message)
      })
    })
  }

  #receive(message: unknown, handle: unknown): void {
    if (!isPortReply(message)) return
    const socket = handle instanceof Socket ? handle : undefined
    const isWanted = this.#settle(message.id, waiting => {
      if (socket === undefined) waiting.reject(new Error(message.failure ?? 'no connection'))
      else waiting.resolve(socket)
    })
    if (!isWanted) socket?.destroy()
  }

  #settle(id: number, settle: (waiting: Waiting) => void): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#waiting.delete(id)
    waiting.timeout.cancel()
    settle(waiting)
    return true
  }

  #retire(): void {
    this.#onEnd()
    if (this.#child.connected) this.#child.disconnect()
  }

  #end(why: string): void {
    this.#idle?.cancel()
    this.#onEnd()
    for (const id of this.#waiting.keys())
      this.#settle(id, waiting => waiting.reject(new Error(why)))
  }
}
