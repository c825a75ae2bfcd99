/**
 * Byte streams of containers: logs, exec, attach. Logs are a plain answer; exec and attach take over the
 * connection (dockerode's hijack), because stdin needs to be half-closed.
 */
import { PassThrough, type Duplex, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { RuntimeError } from '../errors.ts'
import type { ExecOptions, ExecResult, LogOptions, StreamSession } from '../runtime.ts'
import { demultiplex, mergeStreams } from './demultiplex.ts'
import { type Engine, transportError } from './engine.ts'
import type { WireContainer } from './wire.ts'

const QUICK_MS = 15_000
const OUTPUT_MAX_BYTES = 10 * 1024

export interface Streams {
  logs(containerID: string, options: LogOptions, signal: AbortSignal): Promise<Readable>
  exec(containerID: string, options: ExecOptions): Promise<StreamSession>
  execSync(containerID: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>
  attach(containerID: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession>
}

interface WireExec {
  readonly Running: boolean
  readonly ExitCode: number | null
  readonly Pid: number
}

export function createStreams(engine: Engine): Streams {
  const inspectExec = (id: string): Promise<WireExec> =>
    engine.call({ method: 'GET', path: `/exec/${id}/json`, timeoutMs: QUICK_MS })

  async function startExec(
    containerID: string,
    options: ExecOptions,
  ): Promise<{ readonly id: string; readonly stream: Duplex }> {
    try {
      const docker = await engine.dockerode()
      const exec = await docker.getContainer(containerID).exec({
        Cmd: [...options.command],
        AttachStdin: options.stdin,
        AttachStdout: options.stdout,
        AttachStderr: options.stderr,
        Tty: options.tty,
      })
      const stream = await exec.start({ hijack: true, stdin: true, Tty: options.tty })
      stream.on('error', () => {})
      return { id: exec.id, stream }
    } catch (error) {
      throw transportError(error)
    }
  }

  return {
    async logs(containerID, options, signal) {
      const inspection = await engine.call<WireContainer>({
        method: 'GET',
        path: `/containers/${containerID}/json`,
        timeoutMs: QUICK_MS,
      })
      const source = await engine.open({
        method: 'GET',
        path: `/containers/${containerID}/logs`,
        isLasting: true,
        query: {
          stdout: '1',
          stderr: '1',
          follow: options.follow ? '1' : '0',
          timestamps: options.timestamps ? '1' : '0',
          ...(options.tailLines === undefined ? {} : { tail: String(options.tailLines) }),
          ...(options.sinceSeconds === undefined ? {} : { since: options.sinceSeconds.toFixed(9) }),
        },
        timeoutMs: QUICK_MS,
      })
      signal.addEventListener('abort', () => source.destroy(), { once: true })
      return inspection.Config.Tty ? source : mergeStreams(source)
    },

    async exec(containerID, options) {
      const { id, stream } = await startExec(containerID, options)
      return session(stream, options.tty, {
        resize: size => resize(engine, `/exec/${id}/resize`, size),
        exitCode: async () => (await inspectExec(id)).ExitCode ?? undefined,
      })
    },

    async execSync(containerID, command, timeoutMs) {
      const options = { command, tty: false, stdin: false, stdout: true, stderr: true }
      const { id, stream } = await startExec(containerID, options)
      const deadline = AbortSignal.timeout(timeoutMs)
      const merged = mergeStreams(stream)
      deadline.addEventListener('abort', () => merged.destroy(), { once: true })
      const output = await readHead(merged)
      if (deadline.aborted) {
        stream.destroy()
        throw new RuntimeError('timeout', `command timed out after ${timeoutMs / 1000}s`)
      }
      return { exitCode: (await inspectExec(id)).ExitCode ?? 0, output }
    },

    async attach(containerID, options) {
      try {
        const docker = await engine.dockerode()
        const stream = await docker.getContainer(containerID).attach({
          stream: true,
          hijack: true,
          stdin: options.stdin,
          stdout: options.stdout,
          stderr: options.stderr,
        })
        const duplex = stream as Duplex
        duplex.on('error', () => {})
        return session(duplex, options.tty, {
          resize: size => resize(engine, `/containers/${containerID}/resize`, size),
          exitCode: async () => undefined,
        })
      } catch (error) {
        throw transportError(error)
      }
    },
  }
}

function session(
  stream: Duplex,
  tty: boolean,
  calls: Pick<StreamSession, 'resize' | 'exitCode'>,
): StreamSession {
  const { stdout, stderr } = tty ? plainOutputs(stream) : demultiplex(stream)
  return {
    stdin: stream,
    stdout,
    stderr,
    ...calls,
    close: () => void stream.destroy(),
  }
}

/** A TTY has one output. */
function plainOutputs(stream: Duplex): { stdout: Readable; stderr: Readable } {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  stream.pipe(stdout)
  void finished(stream, { writable: false })
    .catch(() => undefined)
    .then(() => stdout.end())
  stderr.end()
  return { stdout, stderr }
}

/** Sizes arrive while the process is still starting, or after it ended: neither matters. */
async function resize(
  engine: Engine,
  path: string,
  size: { readonly columns: number; readonly rows: number },
): Promise<void> {
  await engine.call({
    method: 'POST',
    path,
    query: { w: String(size.columns), h: String(size.rows) },
    timeoutMs: QUICK_MS,
    accept: [400, 404, 409, 500],
  })
}

/** The first 10 kB; the rest is read and dropped, so that the process is not held back. */
async function readHead(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (sizeBytes < OUTPUT_MAX_BYTES) chunks.push(chunk.subarray(0, OUTPUT_MAX_BYTES - sizeBytes))
      sizeBytes += chunk.length
    }
  } catch {
    // destroyed by the deadline; what was read so far is the answer
  }
  return Buffer.concat(chunks).toString('utf8')
}
