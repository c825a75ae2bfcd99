/**
 * A fresh Debian machine: a debootstrapped root file system under systemd-nspawn with cgroups, process ids and a
 * network of its own. Booted with systemd, or with an init that only reaps, as on hosts without systemd. Boots in a
 * second, reboots, dies with the test.
 *
 * Needs root, systemd-container, debootstrap, iproute2, nftables, util-linux.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { CommandResult } from './cluster.ts'
import { debianRoot, type Suite } from './debian-root.ts'
import { CONTROLLERS, enterCgroups, removeCgroup } from './cgroups.ts'
import { until } from './docker-host.ts'
import { closeAtEnd, runToEnd, type Machine } from './machine.ts'
import { DISKS, type MachineNetwork } from './machine-network.ts'

const run = promisify(execFile)
const CGROUPS = '/sys/fs/cgroup'
/** nspawn's exit code when the machine asked for a reboot. */
const REBOOT = 133
export const MACHINE_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  // The registries may stand behind an authority that only this machine knows.
  NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
}

/** nspawn mounts cgroup v1 hierarchies and kernel settings read-only; a real machine's are not. */
const WRITABLE =
  'for c in /sys/fs/cgroup/*; do mount -o remount,rw,bind $c || true; done; mount -o remount,rw,bind /proc/sys || true'
const WRITABLE_UNIT = `[Unit]
Description=make cgroups and kernel settings writable (test machine)
DefaultDependencies=no
Before=docker.service containerd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '${WRITABLE}'
`

export interface DebianMachineOptions {
  readonly network: MachineNetwork
  /** Its host name; a few letters. */
  readonly name: string
  /** Last byte of its address, 2 to 254. */
  readonly host: number
  readonly suite?: Suite
  /** Without: an init that only reaps; nothing is started at boot. */
  readonly hasSystemd?: boolean
}

export class DebianMachine implements Machine {
  readonly address: string
  /** Its root file system, seen from here. */
  readonly root: string
  readonly #name: string
  readonly #label: string
  readonly #directory: string
  readonly #hasSystemd: boolean
  readonly #network: MachineNetwork
  readonly #host: number
  #nspawn: ChildProcess | undefined
  #boots = 0
  #ended = false

  private constructor(options: DebianMachineOptions) {
    this.#label = options.name
    this.#name = `km${options.host}-${process.pid}`
    this.#directory = join(DISKS, `kites-machine-${options.name}${options.host}-${process.pid}`)
    this.#hasSystemd = options.hasSystemd ?? true
    this.#network = options.network
    this.#host = options.host
    this.root = join(this.#directory, 'root')
    this.address = `${options.network.prefix}.${options.host}`
  }

  static async start(options: DebianMachineOptions): Promise<DebianMachine> {
    const base = await debianRoot(options.suite ?? 'bookworm')
    const machine = new DebianMachine(options)
    closeAtEnd(machine)
    mkdirSync(machine.#directory)
    await run('cp', ['-a', '--reflink=auto', base, machine.root])
    machine.#prepare()
    await run('ip', ['netns', 'add', machine.#name])
    await machine.#network.plug(machine.#name, machine.#host)
    await machine.#makeCgroups()
    await machine.#boot()
    return machine
  }

  #prepare(): void {
    const wants = join(this.root, 'etc/systemd/system/sysinit.target.wants')
    mkdirSync(wants, { recursive: true })
    writeFileSync(join(wants, '../writable.service'), WRITABLE_UNIT)
    symlinkSync('../writable.service', join(wants, 'writable.service'))
    for (const path of ['etc/resolv.conf', 'etc/ssl/certs/ca-certificates.crt'])
      cpSync(join('/', path), join(this.root, path), { dereference: true })
    writeFileSync(join(this.root, 'etc/hostname'), `${this.#label}\n`)
    writeFileSync(
      join(this.root, 'etc/hosts'),
      `127.0.0.1 localhost\n${this.address} ${this.#label}\n`,
    )
  }

  /** Two machines must not meet in one cgroup: each one's systemd takes what it finds for its own. */
  async #makeCgroups(): Promise<void> {
    for (const controller of CONTROLLERS)
      mkdirSync(join(CGROUPS, controller, this.#name), { recursive: true })
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = join(CGROUPS, 'cpuset', file)
      if (existsSync(parent))
        writeFileSync(join(CGROUPS, 'cpuset', this.#name, file), readFileSync(parent))
    }
  }

  async #boot(): Promise<void> {
    this.#start()
    await this.#untilUp()
  }

  #start(): void {
    this.#boots += 1
    const log = openSync(join(this.#directory, 'console.log'), 'a')
    // Killed with the test process, and everything in it with it.
    const leading = ['--pdeathsig', 'KILL', 'sh', '-c', `${this.#inCgroups()}; exec "$@"`, '-']
    const own = ['unshare', '--pid', '--fork', '--kill-child', '--mount', '--mount-proc']
    const kind = this.#hasSystemd
      ? ['--console=read-only', '--boot']
      : ['--console=pipe', '--as-pid2', 'sh', '-c', `${WRITABLE}; echo up; exec sleep infinity`]
    const nspawn = [
      'systemd-nspawn',
      '--quiet',
      '--register=no',
      '--keep-unit',
      `--directory=${this.root}`,
      `--machine=${this.#name}`,
      `--hostname=${this.#label}`,
      `--network-namespace-path=/run/netns/${this.#name}`,
      '--capability=all',
      '--link-journal=no',
      '--resolv-conf=off',
      ...kind,
    ]
    this.#nspawn = spawn('setpriv', [...leading, ...own, ...nspawn], {
      stdio: ['ignore', log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network', SYSTEMD_SECCOMP: '0' },
    })
    this.#nspawn.once('exit', code => {
      if (code === REBOOT && !this.#ended) this.#start()
    })
  }

  #inCgroups(): string {
    return enterCgroups(CGROUPS, `/${this.#name}`)
  }

  async #untilUp(): Promise<void> {
    const asked = this.#hasSystemd ? ['systemctl', 'is-system-running'] : ['test', '-d', '/proc/2']
    await until(
      async () => {
        const { status, stdout } = await this.exec(asked)
        // A machine as small as this one may be degraded.
        return this.#hasSystemd ? /running|degraded/.test(stdout) : status === 0
      },
      `${this.#label} to boot (console: ${this.#directory}/console.log)`,
      60_000,
    )
  }

  /** Process id of the machine's init, as seen here; 0 while it is off. */
  get #initPID(): number {
    const [nspawn = 0] = childrenOf(this.#nspawn?.pid ?? 0)
    return childrenOf(nspawn).find(isInit) ?? 0
  }

  exec(command: readonly string[], timeoutMs = 60_000): Promise<CommandResult> {
    const init = this.#initPID
    if (init === 0) return Promise.resolve({ status: -1, stdout: '', stderr: 'the machine is off' })
    // What is ended from outside would otherwise live on inside.
    const own = ['setpriv', '--pdeathsig', 'KILL']
    const into = ['nsenter', '-t', String(init), '-a', '--']
    return runToEnd([...into, ...own, ...command], timeoutMs, { env: MACHINE_ENV })
  }

  put(path: string, content: string | Buffer): Promise<void> {
    const target = join(this.root, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content)
    chmodSync(target, 0o644)
    return Promise.resolve()
  }

  async rules(): Promise<string> {
    const { stdout } = await run('ip', [
      'netns',
      'exec',
      this.#name,
      'nft',
      '-s',
      'list',
      'ruleset',
    ])
    return stdout
  }

  async reboot(): Promise<void> {
    const before = this.#boots
    if (this.#hasSystemd) {
      await this.exec(['systemctl', 'reboot'])
      await until(() => this.#boots > before, `${this.#label} to go down`, 60_000)
      await this.#untilUp()
      return
    }
    await this.#powerOff()
    await this.#boot()
  }

  async #powerOff(): Promise<void> {
    const child = this.#nspawn
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    await until(() => !hasMounts(this.root), `${this.#label} to be off`, 20_000)
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#powerOff()
    await run('ip', ['netns', 'del', this.#name]).catch(() => undefined)
    await Promise.all(CONTROLLERS.map(each => removeCgroup(join(CGROUPS, each, this.#name))))
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}

/** First of its PID namespace, below nspawn's own. */
function isInit(pid: number): boolean {
  try {
    const ids = /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return ids !== undefined && /\s1$/.test(ids) && ids.split(/\s+/).length >= 3
  } catch {
    return false
  }
}

const hasMounts = (root: string): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${root}/`)
