/**
 * Exec and attach: bytes between a container and the frames of the tunnel, and at the end a Status on the error
 * channel: Success, or what the command exited with.
 * Source: k8s.io/kubelet pkg/cri/streaming/remotecommand (exec.go, attach.go)
 */
import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { badRequest, type Status } from '#api/status.ts'
import { messageOf } from '#base/errors.ts'
import { writeTo } from '#base/streams.ts'
import {
  CHANNEL,
  encodeFrame,
  FRAME_PAYLOAD_MAX_BYTES,
  FrameReader,
  type Frame,
} from '#client/node-api.ts'
import type { StreamSession } from '../runtime/runtime.ts'
import { bareID, statusOf } from './container-logs.ts'
import type { ContainerPath, NodeApiDeps } from './deps.ts'

type Serve = (stream: Duplex, signal: AbortSignal) => Promise<void>

interface Wanted {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

export async function execStream(deps: NodeApiDeps, target: ContainerPath): Promise<Serve> {
  const wanted = wantedStreams(target.query)
  const command = target.query.getAll('command')
  if (command.length === 0)
    throw badRequest('you must specify at least one command for the container')
  const id = runningContainer(target)
  return async (stream, signal) => {
    const sink = new FrameSink(stream)
    try {
      const session = await deps.runtime.exec(id, { ...wanted, command })
      await serve(session, { stream, sink, wanted, signal })
      await sink.status(exitStatus((await session.exitCode()) ?? 0))
    } catch (error) {
      await sink.status(failure(`error executing command in container: ${messageOf(error)}`))
    }
    stream.end()
  }
}

export async function attachStream(deps: NodeApiDeps, target: ContainerPath): Promise<Serve> {
  const wanted = wantedStreams(target.query)
  const id = runningContainer(target)
  return async (stream, signal) => {
    const sink = new FrameSink(stream)
    try {
      const session = await deps.runtime.attach(id, wanted)
      await serve(session, { stream, sink, wanted, signal })
      await sink.status(SUCCESS)
    } catch (error) {
      await sink.status(failure(`error attaching to container: ${messageOf(error)}`))
    }
    stream.end()
  }
}

function wantedStreams(query: URLSearchParams): Wanted {
  const has = (name: string): boolean => query.get(name) === '1' || query.get(name) === 'true'
  const tty = has('tty')
  // with a terminal there is one output
  const wanted = { stdin: has('input'), stdout: has('output'), stderr: has('error') && !tty, tty }
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return wanted
}

function runningContainer({ pod, container }: ContainerPath): string {
  const status = statusOf(pod, container)
  const name = `${pod.metadata.name}_${pod.metadata.namespace}`
  if (status?.containerID === undefined || status.state?.running === undefined) {
    throw badRequest(`container "${container}" in pod "${name}" is not running`)
  }
  return bareID(status.containerID)
}

interface Served {
  readonly stream: Duplex
  readonly sink: FrameSink
  readonly wanted: Wanted
  readonly signal: AbortSignal
}

/** Until both outputs have ended, or the far end went away. */
async function serve(
  session: StreamSession,
  { stream, sink, wanted, signal }: Served,
): Promise<void> {
  const hangUp = (): void => session.close()
  signal.addEventListener('abort', hangUp, { once: true })
  stream.once('close', hangUp)
  stream.on('error', hangUp)
  void readFrames(stream, frame => receive(frame, session, wanted)).catch(hangUp)
  try {
    await Promise.all([
      sink.copy(session.stdout, wanted.stdout ? CHANNEL.stdout : undefined),
      sink.copy(session.stderr, wanted.stderr ? CHANNEL.stderr : undefined),
    ])
  } finally {
    signal.removeEventListener('abort', hangUp)
    session.close()
  }
}

async function readFrames(stream: Duplex, onFrame: (frame: Frame) => Promise<void>): Promise<void> {
  const reader = new FrameReader()
  stream.on('data', (chunk: Buffer) => {
    stream.pause()
    void deliver(reader.push(chunk), onFrame)
      .catch((error: unknown) => stream.destroy(error instanceof Error ? error : undefined))
      .finally(() => stream.resume())
  })
  await once(stream, 'end')
}

async function deliver(
  frames: readonly Frame[],
  onFrame: (frame: Frame) => Promise<void>,
): Promise<void> {
  for (const frame of frames) await onFrame(frame)
}

async function receive(
  { channel, payload }: Frame,
  session: StreamSession,
  wanted: Wanted,
): Promise<void> {
  const { stdin } = session
  if (channel === CHANNEL.stdin && wanted.stdin && stdin !== undefined) {
    await writeTo(stdin, payload)
  } else if (channel === CHANNEL.close && payload[0] === CHANNEL.stdin) {
    stdin?.end()
  } else if (channel === CHANNEL.resize) {
    const size = terminalSize(payload)
    if (size !== undefined) await session.resize(size)
  }
}

/** `{"Width":80,"Height":24}`; undefined for what is no size. Pure. */
export function terminalSize(payload: Buffer): { columns: number; rows: number } | undefined {
  try {
    const size: unknown = JSON.parse(payload.toString('utf8'))
    if (typeof size !== 'object' || size === null || !('Width' in size) || !('Height' in size))
      return undefined
    const columns = Number(size.Width)
    const rows = Number(size.Height)
    const isSize = Number.isInteger(columns) && Number.isInteger(rows) && columns > 0 && rows > 0
    return isSize ? { columns, rows } : undefined
  } catch {
    // a client that sends nonsense keeps its window as it is
    return undefined
  }
}

const SUCCESS: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }

/** Clients read the exit code from the cause. Pure. */
export function exitStatus(exitCode: number): unknown {
  if (exitCode === 0) return SUCCESS
  return {
    ...SUCCESS,
    status: 'Failure',
    message: `command terminated with exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

const failure = (message: string): unknown => ({
  ...SUCCESS,
  status: 'Failure',
  message: `Internal error occurred: ${message}`,
  reason: 'InternalError',
  details: { causes: [{ message }] },
  code: 500,
})

/** Writes frames, waiting while the tunnel is full. */
class FrameSink {
  readonly #stream: Duplex

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** Without a channel the bytes are read and dropped, so that the container is not held back. */
  async copy(source: Readable, channel: number | undefined): Promise<void> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        if (channel !== undefined) await this.#write(channel, chunk)
      }
    } catch (error) {
      if (!this.#stream.destroyed) throw error
    }
  }

  async status(status: unknown): Promise<void> {
    await this.#write(CHANNEL.error, Buffer.from(JSON.stringify(status)))
  }

  async #write(channel: number, bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += FRAME_PAYLOAD_MAX_BYTES) {
      if (this.#stream.destroyed || this.#stream.writableEnded) return
      const piece = bytes.subarray(offset, offset + FRAME_PAYLOAD_MAX_BYTES)
      await writeTo(this.#stream, encodeFrame(channel, piece))
    }
  }
}
