/**
 * A cluster of the tests' own: hosts on one link (docker-host.ts), a built kites tree, a server on the first and
 * agents on the others, and a real kubectl that talks to it from the first host.
 *
 * Every host has private /etc/kites, /etc/docker, /var/lib/kites, /usr/local and /var/log, so that install scripts
 * run unchanged in it.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { imageArchive } from '../../packaging/pause/image.ts'
import { busyboxArchive, DockerHost, startFabric, until, type Fabric } from './docker-host.ts'

const run = promisify(execFile)

/** Folders that each host has for itself, over the machine's. */
const PRIVATE = ['/etc/kites', '/etc/docker', '/var/lib/kites', '/usr/local', '/var/log'] as const

export interface Machine {
  readonly host: DockerHost
  readonly directory: string
}

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export class Cluster {
  readonly fabric: Fabric
  readonly directory: string
  /** The built, self-contained tree; read-only for the hosts. */
  readonly tree: string
  readonly machines: Machine[] = []
  readonly #children: ChildProcess[] = []

  private constructor(fabric: Fabric, directory: string) {
    this.fabric = fabric
    this.directory = directory
    this.tree = join(directory, 'tree')
  }

  static async start(name: string): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), `kites-cluster-${name}-`))
    const cluster = new Cluster(await startFabric(name), directory)
    await run('node_modules/.bin/node', ['packaging/build.mjs', '--tree', cluster.tree])
    return cluster
  }

  /** Boots a host with its Engine as Docker starts it by default, IP forwarding off, and the test's images. */
  async addMachine(flags: readonly string[] = ['--live-restore']): Promise<Machine> {
    const index = this.machines.length + 1
    const name = `node${index}`
    const host = await DockerHost.start({
      name,
      fabric: this.fabric,
      index: 10 + index,
      flags,
      ipForward: false,
    })
    const machine = { host, directory: join(this.directory, name) }
    this.machines.push(machine)
    for (const folder of PRIVATE) {
      const own = join(machine.directory, folder)
      mkdirSync(own, { recursive: true })
      await host.exec(['sh', '-c', `mkdir -p ${folder} && mount --bind ${own} ${folder}`])
    }
    await this.loadImages(machine)
    return machine
  }

  async loadImages({ host }: Machine): Promise<void> {
    await host.loadImage(await busyboxArchive())
    for (const version of ['1', '2']) await host.loadImage(await webArchive(version))
  }

  /** Starts `kites ...` in a host; its log goes to a file of the machine. */
  startKites(machine: Machine, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    mkdirSync(machine.directory, { recursive: true })
    const log = openSync(join(machine.directory, `${args[0] ?? 'kites'}.log`), 'a')
    const child = spawn('nsenter', [...machine.host.enter(), join(this.tree, 'kites'), ...args], {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], HOME: '/root', ...env },
    })
    this.#children.push(child)
    return child
  }

  log(machine: Machine, name: string): string {
    return readFileSync(join(machine.directory, `${name}.log`), 'utf8')
  }

  /** kubectl on the first host, as its administrator. Never throws for a failing kubectl. */
  kubectl(
    args: readonly string[],
    options: { input?: string; timeoutMs?: number } = {},
  ): CommandResult {
    const first = this.machines[0]
    if (first === undefined) throw new Error('the cluster has no machine')
    return this.inside(
      first,
      ['kubectl', '--kubeconfig', '/etc/kites/kites.yaml', ...args],
      options,
    )
  }

  /** Runs a program in a host to its end, bounded in time. */
  inside(
    machine: Machine,
    command: readonly string[],
    options: { input?: string; timeoutMs?: number } = {},
  ): CommandResult {
    const { status, stdout, stderr } = spawnSync('nsenter', [...machine.host.enter(), ...command], {
      encoding: 'utf8',
      timeout: options.timeoutMs ?? 60_000,
      ...(options.input === undefined ? {} : { input: options.input }),
    })
    return { status: status ?? -1, stdout, stderr }
  }

  /** The body of a URL as an outside client on the link sees it; '' when it does not answer. */
  curlOutside(url: string): string {
    const args = ['netns', 'exec', this.fabric.namespace, 'curl', '-s', '-m', '3', url]
    return spawnSync('ip', args, { encoding: 'utf8' }).stdout
  }

  async untilReady(nodes: number, timeoutMs: number): Promise<void> {
    await until(
      () => {
        const { stdout } = this.kubectl(['get', 'nodes', '--no-headers'])
        return stdout.split('\n').filter(line => / Ready /.test(line)).length === nodes
      },
      `${nodes} Ready nodes`,
      timeoutMs,
    )
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const { host } of this.machines) await host.close()
    await this.fabric.close()
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A web server that answers `v<version> <hostname>`: what rolling updates and Services are watched with. */
export async function webArchive(version: string): Promise<Buffer> {
  return imageArchive({
    reference: `web:${version}`,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    entries: [
      ...['bin', 'etc', 'tmp', 'www'].map(
        path => ({ kind: 'directory', path, mode: 0o755 }) as const,
      ),
      { kind: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
      ...[
        'sh',
        'httpd',
        'hostname',
        'echo',
        'wget',
        'cat',
        'sleep',
        'nslookup',
        'env',
        'ls',
        'nc',
        'stty',
        'ps',
      ].map(name => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }) as const),
    ],
    config: {
      Env: ['PATH=/bin'],
      Cmd: [
        'sh',
        '-c',
        `echo "v${version} $(hostname)" > /www/index.html; echo serving v${version}; exec httpd -f -p 80 -h /www`,
      ],
    },
  })
}

/** Writes a manifest beside the test's other files and gives its path. */
export function manifestFile(directory: string, name: string, text: string): string {
  const path = join(directory, name)
  mkdirSync(directory, { recursive: true })
  writeFileSync(path, text)
  return path
}
