/**
 * A cluster of the tests' own: hosts on one link (docker-host.ts), a built kites tree, a server on the first and
 * agents on the others, and a real kubectl that talks to it from the first host.
 *
 * Every host has private /etc/kites, /etc/docker, /var/lib/kites, /usr/local and /var/log and its own cgroup tree, so
 * that install scripts run unchanged in it. Source and tree are a snapshot, so that an edit meanwhile harms nothing.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { busyboxArchive } from './busybox-image.ts'
import { DockerHost, startFabric, sweepHosts, until, type Fabric } from './docker-host.ts'
import { webArchive } from './echo-image.ts'

export { webArchive }

const run = promisify(execFile)

/** Folders that each host has for itself, over the machine's. */
const PRIVATE = ['/etc/kites', '/etc/docker', '/var/lib/kites', '/usr/local', '/var/log'] as const
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** What packaging/ builds and installs from. */
const SOURCE =
  'base api client server agent netfilter cmd packaging systemd package.json package-lock.json README.md'
/** How much of a log a failing test shows. */
const TAIL_LINES = 60

export interface Machine {
  readonly host: DockerHost
  readonly directory: string
}

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly input?: string
  readonly timeoutMs?: number
  readonly env?: NodeJS.ProcessEnv
}

/** A program that runs on while the test looks at what it prints. */
export interface Watched {
  readonly child: ChildProcess
  /** What it printed so far, both streams. */
  output(): string
  /** Waits until that matches; throws with the output when it does not in time. */
  until(pattern: RegExp, timeoutMs?: number): Promise<void>
  /** Ends it and its children, and waits for that. */
  end(): Promise<void>
}

export class Cluster {
  readonly fabric: Fabric
  readonly directory: string
  /** The source as it was when the cluster started; has packaging/install.sh. */
  readonly source: string
  /** The built, self-contained tree; read-only for the hosts. */
  readonly tree: string
  /** The machine's kubectl, where the hosts see it. */
  readonly kubectlProgram: string
  readonly machines: Machine[] = []
  readonly #children: ChildProcess[] = []

  private constructor(fabric: Fabric, directory: string) {
    this.fabric = fabric
    this.directory = directory
    this.source = join(directory, 'source')
    this.tree = join(directory, 'tree')
    this.kubectlProgram = visibleKubectl(directory)
  }

  static async start(name: string): Promise<Cluster> {
    await sweepHosts()
    const directory = mkdtempSync(join(tmpdir(), `kites-cluster-${name}-${process.pid}-`))
    const cluster = new Cluster(await startFabric(name), directory)
    try {
      for (const part of SOURCE.split(' '))
        cpSync(part, join(cluster.source, part), { recursive: true })
      symlinkSync(resolve('node_modules'), join(cluster.source, 'node_modules'))
      const build = join(cluster.source, 'packaging/build.mjs')
      await run('node_modules/.bin/node', [build, '--tree', cluster.tree])
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  /** Boots a host with its Engine as Docker starts it by default, IP forwarding off, and the test's images. */
  async addMachine(flags: readonly string[] = ['--live-restore']): Promise<Machine> {
    const index = this.machines.length + 1
    const name = `node${index}`
    const { fabric } = this
    const options = { name, fabric, index: 10 + index, flags, ipForward: false, ownCgroups: true }
    const host = await DockerHost.start(options)
    const machine = { host, directory: join(this.directory, name) }
    this.machines.push(machine)
    await this.#mountPrivate(machine)
    await host.loadImage(await busyboxArchive())
    for (const version of ['1', '2']) await host.loadImage(await webArchive(version))
    return machine
  }

  async #mountPrivate({ host, directory }: Machine): Promise<void> {
    for (const folder of PRIVATE) {
      const own = join(directory, folder)
      mkdirSync(own, { recursive: true })
      if (folder === '/usr/local')
        for (const name of ['bin', 'lib']) mkdirSync(join(own, name), { recursive: true })
      await host.exec(['sh', '-c', `mkdir -p ${folder} && mount --bind ${own} ${folder}`])
    }
  }

  /** A power cut, and the host up again with what its disk holds. Nothing of kites runs then. */
  async reboot(machine: Machine): Promise<void> {
    await machine.host.powerOff()
    await machine.host.boot()
    await this.#mountPrivate(machine)
  }

  /** Starts `kites ...` in a host; its log goes to a file of the machine. */
  startKites(machine: Machine, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const log = openSync(join(machine.directory, `${args[0] ?? 'kites'}.log`), 'a')
    const { host } = machine
    const command = [...host.enter(), ...host.inCgroups(), join(this.tree, 'kites'), ...args]
    const child = spawn('nsenter', command, {
      stdio: ['ignore', log, log],
      env: { PATH, HOME: '/root', ...env },
    })
    this.#children.push(child)
    return child
  }

  /** Process ids (as seen here) of a host's processes whose title begins so: `kites server`, `kites agent`. */
  processes(machine: Machine, title: string): number[] {
    const own = namespaceOf(machine.host.initPID)
    return readdirSync('/proc')
      .map(Number)
      .filter(pid => pid > 0 && namespaceOf(pid) === own && commandOf(pid).startsWith(title))
  }

  log(machine: Machine, name: string): string {
    const path = join(machine.directory, `${name}.log`)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  /** kubectl on the first host, as its administrator. Never throws for a failing kubectl. */
  kubectl(args: readonly string[], options: CommandOptions = {}): CommandResult {
    return this.inside(this.first, this.#kubectlCommand(args), options)
  }

  /** kubectl that must succeed; what it printed. */
  ok(args: readonly string[], options: CommandOptions = {}): string {
    const { status, stdout, stderr } = this.kubectl(args, options)
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${status}\n${stdout}${stderr}`)
    return stdout
  }

  /** A kubectl that stays: `get -w`, `logs -f`. */
  watchKubectl(args: readonly string[]): Watched {
    return this.watchInside(this.first, this.#kubectlCommand(args))
  }

  #kubectlCommand(args: readonly string[]): string[] {
    return [this.kubectlProgram, '--kubeconfig', '/etc/kites/kites.yaml', ...args]
  }

  get first(): Machine {
    const [first] = this.machines
    if (first === undefined) throw new Error('the cluster has no machine')
    return first
  }

  /** Runs a program in a host to its end, bounded in time. */
  inside(
    { host }: Machine,
    command: readonly string[],
    options: CommandOptions = {},
  ): CommandResult {
    return runToEnd(['nsenter', ...host.enter(), ...host.inCgroups(), ...command], options)
  }

  watchInside({ host }: Machine, command: readonly string[]): Watched {
    return this.#watch(['nsenter', ...host.enter(), ...command])
  }

  /** On the link, beside the hosts: what an outside client sees. */
  outside(command: readonly string[], options: CommandOptions = {}): CommandResult {
    return runToEnd(['ip', 'netns', 'exec', this.fabric.namespace, ...command], options)
  }

  watchOutside(command: readonly string[]): Watched {
    return this.#watch(['ip', 'netns', 'exec', this.fabric.namespace, ...command])
  }

  #watch([program = '', ...args]: readonly string[]): Watched {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH } })
    this.#children.push(child)
    return watched(child, [program, ...args].join(' '))
  }

  /** The body of a URL as an outside client on the link sees it; '' when it does not answer. */
  curlOutside(url: string): string {
    return this.outside(['curl', '-s', '-m', '3', url]).stdout
  }

  async untilReady(nodes: number, timeoutMs: number): Promise<void> {
    await this.untilKubectl(
      ['get', 'nodes', '--no-headers'],
      text => text.split('\n').filter(line => / Ready /.test(line)).length === nodes,
      timeoutMs,
    )
  }

  /** Asks kubectl until its answer is as wanted; throws with the last answer when it is not in time. */
  async untilKubectl(
    args: readonly string[],
    isWanted: (stdout: string, result: CommandResult) => boolean,
    timeoutMs = 20_000,
  ): Promise<void> {
    let last: CommandResult = { status: -1, stdout: '', stderr: '' }
    const look = (): boolean => {
      last = this.kubectl(args, { timeoutMs: 10_000 })
      return isWanted(last.stdout, last)
    }
    await until(look, `kubectl ${args.join(' ')}`, timeoutMs).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; last answer: ${JSON.stringify(last)}`, { cause })
    })
  }

  /** What one wants to see of a cluster in which a test failed. */
  diagnosis(): string {
    if (this.machines.length === 0) return 'no machine'
    const questions = [
      ['get', 'nodes,pods,services,endpointslices', '-A', '-o', 'wide'],
      ['get', 'events', '-A'],
      ['describe', 'nodes'],
      ['describe', 'pods', '-A'],
    ]
    const answers = questions.map(args => {
      const { stdout, stderr } = this.kubectl(args, { timeoutMs: 10_000 })
      return `$ kubectl ${args.join(' ')}\n${tail(stdout + stderr, 150)}`
    })
    const logs = this.machines.flatMap(machine =>
      ['server', 'agent', 'var/log/kites', 'var/log/kites-agent'].map(name => {
        const text = this.log(machine, name)
        return text === '' ? '' : `== ${machine.host.name} ${name}\n${tail(text, TAIL_LINES)}`
      }),
    )
    return [...answers, ...logs.filter(text => text !== '')].join('\n')
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(this.machines.map(({ host }) => host.close()))
    await this.fabric.close()
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface TapTest {
  setTimeout(milliseconds: number): void
  passing(): boolean
  comment(text: string): void
  teardown(end: () => Promise<void>): void
}

/** How long one file of tests may take before it ends with what it has. */
const FILE_MS = 150_000

/** A cluster, set up as told, that ends with the test file and shows its state when a test failed. */
export async function clusterFor(
  t: TapTest,
  name: string,
  setUp: (cluster: Cluster) => Promise<void>,
): Promise<Cluster> {
  t.setTimeout(FILE_MS)
  const cluster = await Cluster.start(name)
  t.teardown(async () => {
    if (!t.passing()) t.comment(cluster.diagnosis())
    await cluster.close()
  })
  try {
    await setUp(cluster)
  } catch (error) {
    // Outside a test tap ends the process at once, without its teardown.
    t.comment(cluster.diagnosis())
    await cluster.close()
    throw error
  }
  return cluster
}

/** Hosts have a /usr/local of their own: a kubectl that lies there is copied for them. */
function visibleKubectl(directory: string): string {
  const { stdout } = runToEnd(['sh', '-c', 'command -v kubectl'], {})
  const found = stdout.trim()
  if (found === '') throw new Error('kubectl is missing; cluster tests need a real one')
  if (!found.startsWith('/usr/local/')) return found
  const copy = join(directory, 'kubectl')
  cpSync(found, copy, { dereference: true })
  return copy
}

const tail = (text: string, lines: number): string =>
  text.trimEnd().split('\n').slice(-lines).join('\n')

function runToEnd(
  [program = '', ...args]: readonly string[],
  options: CommandOptions,
): CommandResult {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: options.timeoutMs ?? 60_000,
    maxBuffer: 1e8,
    env: { PATH, HOME: '/root', ...options.env },
    ...(options.input === undefined ? {} : { input: options.input }),
  })
  return { status: status ?? -1, stdout, stderr }
}

function watched(child: ChildProcess, command: string): Watched {
  let text = ''
  const take = (chunk: Buffer): void => {
    text += chunk.toString()
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()))
  return {
    child,
    output: () => text,
    until: async (pattern, timeoutMs = 10_000) => {
      await until(() => pattern.test(text), String(pattern), timeoutMs).catch((cause: unknown) => {
        throw new Error(`${command}: ${String(cause)}; it printed:\n${tail(text, 30)}`, { cause })
      })
    },
    end: async () => {
      // nsenter -p runs the program as its child
      for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
      child.kill('SIGKILL')
      await gone
    },
  }
}

function childrenOf(pid: number | undefined): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  if (pid === undefined || !existsSync(path)) return []
  return readFileSync(path, 'utf8').trim().split(' ').map(Number).filter(Boolean)
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return ''
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Writes a manifest beside the test's other files and gives its path. */
export function manifestFile(directory: string, name: string, text: string): string {
  const path = join(directory, name)
  mkdirSync(directory, { recursive: true })
  writeFileSync(path, text)
  return path
}
