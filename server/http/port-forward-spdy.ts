/**
 * Port-forward over SPDY: for every connection the client opens a pair of streams, `data` and `error`, that carry the
 * same request id.
 *
 * Law     A pair that does not come together in time is reset; so is a stream whose headers say nothing sensible.
 * Source: k8s.io/kubelet pkg/cri/streaming/portforward/httpstream.go
 */
import type { Clock, Timer } from '#base/clock.ts'
import { endOf } from '#base/streams.ts'
import { messageOf } from '#base/errors.ts'
import type { Answer } from '#server/registry/call.ts'
import type { Duplex } from 'node:stream'
import { SpdyConnection } from './spdy/connection.ts'
import type { SpdyStream } from './spdy/stream.ts'

export type PortForward = Extract<Answer, { kind: 'port-forward' }>

const PAIR_TIMEOUT_MS = 30_000

interface Forwarding {
  readonly forward: PortForward
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface Half {
  readonly type: 'data' | 'error'
  readonly port: number
  readonly requestID: string
}

interface Waiting {
  readonly type: Half['type']
  readonly stream: SpdyStream
  readonly timer: Timer
}

/** Resolves when the client is gone. */
export async function forwardOverSpdy(transport: Duplex, forwarding: Forwarding): Promise<void> {
  const waiting = new Map<string, Waiting>()
  const connection = new SpdyConnection(transport, stream => {
    const half = halfOf(stream)
    const other = waiting.get(half?.requestID ?? '')
    if (half === undefined || other?.type === half.type) return void stream.destroy()
    if (other === undefined) {
      const timer = forwarding.clock.after(PAIR_TIMEOUT_MS, () => stream.destroy())
      waiting.set(half.requestID, { type: half.type, stream, timer })
      stream.once('close', () => {
        timer.cancel()
        if (waiting.get(half.requestID)?.stream === stream) waiting.delete(half.requestID)
      })
      return
    }
    other.timer.cancel()
    waiting.delete(half.requestID)
    const [data, error] = half.type === 'data' ? [stream, other.stream] : [other.stream, stream]
    void carry(forwarding, { data, error, port: half.port })
  })
  await connection.run()
}

/** Undefined when the headers are no half of a pair. */
function halfOf({ id, headers }: SpdyStream): Half | undefined {
  const type = headers['streamtype']
  const port = Number(headers['port'])
  if (type !== 'data' && type !== 'error') return undefined
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  // The oldest clients name no request: they open the error stream, then its data stream.
  const requestID = headers['requestid'] ?? `stream ${type === 'error' ? id : id - 2}`
  return { type, port, requestID }
}

interface Pair {
  readonly data: SpdyStream
  readonly error: SpdyStream
  readonly port: number
}

/** Until the pod closed its side and all of it was sent, or the client reset its own. */
async function carry({ forward, signal }: Forwarding, pair: Pair): Promise<void> {
  const { data, error, port } = pair
  error.resume()
  try {
    const node = await forward.connect(port, signal)
    await splice(data, node)
  } catch (failure) {
    if (error.writable) error.write(refusal(forward, port, failure))
  }
  await Promise.all([endOf(data), endOf(error)])
  // The client may never say that it is through with what it has no use for.
  data.destroy()
  error.destroy()
}

function splice(data: Duplex, node: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    node.on('error', reject)
    node.once('end', resolve)
    node.once('close', resolve)
    data.once('close', () => node.destroy())
    if (data.destroyed) return void node.destroy()
    data.pipe(node)
    node.pipe(data, { end: false })
  })
}

/** What the client of a failed connection is told. */
export const refusal = ({ pod }: PortForward, port: number, error: unknown): Buffer =>
  Buffer.from(
    `error forwarding port ${port} to pod ${pod.name}, uid ${pod.uid}: ${messageOf(error)}`,
  )
