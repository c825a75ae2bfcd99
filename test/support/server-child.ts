/**
 * The real program as child processes: `kites server` on a data directory of its own, without root when the test has
 * root to give up, and one-shot commands. The program is a snapshot of dist/, so that a build meanwhile harms nothing.
 *
 * Owns  what it starts and makes; `close` and `removeTree` take it away.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readKubeconfig } from '#client/pki/kubeconfig.ts'

/** Debian's `nobody` and `nogroup`. */
const NOBODY = 65534
const IS_ROOT = process.getuid?.() === 0
const READY_MS = 20_000
const NATIVE_PARTS = /\/(deps|doc|test|vendor)$|\/better-sqlite3\/src$/

export interface Tree {
  readonly directory: string
  /** The `kites` command. */
  readonly kites: string
}

/** A self-contained installation that everybody may read. */
export function makeTree(): Tree {
  const directory = mkdtempSync(join(tmpdir(), 'kites-tree-'))
  execFileSync('chmod', ['755', directory])
  for (const name of ['lib', 'kites'])
    cpSync(join('dist', name), join(directory, name), { recursive: true })
  cpSync(process.execPath, join(directory, 'node'))
  for (const name of ['better-sqlite3', 'koffi', '@koromix', 'node-addon-api'])
    cpSync(join('node_modules', name), join(directory, 'node_modules', name), {
      recursive: true,
      filter: path => !NATIVE_PARTS.test(path),
    })
  return { directory, kites: join(directory, 'kites') }
}

export const removeTree = ({ directory }: Tree): void =>
  rmSync(directory, { recursive: true, force: true })

/** A folder that the unprivileged user owns. */
export function makeFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kites-bad-input-'))
  if (IS_ROOT) chownSync(directory, NOBODY, NOBODY)
  return directory
}

/** Hands a folder and all in it to the unprivileged user. */
export function giveAway(directory: string): void {
  if (IS_ROOT) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, directory])
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly asRoot?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly timeoutMs?: number
}

const identity = (asRoot: boolean | undefined): { readonly uid?: number; readonly gid?: number } =>
  IS_ROOT && asRoot !== true ? { uid: NOBODY, gid: NOBODY } : {}

const environment = (more: RunOptions['env'] = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  ...more,
})

/** Runs a command to its end; SIGKILL and code null when it takes too long. */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...identity(options.asRoot),
      env: environment(options.env),
      timeout: options.timeoutMs ?? 20_000,
      killSignal: 'SIGKILL',
    })
    const output = outputOf(child)
    child.once('error', reject)
    child.once('close', code => resolve({ code, ...output }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

function outputOf(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString()
  })
  return output
}

export interface ServerChild {
  readonly child: ChildProcess
  readonly dataDir: string
  readonly kubeconfig: string
  readonly port: number
  readonly url: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** What it has logged so far. */
  log(): string
  isAlive(): boolean
  kubectl(args: readonly string[], input?: string): Promise<Ran>
  /** Ends it; true when it went cleanly. */
  stop(): Promise<boolean>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

export interface ServerChildOptions extends RunOptions {
  readonly dataDir?: string
  readonly port?: number
  readonly args?: readonly string[]
}

/** Starts `kites server --disable-agent` and waits until it is ready. Throws with its log when it is not. */
export async function startServer(
  tree: Tree,
  options: ServerChildOptions = {},
): Promise<ServerChild> {
  const dataDir = options.dataDir ?? makeFolder()
  const port = options.port ?? (await freePort())
  const kubeconfig = join(dataDir, 'admin.yaml')
  const child = spawn(tree.kites, serverArgs({ dataDir, port, kubeconfig, more: options.args }), {
    ...identity(options.asRoot),
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = outputOf(child)
  const ended = new Promise<number | null>(resolve => {
    child.once('close', code => resolve(code))
  })
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null
  await until(() => output.stderr.includes('"msg":"ready"') || !isAlive(), READY_MS)
  if (!isAlive()) throw new Error(`the server ended: ${output.stderr}`)
  const { ca = '', cert = '', key = '' } = await readKubeconfig(kubeconfig)
  const stop = async (): Promise<boolean> => {
    if (isAlive()) child.kill('SIGTERM')
    return (await ended) === 0
  }
  return {
    child,
    dataDir,
    kubeconfig,
    port,
    url: `https://127.0.0.1:${port}`,
    ca,
    cert,
    key,
    log: () => output.stderr,
    isAlive,
    kubectl: (args, input) =>
      runToEnd('kubectl', args, {
        asRoot: true,
        env: { KUBECONFIG: kubeconfig },
        ...(input === undefined ? {} : { input }),
      }),
    stop,
    async close() {
      await stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export const serverArgs = (server: {
  readonly dataDir: string
  readonly port: number
  readonly kubeconfig?: string
  readonly more?: readonly string[] | undefined
}): readonly string[] => [
  'server',
  '--data-dir',
  server.dataDir,
  '--bind-address',
  '127.0.0.1',
  '--https-listen-port',
  String(server.port),
  '--write-kubeconfig',
  server.kubeconfig ?? join(server.dataDir, 'admin.yaml'),
  '--disable-agent',
  '--node-name',
  'bad-input',
  ...(server.more ?? []),
]

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Waits for a condition. Throws when it does not hold in time. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`not so within ${timeoutMs} ms: ${holds.toString()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
