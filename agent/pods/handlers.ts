/**
 * Acting on a container from outside: run a command, fetch a URL, open a connection. Probes and lifecycle hooks
 * are made of these.
 *
 * Output  `{ isSuccess, output }`, never an exception: a program that cannot be asked has failed. Only when the engine
 *         could not run the command nobody knows: `isUnknown`.
 * Source: kubernetes pkg/probe/{exec,http,tcp}, pkg/kubelet/lifecycle/handlers.go
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Container, LifecycleHandler, Probe } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { KUBERNETES_MAJOR, KUBERNETES_MINOR } from '#base/version.ts'
import { isRuntimeError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { checkGrpc } from './grpc-probe.ts'

export interface Outcome {
  readonly isSuccess: boolean
  /** The container was never asked: a probe goes on as if this had not been. */
  readonly isUnknown?: boolean
  readonly output: string
}

export interface Target {
  readonly container: Container
  readonly containerID: string
  readonly podIP: string
}

const BODY_MAX_BYTES = 10 * 1024
const USER_AGENT = `kube-probe/${KUBERNETES_MAJOR}.${KUBERNETES_MINOR}`

export async function act(
  runtime: Pick<Runtime, 'execSync'>,
  handler: Pick<Probe & LifecycleHandler, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'>,
  target: Target,
  timeoutMs: number,
): Promise<Outcome> {
  try {
    if (handler.exec !== undefined) {
      return await runCommand(runtime, handler.exec.command ?? [], target, timeoutMs)
    }
    if (handler.httpGet !== undefined) return await fetchURL(handler.httpGet, target, timeoutMs)
    if (handler.tcpSocket !== undefined) {
      const { host, port } = handler.tcpSocket
      return await dial(
        nonEmpty(host) ?? target.podIP,
        portNumber(target.container, port),
        timeoutMs,
      )
    }
    if (handler.grpc !== undefined) {
      const { port, service = '' } = handler.grpc
      return await checkGrpc({
        host: target.podIP,
        port,
        service,
        timeoutMs,
        userAgent: USER_AGENT,
      })
    }
    return { isSuccess: false, output: 'this kind of handler is not supported by this node' }
  } catch (error) {
    return { isSuccess: false, output: messageOf(error) }
  }
}

async function runCommand(
  runtime: Pick<Runtime, 'execSync'>,
  command: readonly string[],
  target: Target,
  timeoutMs: number,
): Promise<Outcome> {
  try {
    const { exitCode, output } = await runtime.execSync(target.containerID, command, timeoutMs)
    return { isSuccess: exitCode === 0, output }
  } catch (error) {
    const failed = { isSuccess: false, output: messageOf(error) }
    return isRuntimeError(error, 'timeout') ? failed : { ...failed, isUnknown: true }
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

/** A number, or the name of one of the container's ports. Throws Error when there is none. */
export function portNumber(container: Container, port: number | string): number {
  const numeric = Number(port)
  if (Number.isInteger(numeric) && numeric > 0) return numeric
  const named = container.ports?.find(({ name }) => name === port)
  if (named === undefined) throw new Error(`couldn't find port: ${port}`)
  return named.containerPort
}

async function fetchURL(
  get: NonNullable<Probe['httpGet']>,
  target: Target,
  timeoutMs: number,
): Promise<Outcome> {
  const host = nonEmpty(get.host) ?? target.podIP
  const port = portNumber(target.container, get.port)
  const path = get.path ?? '/'
  const isHTTPS = get.scheme === 'HTTPS'
  const headers: Record<string, string> = {
    'user-agent': USER_AGENT,
    accept: '*/*',
    connection: 'close',
  }
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value
  const options = {
    host,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    method: 'GET',
    headers,
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    // whoever probes a pod by address cannot know its certificate's name
    ...(isHTTPS ? { rejectUnauthorized: false } : {}),
  } as const
  const url = `${isHTTPS ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${options.path}`
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = (isHTTPS ? httpsRequest : httpRequest)(options, resolve)
      outgoing.once('error', reject)
      outgoing.end()
    })
    const body = await head(answer)
    const status = answer.statusCode ?? 0
    return status >= 200 && status < 400
      ? { isSuccess: true, output: body }
      : { isSuccess: false, output: `HTTP probe failed with statuscode: ${status}` }
  } catch (error) {
    const why = options.signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : goDialError(error, host, port)
    return { isSuccess: false, output: `Get "${url}": ${why}` }
  }
}

/** The words a Go program has for the commonest refusal, because people search for them. */
function goDialError(error: unknown, host: string, port: number): string {
  const message = messageOf(error)
  if (message.includes('ECONNREFUSED'))
    return `dial tcp ${host}:${port}: connect: connection refused`
  if (message.includes('EHOSTUNREACH')) return `dial tcp ${host}:${port}: connect: no route to host`
  return message
}

async function head(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    chunks.push(chunk)
    if (sizeBytes >= BODY_MAX_BYTES) break
  }
  answer.destroy()
  return Buffer.concat(chunks).subarray(0, BODY_MAX_BYTES).toString('utf8')
}

function dial(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  return new Promise(resolve => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMs) })
    socket.once('connect', () => {
      socket.destroy()
      resolve({ isSuccess: true, output: '' })
    })
    socket.once('error', error => {
      const isTimeout = error.name === 'AbortError' || error.name === 'TimeoutError'
      const why = isTimeout
        ? `dial tcp ${host}:${port}: i/o timeout`
        : goDialError(error, host, port)
      resolve({ isSuccess: false, output: why })
    })
  })
}
