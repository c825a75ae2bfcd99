/**
 * What the machine tests need of a machine, whatever it is made of (a container booted with systemd, one without, a
 * virtual machine with a kernel of its own), and how programs are run to their end in one.
 */
import { spawn } from 'node:child_process'
import type { CommandResult } from './cluster.ts'

export interface Machine {
  /** Its address on the test's network. */
  readonly address: string
  /** Runs a program in it to its end, as root. Never throws for a failing program; status -1 is no end in time. */
  exec(command: readonly string[], timeoutMs?: number): Promise<CommandResult>
  /** Puts a file into it. */
  put(path: string, content: string | Buffer): Promise<void>
  /** What nftables holds in its kernel, also while no program in it could tell. Counters left out. */
  rules(): Promise<string>
  /** An orderly reboot; resolves when the new boot is up. */
  reboot(): Promise<void>
  /** Power off, and nothing of it stays. */
  close(): Promise<void>
}

/** The outside program that leads into a machine, ended with everything below it when time is up. */
export function runToEnd(
  command: readonly string[],
  timeoutMs: number,
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string | Buffer } = {},
): Promise<CommandResult> {
  const [program = 'false', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
    })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text
      })
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.once('error', reject)
    child.once('close', code => {
      clearTimeout(timer)
      resolve({ status: code ?? -1, ...said })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input)
  })
}

const running = new Set<{ close(): Promise<void> }>()

/**
 * Closes it also when the test process is told to end. What a SIGKILL leaves (names, folders) the next test sweeps up;
 * processes die with the test in any case.
 */
export function closeAtEnd(closable: { close(): Promise<void> }): void {
  if (running.size === 0) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      // Not `once`: tap ends the process at once when it finds no listener but its own.
      process.on(signal, () => {
        void closeAll().finally(() => process.exit(1))
      })
    }
  }
  running.add(closable)
}

/** The last started first: machines before their network. */
export async function closeAll(): Promise<void> {
  for (const each of [...running].reverse()) {
    running.delete(each)
    await each.close().catch((error: unknown) => console.error(error))
  }
}
