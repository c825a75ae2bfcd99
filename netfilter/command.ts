/**
 * Runs one program with an argument vector, never through a shell, within a time limit. Owns: that process.
 *
 * Returns  exit code and output, also when the program fails; output beyond the limit is cut off.
 * Throws   CommandError('missing') when there is no such program, CommandError('timeout') when it was killed for taking
 *          too long.
 */
import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Text for its standard input; nothing when absent. */
  readonly input?: string
  /** 10 s when absent. */
  readonly timeoutMs?: number
}

/** What callers are handed, so that tests can answer in its place. */
export type RunCommand = (
  argv: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>

export class CommandError extends Error {
  readonly code: 'missing' | 'timeout'

  constructor(code: CommandError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.code = code
  }
}

const OUTPUT_MAX_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 10_000
/** Messages in English, and system programs found even where a user's PATH leaves out sbin. */
const ENVIRONMENT = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

export const runCommand: RunCommand = (argv, options = {}) => {
  const [program = '', ...args] = argv
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: ENVIRONMENT,
    })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    child.on('error', cause => {
      reject(new CommandError('missing', `cannot run ${program}: ${cause.message}`, { cause }))
    })
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') {
        reject(new CommandError('timeout', `${argv.join(' ')} took longer than ${timeoutMs} ms`))
      } else resolve({ code: code ?? 1, stdout: stdout(), stderr: stderr() })
    })
    // A program that ends without reading closes the pipe; its exit code tells the rest.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size < OUTPUT_MAX_BYTES) chunks.push(chunk)
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
