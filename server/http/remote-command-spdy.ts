/**
 * The streams of a command over SPDY: the client opens one for each of error, stdin, stdout, stderr and resize.
 *
 * Law     Nothing is carried before all of them are there; a client that does not open them in time is sent away.
 * Source: k8s.io/kubelet pkg/cri/streaming/remotecommand/httpstream.go
 */
import type { Clock } from '#base/clock.ts'
import { endOf, writeTo } from '#base/streams.ts'
import { CHANNEL, FRAME_PAYLOAD_MAX_BYTES, FrameReader, encodeFrame } from '#client/node-api.ts'
import type { CommandStreams } from '#server/registry/call.ts'
import type { Duplex } from 'node:stream'
import { shownStatus } from './command-status.ts'
import { SpdyConnection } from './spdy/connection.ts'
import type { SpdyStream } from './spdy/stream.ts'

const STREAMS_TIMEOUT_MS = 30_000
/** How long a client may take to hang up once all was said. */
const LINGER_MS = 5_000

export interface SpdyCommand {
  readonly socket: Duplex
  readonly node: Duplex
  readonly protocol: string
  readonly streams: CommandStreams
  readonly clock: Clock
}

type Role = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize'
type Opened = ReadonlyMap<string, SpdyStream>

/** Resolves when the session is over. */
export async function carryOverSpdy(command: SpdyCommand): Promise<void> {
  const { socket, node, clock } = command
  const expected = new Set<string>(rolesOf(command))
  const opened = new Map<string, SpdyStream>()
  const hangUp = (): void => {
    connection.close()
    clock.after(LINGER_MS, () => socket.destroy())
  }
  const timer = clock.after(STREAMS_TIMEOUT_MS, hangUp)
  const connection = new SpdyConnection(socket, stream => {
    const role = stream.headers['streamtype'] ?? ''
    if (!expected.delete(role)) return void stream.destroy()
    opened.set(role, stream)
    if (expected.size > 0) return
    timer.cancel()
    void carry(command, opened).then(hangUp)
  })
  await connection.run()
  timer.cancel()
  node.destroy()
}

function rolesOf({ streams, protocol }: SpdyCommand): readonly Role[] {
  const roles: Role[] = ['error']
  if (streams.stdin) roles.push('stdin')
  if (streams.stdout) roles.push('stdout')
  if (streams.stderr) roles.push('stderr')
  if (streams.tty && /^v[34]\./.test(protocol)) roles.push('resize')
  return roles
}

async function carry({ node, protocol }: SpdyCommand, opened: Opened): Promise<void> {
  void upward(opened.get('stdin'), node)
  void resizes(opened.get('resize'), node)
  for (const role of ['stdout', 'stderr', 'error']) opened.get(role)?.resume()
  try {
    await downward(node, opened, protocol)
  } catch {
    // The node went away: the client sees its streams end without a status, which it tells as a lost connection.
  }
  await Promise.all([...opened.values()].map(endOf))
}

const CHANNEL_ROLES: ReadonlyMap<number, Role> = new Map([
  [CHANNEL.stdout, 'stdout'],
  [CHANNEL.stderr, 'stderr'],
  [CHANNEL.error, 'error'],
])

async function downward(node: Duplex, opened: Opened, protocol: string): Promise<void> {
  const frames = new FrameReader()
  for await (const chunk of node as AsyncIterable<Buffer>)
    for (const { channel, payload } of frames.push(chunk)) {
      const stream = opened.get(CHANNEL_ROLES.get(channel) ?? '')
      const shown = channel === CHANNEL.error ? shownStatus(payload, protocol) : payload
      if (stream !== undefined && shown.length > 0) await writeTo(stream, shown)
    }
}

async function upward(stdin: SpdyStream | undefined, node: Duplex): Promise<void> {
  if (stdin === undefined) return
  try {
    for await (const chunk of chunksOf(stdin)) await send(node, CHANNEL.stdin, chunk)
  } catch {
    // A stream that was reset has no end: for the command it is one all the same.
  }
  await send(node, CHANNEL.close, Buffer.from([CHANNEL.stdin]))
}

/** Sizes come as JSON texts one behind the other; each becomes one frame. */
async function resizes(stream: SpdyStream | undefined, node: Duplex): Promise<void> {
  if (stream === undefined) return
  let text = ''
  try {
    for await (const chunk of chunksOf(stream)) {
      text += chunk.toString('utf8')
      const end = text.lastIndexOf('}') + 1
      for (const size of text.slice(0, end).split(/(?<=\})/))
        if (size.trim() !== '') await send(node, CHANNEL.resize, Buffer.from(size))
      text = text.slice(end).slice(0, 1024)
    }
  } catch {
    // Without further sizes the terminal stays as it is.
  }
}

/** Half open: the writing side lives on when the client is through. */
const chunksOf = (stream: Duplex): AsyncIterable<Buffer> =>
  stream.iterator({ destroyOnReturn: false })

async function send(node: Duplex, channel: number, payload: Buffer): Promise<void> {
  for (let start = 0; start < payload.length; start += FRAME_PAYLOAD_MAX_BYTES)
    await writeTo(
      node,
      encodeFrame(channel, payload.subarray(start, start + FRAME_PAYLOAD_MAX_BYTES)),
    )
}
