/**
 * Asks a gRPC server how it is: one call of grpc.health.v1.Health/Check over HTTP/2 without TLS.
 *
 * Output  `{ isSuccess, output }` in the words of a kubelet, never an exception
 * Source: kubernetes pkg/probe/grpc/grpc.go; grpc/grpc doc/PROTOCOL-HTTP2.md; grpc/health/v1/health.proto
 */
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { messageOf } from '#base/errors.ts'

export interface GrpcCheck {
  readonly host: string
  readonly port: number
  /** '' asks for the server as a whole. */
  readonly service: string
  readonly timeoutMs: number
  readonly userAgent: string
}

export interface GrpcOutcome {
  readonly isSuccess: boolean
  readonly output: string
}

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
const SERVING = 1
const PREFIX_BYTES = 5
const ANSWER_MAX_BYTES = 1024
const OK = '0'
const UNIMPLEMENTED = '12'

interface Reply {
  readonly grpcStatus: string
  readonly grpcMessage: string
  readonly body: Buffer
}

export async function checkGrpc(check: GrpcCheck): Promise<GrpcOutcome> {
  const deadline = AbortSignal.timeout(check.timeoutMs)
  try {
    return outcomeOf(await call(check, deadline))
  } catch (error) {
    const output = deadline.aborted
      ? `timeout: health rpc did not complete within ${check.timeoutMs / 1000}s`
      : `error: failed to connect service at "${check.host}:${check.port}": ${messageOf(error)}`
    return { isSuccess: false, output }
  }
}

function call(check: GrpcCheck, deadline: AbortSignal): Promise<Reply> {
  const host = check.host.includes(':') ? `[${check.host}]` : check.host
  const session = connect(`http://${host}:${check.port}`)
  const reply = new Promise<Reply>((resolve, reject) => {
    session.once('error', reject)
    deadline.addEventListener('abort', () => reject(new Error('timeout')), { once: true })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': check.userAgent,
    })
    let httpStatus = 0
    let grpcStatus: string | undefined
    let grpcMessage = ''
    // an answer without a body has its end in its headers
    const take = (headers: IncomingHttpHeaders): void => {
      grpcStatus = headers['grpc-status']?.toString() ?? grpcStatus
      grpcMessage = headers['grpc-message']?.toString() ?? grpcMessage
    }
    const chunks: Buffer[] = []
    let sizeBytes = 0
    stream.once('error', reject)
    stream.on('response', headers => {
      httpStatus = headers[':status'] ?? 0
      take(headers)
    })
    stream.on('trailers', take)
    stream.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > ANSWER_MAX_BYTES) reject(new Error('the answer is too long'))
      else chunks.push(chunk)
    })
    stream.once('end', () =>
      resolve({
        grpcStatus: grpcStatus ?? `HTTP status ${httpStatus}`,
        grpcMessage,
        body: Buffer.concat(chunks),
      }),
    )
    stream.end(encodeRequest(check.service))
  })
  return reply.finally(() => session.destroy())
}

/** Pure: what an answer means. */
export function outcomeOf({ grpcStatus, grpcMessage, body }: Reply): GrpcOutcome {
  if (grpcStatus === UNIMPLEMENTED) {
    const output = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${grpcMessage}`
    return { isSuccess: false, output }
  }
  if (grpcStatus !== OK) {
    const output = `error: health rpc probe failed: ${grpcMessage === '' ? grpcStatus : grpcMessage}`
    return { isSuccess: false, output }
  }
  const status = statusOf(body)
  return status === SERVING
    ? { isSuccess: true, output: 'service healthy' }
    : {
        isSuccess: false,
        output: `service unhealthy (responded with "${STATUSES[status] ?? status}")`,
      }
}

/** One uncompressed message: flag, length, and field 1 (`service`) unless it is empty. Pure. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service)
  // a length takes seven bits of each byte; nobody names a service with more than two bytes of them
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7]
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...length]), name])
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** Field 1 of the answer, an enumeration of one byte; absent means its zero. */
const statusOf = (body: Buffer): number =>
  body[PREFIX_BYTES] === 0x08 ? (body[PREFIX_BYTES + 1] ?? 0) : 0
