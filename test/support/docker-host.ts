/**
 * A Docker Engine of the test's own: network, mount, UTS and PID namespaces with tini as init, a private data
 * root, socket and cgroups below `/sys/fs/cgroup/<controller>/kt-NAME`. Several hosts hang on one bridge in a namespace
 * of its own, so that cluster tests get several machines. Killing the init is a power cut.
 *
 * Needs root and Debian's docker.io, iproute2, util-linux, tini.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CGROUPS, CONTROLLERS, enterCgroups, removeCgroup } from './cgroups.ts'
import { answers, call } from './engine-calls.ts'

const run = promisify(execFile)

export interface Fabric {
  /** Network namespace that holds the bridge; its own address is the "outside client". */
  readonly namespace: string
  /** First three bytes of the node network: `172.30.0`. */
  readonly prefix: string
  close(): Promise<void>
}

/** One link that joins hosts. `name` is at most 8 characters; the process id keeps parallel tests apart. */
export async function startFabric(name: string, prefix = '172.30.0'): Promise<Fabric> {
  const namespace = `kf-${name}-${process.pid}`
  const ip = (...args: string[]): Promise<unknown> => run('ip', ['-n', namespace, ...args])
  await run('ip', ['netns', 'add', namespace])
  await ip('link', 'set', 'lo', 'up')
  await ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
  await ip('link', 'set', 'br0', 'up')
  await ip('addr', 'add', `${prefix}.254/24`, 'dev', 'br0')
  return {
    namespace,
    prefix,
    close: async () => {
      await run('ip', ['netns', 'del', namespace])
    },
  }
}

export interface DockerHostOptions {
  /** At most 6 characters. */
  readonly name: string
  readonly fabric?: Fabric
  /** Last byte of the host's address on the fabric, 1 to 253. */
  readonly index?: number
  /** Flags of dockerd beyond data paths; `[]` is Docker with its defaults. */
  readonly flags?: readonly string[]
  /** As on a fresh machine: off, so that Docker turns it on and sets FORWARD to DROP. */
  readonly ipForward?: boolean
  /** A cgroup namespace: the host sees its own cgroups as the whole tree, as a machine does. */
  readonly ownCgroups?: boolean
}

/** Fast start for tests that need no network of Docker's. */
export const QUIET_FLAGS = ['--iptables=false', '--bridge=none', '--live-restore'] as const

export class DockerHost {
  readonly name: string
  readonly directory: string
  readonly #options: DockerHostOptions
  #init: ChildProcess | undefined
  #initPID = 0
  #daemon: ChildProcess | undefined

  private constructor(options: DockerHostOptions, directory: string) {
    this.name = `kt-${options.name}-${process.pid}`
    this.#options = options
    this.directory = directory
  }

  static async start(options: DockerHostOptions): Promise<DockerHost> {
    const directory = await mkdtemp(join(tmpdir(), `kites-host-${options.name}-${process.pid}-`))
    const host = new DockerHost(options, directory)
    try {
      await host.boot()
    } catch (error) {
      await host.close()
      throw error
    }
    return host
  }

  /** The Engine's socket, reachable from outside the host. */
  get socketPath(): string {
    return join(this.directory, 'run/docker.sock')
  }

  /** Process id of the host's init, as seen here: `nsenter -t` it. */
  get initPID(): number {
    return this.#initPID
  }

  get address(): string {
    return `${this.#options.fabric?.prefix ?? '172.30.0'}.${this.#options.index ?? 1}`
  }

  /** Prefix for cgroup parents, so that containers of several hosts do not meet. */
  get cgroup(): string {
    return `/${this.name}`
  }

  /** Runs a program inside the host, to its end. */
  async exec(command: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    return run('nsenter', [...this.enter(), ...command])
  }

  /** Starts a program inside the host. The caller ends it. */
  spawn(
    command: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv } = {},
  ): ChildProcess {
    return spawn('nsenter', [...this.enter(), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    })
  }

  /** Arguments of nsenter that lead into the host. */
  enter(): string[] {
    const cgroup = this.#options.ownCgroups === true ? ['-C'] : []
    return ['-t', String(this.#initPID), '-m', '-u', '-i', '-n', '-p', ...cgroup, '--']
  }

  /** A command in front of one that leads it into the host's cgroups; for what lives on its own in the host. */
  inCgroups(): string[] {
    const own = this.#options.ownCgroups === true ? '' : `/${this.name}`
    return ['sh', '-c', `${enterCgroups(CGROUPS, own)}; exec "$@"`, '-']
  }

  async boot(): Promise<void> {
    const { fabric } = this.#options
    for (const folder of ['run', 'lib-docker', 'etc']) {
      await mkdir(join(this.directory, folder), { recursive: true })
    }
    await run('ip', ['netns', 'add', this.name])
    await run('ip', ['-n', this.name, 'link', 'set', 'lo', 'up'])
    if (fabric !== undefined) await this.#plug(fabric)
    for (const controller of CONTROLLERS)
      await mkdir(this.#cgroupPath(controller), { recursive: true })
    await this.#inheritCpuset()
    await this.#startInit()
    await this.startDocker()
  }

  async #plug(fabric: Fabric): Promise<void> {
    const index = this.#options.index ?? 1
    const inside = `u${process.pid}${index}`.slice(-14)
    const outside = this.#plugName
    const mac = `02:30:00:00:00:${index.toString(16).padStart(2, '0')}`
    const ip = (...args: string[]): Promise<unknown> => run('ip', ['-n', this.name, ...args])
    await run('ip', [
      'link',
      'add',
      inside,
      'address',
      mac,
      'netns',
      this.name,
      'type',
      'veth',
      'peer',
      'name',
      outside,
      'netns',
      fabric.namespace,
    ])
    await ip('link', 'set', inside, 'name', 'eth0')
    await ip('addr', 'add', `${this.address}/24`, 'dev', 'eth0')
    await ip('link', 'set', 'eth0', 'up')
    await ip('route', 'add', 'default', 'via', `${fabric.prefix}.254`)
    await run('ip', ['-n', fabric.namespace, 'link', 'set', outside, 'master', 'br0', 'up'])
  }

  /** The end of the host's cable in the fabric. */
  get #plugName(): string {
    return `p${process.pid}${this.#options.index ?? 1}`.slice(-14)
  }

  #cgroupPath(controller: string): string {
    return join(CGROUPS, controller, this.name)
  }

  /** A new cpuset allows nothing until it is told. */
  async #inheritCpuset(): Promise<void> {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = `/sys/fs/cgroup/cpuset/${file}`
      if (!existsSync(parent)) continue
      await writeFile(join(this.#cgroupPath('cpuset'), file), await readFile(parent))
    }
  }

  async #startInit(): Promise<void> {
    const { directory } = this
    // the node's own address as name server: refused at once, where an unreachable one costs 10 s
    await writeFile(join(directory, 'etc/resolv.conf'), `nameserver ${this.address}\n`)
    const script = `set -e
hostname ${this.#options.name}
mount --make-rprivate /
mkdir -p /mnt; mount -t tmpfs tmpfs /mnt; mkdir /mnt/cg; mount --rbind ${CGROUPS} /mnt/cg
mount -t sysfs sysfs /sys
${this.#options.ownCgroups === true ? this.#mountOwnCgroups('/mnt/cg') : `mount --rbind /mnt/cg ${CGROUPS}`}
umount -l /mnt/cg; umount /mnt
mount --bind ${directory}/run /run
mount --bind ${directory}/lib-docker /var/lib/docker
mount --bind ${directory}/etc/resolv.conf /etc/resolv.conf
echo ${this.#options.ipForward === false ? 0 : 1} > /proc/sys/net/ipv4/ip_forward
exec tini -s -- sleep infinity
`
    await writeFile(join(directory, 'init.sh'), script)
    await mkdir('/var/lib/docker', { recursive: true })
    const log = await open(join(directory, 'init.log'), 'a')
    const unshare = ['--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc']
    const init = [
      'nsenter',
      `--net=/run/netns/${this.name}`,
      'unshare',
      ...unshare,
      ...(this.#options.ownCgroups === true ? ['--cgroup'] : []),
      'sh',
      join(directory, 'init.sh'),
    ]
    // A test that is killed takes its hosts with it.
    this.#init = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'sh', '-c', `${this.#initCgroups()} exec "$@"`, '-', ...init],
      { stdio: ['ignore', log.fd, log.fd], detached: true },
    )
    await log.close()
    await until(() => this.#findInit(), `init of ${this.name}`, 10_000)
  }

  /** The namespace's root is the cgroup that its first process is in. */
  #initCgroups(): string {
    return this.#options.ownCgroups === true ? `${enterCgroups(CGROUPS, `/${this.name}`)};` : ''
  }

  #mountOwnCgroups(from: string): string {
    const lines = CONTROLLERS.map(
      name =>
        `mkdir ${CGROUPS}/${name}; mount --bind ${from}/${name}/${this.name} ${CGROUPS}/${name}`,
    )
    return [`mount -t tmpfs tmpfs ${CGROUPS}`, ...lines].join('\n')
  }

  #findInit(): boolean {
    const parent = this.#init?.pid
    if (parent === undefined) return false
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim()
    const child = Number(children.split(' ')[0])
    if (!(child > 0)) return false
    this.#initPID = child
    return readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'tini'
  }

  /** Starts dockerd and waits until it answers. */
  async startDocker(): Promise<void> {
    const { directory } = this
    const log = await open(join(directory, 'dockerd.log'), 'a')
    const isOwn = this.#options.ownCgroups === true
    // a killed daemon leaves its pid file; the socket would answer for nobody
    await rm(join(directory, 'run/docker.pid'), { force: true })
    this.#daemon = spawn(
      'nsenter',
      [
        ...this.enter(),
        ...this.inCgroups(),
        'dockerd',
        ...(isOwn ? [] : ['--cgroup-parent', this.cgroup]),
        '--storage-driver',
        'overlay2',
        ...(this.#options.flags ?? QUIET_FLAGS),
      ],
      { stdio: ['ignore', log.fd, log.fd], detached: true },
    )
    await log.close()
    await until(() => answers(this.socketPath), `dockerd of ${this.name}`, 30_000)
  }

  /** `kill -9` of dockerd alone; containers live on. */
  killDocker(): Promise<void> {
    return this.endDocker('KILL')
  }

  /** With TERM and live-restore containers live on as well. */
  async endDocker(signal: 'KILL' | 'TERM'): Promise<void> {
    const pid = readFileSync(join(this.directory, 'run/docker.pid'), 'utf8').trim()
    const program = this.#daemon
    const gone = new Promise(resolve => program?.once('close', resolve))
    await this.exec(['kill', `-${signal}`, pid])
    await gone
  }

  async loadImage(archive: Buffer): Promise<void> {
    const answer = await call(this.socketPath, 'POST', '/images/load?quiet=1', archive)
    if (answer.status !== 200 || answer.body.includes('"error"')) throw new Error(answer.body)
  }

  /** One call to the Engine, decoded. For assertions that must not trust the code under test. */
  async docker<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const answer = await call(this.socketPath, method, path, payload, 'application/json')
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as Answer
  }

  /** Power off: every process of the host dies at once. The data root stays. */
  async powerOff(): Promise<void> {
    if (this.#initPID > 0 && existsSync(`/proc/${this.#initPID}`)) {
      process.kill(this.#initPID, 'SIGKILL')
      await until(() => !existsSync(`/proc/${this.#initPID}`), 'init gone', 10_000)
    }
    // Here and now; with its namespace it would go some time later, and a new boot find it in the way.
    const { fabric } = this.#options
    if (fabric !== undefined)
      await run('ip', ['-n', fabric.namespace, 'link', 'del', this.#plugName]).catch(
        () => undefined,
      )
    await run('ip', ['netns', 'del', this.name]).catch(() => undefined)
    await Promise.all(CONTROLLERS.map(controller => removeCgroup(this.#cgroupPath(controller))))
    await rm(join(this.directory, 'run'), { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.powerOff()
    this.#init?.unref()
    this.#daemon?.unref()
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/**
 * Takes away namespaces, cgroups and folders of hosts whose test process is no more: one that was killed could not
 * do it itself.
 */
export async function sweepHosts(): Promise<void> {
  const isLeft = (pid: string | undefined): boolean =>
    pid !== undefined && !existsSync(`/proc/${pid}`)
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
  for (const name of namespaces) {
    if (isLeft(/^k[tf]-.+-(\d+)$/.exec(name)?.[1]))
      await run('ip', ['netns', 'del', name]).catch(() => undefined)
  }
  for (const controller of CONTROLLERS) {
    for (const name of readdirSync(join(CGROUPS, controller))) {
      if (isLeft(/^kt-.+-(\d+)$/.exec(name)?.[1]))
        await removeCgroup(join(CGROUPS, controller, name), 1)
    }
  }
  for (const name of readdirSync(tmpdir())) {
    if (isLeft(/^kites-(?:host|cluster)-.+-(\d+)-\w{6}$/.exec(name)?.[1]))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}

const pause = (delayMs: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, delayMs))

/** Waits on a condition with a deadline; throws with `what` when it passes. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    if (await condition()) return
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`)
    await pause(10)
  }
}
