/**
 * TCP through the tunnel: to a port inside a pod (port-forward), or to an address of this node (proxies of the server).
 *
 *   POST /portForward/<namespace>/<pod>?port=<number>
 *   POST /dial/<address>/<port>
 *
 * Law     Only addresses of this node and of its own pods are dialled: the tunnel is no way into anybody's network.
 * Throws  StatusError: ServiceUnavailable when nobody answers there, BadRequest and Forbidden for what is not dialled.
 */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { badRequest, noSuchResource, notFound, StatusError } from '#api/status.ts'
import type { Clock } from '#base/clock.ts'
import type { NodeApiDeps } from './deps.ts'
import { dialFault, hostPort } from './loopback.ts'
import type { PodPorts } from './pod-ports.ts'

const DIAL_TIMEOUT_MS = 10_000

type Serve = (stream: Duplex, signal: AbortSignal) => Promise<void>

export async function portForwardStream(
  deps: NodeApiDeps,
  ports: PodPorts,
  [namespace = '', name = '', ...more]: readonly string[],
  query: URLSearchParams,
): Promise<Serve> {
  if (namespace === '' || name === '' || more.length > 0) throw noSuchResource()
  const port = portOf(query.get('port') ?? '')
  const pod = deps.pods.get(namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  const { sandboxes } = await deps.runtime.observe(pod.metadata.uid)
  const sandbox = sandboxes.find(({ state }) => state === 'ready')
  if (sandbox === undefined)
    throw badRequest(
      `unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`,
    )
  return carry(await ports.connect(sandbox, port))
}

export async function dialStream(
  deps: NodeApiDeps,
  [address = '', portText = '', ...more]: readonly string[],
): Promise<Serve> {
  if (more.length > 0) throw noSuchResource()
  const port = portOf(portText)
  if (!isOurs(deps, address))
    throw new StatusError(
      'Forbidden',
      `${address} is no address of node "${deps.nodeName}" or its pods`,
    )
  try {
    return carry(await reach({ host: address, port }, deps.clock))
  } catch (error) {
    throw new StatusError(
      'ServiceUnavailable',
      `dial tcp ${hostPort(address, port)}: ${dialFault(error)}`,
    )
  }
}

const isOurs = ({ nodeIPs, pods }: NodeApiDeps, address: string): boolean =>
  nodeIPs.includes(address) ||
  pods.list().some(({ status }) => status?.podIPs?.some(({ ip }) => ip === address) === true)

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
  return port
}

/** Both ways, until the pod's side is closed or the server went away. */
const carry =
  (socket: Socket): Serve =>
  (stream, signal) =>
    new Promise(resolve => {
      const stop = (): void => void socket.destroy()
      socket.once('close', () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      socket.on('error', () => {})
      stream.on('error', stop)
      stream.once('close', stop)
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted || socket.destroyed) return stop()
      socket.setNoDelay(true)
      stream.pipe(socket)
      socket.pipe(stream)
    })

/** A TCP connection from the host's own network. Rejects with the system's words. */
function reach(to: { host: string; port: number }, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(to)
    const timer = clock.after(DIAL_TIMEOUT_MS, () => socket.destroy(new Error('i/o timeout')))
    socket.once('error', error => {
      timer.cancel()
      reject(error)
    })
    socket.once('connect', () => {
      timer.cancel()
      resolve(socket)
    })
  })
}
