/**
 * A whole server process that is started and killed again and again on one folder and one port.
 * Owns: the process of now, which it ends by its id.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createHttpTransport, type HttpTransport } from '#client/http-transport.ts'
import { readKubeconfig } from '#client/pki/kubeconfig.ts'

const MAIN = new URL('../../cmd/main.ts', import.meta.url).pathname
const LOG_SHOWN = 2000

export class KilledServer {
  readonly #directory: string
  readonly #port: number
  #child: ChildProcess | undefined

  static async prepare(directory: string): Promise<KilledServer> {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const address = probe.address()
    probe.close()
    await once(probe, 'close')
    if (address === null || typeof address === 'string') throw new Error('no free port')
    // This machine's own settings must not reach the server.
    writeFileSync(join(directory, 'config.yaml'), '')
    return new KilledServer(directory, address.port)
  }

  private constructor(directory: string, port: number) {
    this.#directory = directory
    this.#port = port
  }

  start(): void {
    const log = openSync(join(this.#directory, 'log'), 'a')
    const flags = {
      'data-dir': join(this.#directory, 'data'),
      'bind-address': '127.0.0.1',
      'https-listen-port': this.#port,
      'write-kubeconfig': this.#kubeconfig,
      config: join(this.#directory, 'config.yaml'),
    }
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
    const cache = { NODE_COMPILE_CACHE: join(this.#directory, 'compiled') }
    this.#child = spawn(process.execPath, [MAIN, 'server', ...args, '--disable-agent'], {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], HOME: this.#directory, ...cache },
    })
    closeSync(log)
  }

  /** Throws when the server has ended by itself before. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    if (child.signalCode === 'SIGKILL') return
    const log = readFileSync(join(this.#directory, 'log'), 'utf8').slice(-LOG_SHOWN)
    throw new Error(`the server ended by itself (${child.exitCode}): ${log}`)
  }

  /** As administrator, once the server has written its kubeconfig. */
  async connect(): Promise<HttpTransport> {
    const { server, ca = '', cert, key } = await readKubeconfig(this.#kubeconfig)
    const identity = cert === undefined || key === undefined ? {} : { cert, key }
    return createHttpTransport({
      server,
      tls: { ca: [ca], ...identity },
      userAgent: 'server-kills',
      timeoutMs: 5000,
    })
  }

  get #kubeconfig(): string {
    return join(this.#directory, 'kubeconfig')
  }
}
