/**
 * The parent's end of `nft-child.ts`: starts it, sends calls, matches replies. Owns: the child process.
 *
 * Law  Every call settles: with a reply, or with NftError('unavailable') when the child ends or takes too long.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { NftOutcome } from './libnftables.ts'
import { NftError, type Timers } from './nft-error.ts'

export type ChildRequest = {
  readonly id: number
  /** `run`: text is a transaction. `list`: text is `family table`. */
  readonly kind: 'run' | 'list'
  readonly text: string
}
export type ChildReply = { readonly kind: 'reply'; readonly id: number } & NftOutcome
export type ChildHello =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unavailable'; readonly why: string }

const CALL_TIMEOUT_MS = 30_000

/** The one place that names the child's entry point; a bundle maps it. */
export const startNftChild = (): ChildProcess =>
  fork(new URL('./nft-child.ts', import.meta.url), {
    // Small heap: it holds one transaction or one listing at a time.
    execArgv: ['--max-old-space-size=128', '--max-semi-space-size=1'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })

interface Waiting {
  resolve(outcome: NftOutcome): void
  reject(error: NftError): void
  readonly timeout: { cancel(): void }
}

export class NftLink {
  readonly #child: ChildProcess
  readonly #timers: Timers
  readonly #waiting = new Map<number, Waiting>()
  #next = 1
  #state: 'starting' | 'ready' | 'ended' = 'starting'
  #wasReady = false
  /** Why libnftables cannot be used at all on this machine. */
  unavailable: string | undefined

  constructor(start: () => ChildProcess, timers: Timers) {
    this.#timers = timers
    this.#child = start()
    this.#child.on('message', message => this.#receive(message))
    this.#child.on('error', error => this.#end(error.message))
    this.#child.on('exit', (code, signal) => this.#end(`ended with ${signal ?? code}`))
    // Neither the child nor its channel keeps the parent alive.
    this.#child.unref()
    this.#child.channel?.unref()
  }

  get state(): 'starting' | 'ready' | 'ended' {
    return this.#state
  }

  /** It ended before it could be used once. */
  get failedToStart(): boolean {
    return this.#state === 'ended' && !this.#wasReady
  }

  call(request: Omit<ChildRequest, 'id'>): Promise<NftOutcome> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const timeout = this.#timers.after(CALL_TIMEOUT_MS, () => {
        this.#end(`no answer within ${CALL_TIMEOUT_MS} ms`)
        this.#child.kill('SIGKILL')
      })
      this.#waiting.set(id, { resolve, reject, timeout })
      this.#child.channel?.ref()
      this.#child.send({ id, ...request } satisfies ChildRequest, error => {
        if (error !== null) this.#end(error.message)
      })
    })
  }

  /** Ends the child once it is idle; calls still waiting are refused. */
  close(): void {
    this.#end('closed')
    if (this.#child.connected) this.#child.disconnect()
  }

  #receive(message: unknown): void {
    if (!isFromChild(message)) return
    if (message.kind === 'ready' && this.#state === 'starting') {
      this.#state = 'ready'
      this.#wasReady = true
    }
    if (message.kind === 'unavailable') {
      this.unavailable = message.why
      this.#end(message.why)
    }
    if (message.kind !== 'reply') return
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) this.#child.channel?.unref()
    waiting?.timeout.cancel()
    waiting?.resolve({ ok: message.ok, text: message.text })
  }

  #end(why: string): void {
    this.#state = 'ended'
    for (const waiting of this.#waiting.values()) {
      waiting.timeout.cancel()
      waiting.reject(new NftError('unavailable', `the nftables process failed: ${why}`))
    }
    this.#waiting.clear()
  }
}

const kindOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined

/** Only our own child writes to the channel: its kind tells the rest. */
const isFromChild = (message: unknown): message is ChildHello | ChildReply =>
  ['ready', 'unavailable', 'reply'].includes(String(kindOf(message)))

export const isRequest = (message: unknown): message is ChildRequest =>
  ['run', 'list'].includes(String(kindOf(message)))
