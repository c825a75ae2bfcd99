/**
 * A fresh Debian machine booted with systemd: a debootstrapped root file system under systemd-nspawn, in a network
 * namespace of its own with a way out to the package registries this machine reaches. Boots in a second, reboots,
 * loses power.
 *
 * Needs root, systemd-container, debootstrap, iproute2, nftables. The bare root file system is made once and kept
 * in /var/tmp; each machine runs on a copy.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from './docker-host.ts'
import type { CommandResult } from './cluster.ts'

const run = promisify(execFile)
const BASE = '/var/tmp/kites-debian-bookworm'
/** nspawn's exit code when the machine asked for a reboot. */
const REBOOT = 133

/** On machines whose cgroup v1 hierarchies are mounted read-only, Docker needs them writable. */
const CGROUP_UNIT = `[Unit]
Description=make cgroup v1 controllers writable (test machine)
DefaultDependencies=no
Before=docker.service containerd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for c in /sys/fs/cgroup/*; do mount -o remount,rw,bind $c || true; done; mount -o remount,rw,bind /proc/sys || true'
[Install]
WantedBy=sysinit.target
`

/** Makes the bare root file system unless it is there. A minute and a half the first time. */
export async function debianRoot(): Promise<string> {
  if (existsSync(join(BASE, 'etc/debian_version.complete'))) return BASE
  rmSync(BASE, { recursive: true, force: true })
  const include = 'systemd,systemd-sysv,dbus,udev,iproute2,procps,ca-certificates'
  const mirror = 'http://deb.debian.org/debian'
  await run(
    'debootstrap',
    ['--variant=minbase', `--include=${include}`, 'bookworm', BASE, mirror],
    {
      maxBuffer: 1e8,
    },
  )
  writeFileSync(join(BASE, 'etc/debian_version.complete'), '')
  return BASE
}

export class SystemdMachine {
  readonly name: string
  readonly root: string
  readonly address: string
  readonly #directory: string
  #nspawn: ChildProcess | undefined
  #ended = false

  private constructor(name: string, directory: string, address: string) {
    this.name = name
    this.#directory = directory
    this.root = join(directory, 'root')
    this.address = address
  }

  /** `index` 1 to 60 keeps the networks of several machines apart. */
  static async start(label: string, index: number): Promise<SystemdMachine> {
    const base = await debianRoot()
    const directory = mkdtempSync(`/var/tmp/kites-machine-${label}-`)
    const machine = new SystemdMachine(`km${index}-${process.pid}`, directory, `172.31.${index}.2`)
    await run('cp', ['-a', '--reflink=auto', base, machine.root])
    machine.#prepare()
    await machine.#plug(`172.31.${index}`)
    await machine.boot()
    return machine
  }

  #prepare(): void {
    const unit = join(this.root, 'etc/systemd/system/cgroup-rw.service')
    writeFileSync(unit, CGROUP_UNIT)
    mkdirSync(join(this.root, 'etc/systemd/system/sysinit.target.wants'), { recursive: true })
    cpSync(unit, join(this.root, 'etc/systemd/system/sysinit.target.wants/cgroup-rw.service'))
    cpSync('/etc/resolv.conf', join(this.root, 'etc/resolv.conf'))
    // The registries may stand behind an authority that only this machine knows.
    cpSync(
      '/etc/ssl/certs/ca-certificates.crt',
      join(this.root, 'etc/ssl/certs/ca-certificates.crt'),
    )
    writeFileSync(join(this.root, 'etc/hosts'), `127.0.0.1 localhost\n${this.address} machine\n`)
  }

  async #plug(prefix: string): Promise<void> {
    const ip = (...args: string[]): Promise<unknown> => run('ip', args)
    const inside = ['-n', this.name]
    await ip('netns', 'add', this.name)
    await ip(
      'link',
      'add',
      `v${this.name}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      this.name,
    )
    await ip('addr', 'add', `${prefix}.1/24`, 'dev', `v${this.name}`)
    await ip('link', 'set', `v${this.name}`, 'up')
    await ip(...inside, 'addr', 'add', `${this.address}/24`, 'dev', 'eth0')
    await ip(...inside, 'link', 'set', 'eth0', 'up')
    await ip(...inside, 'link', 'set', 'lo', 'up')
    await ip(...inside, 'route', 'add', 'default', 'via', `${prefix}.1`)
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    const rules = join(this.#directory, 'nat.nft')
    writeFileSync(
      rules,
      `table ip ${this.name} { chain post { type nat hook postrouting priority 100; ip saddr ${prefix}.0/24 masquerade; }; }\n`,
    )
    await run('nft', ['-f', rules])
  }

  /** Starts the machine and waits until systemd says it runs (or is degraded, as minimal machines are). */
  async boot(): Promise<void> {
    this.#ended = false
    const log = openSync(join(this.#directory, 'console.log'), 'a')
    this.#nspawn = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '--register=no',
        '--keep-unit',
        '-D',
        this.root,
        '-M',
        this.name,
        '--hostname=machine',
        `--network-namespace-path=/run/netns/${this.name}`,
        '--capability=all',
        '--link-journal=no',
        '--resolv-conf=off',
        '--console=read-only',
        '--boot',
      ],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network', SYSTEMD_SECCOMP: '0' },
      },
    )
    this.#nspawn.once('exit', code => {
      if (code === REBOOT && !this.#ended) void this.boot()
    })
    await until(
      () => /running|degraded/.test(this.exec(['systemctl', 'is-system-running']).stdout),
      `${this.name} to boot (console: ${this.#directory}/console.log)`,
      60_000,
    )
  }

  /** Process id of the machine's init, as seen here; 0 while it is off. */
  get initPID(): number {
    const nspawn = this.#nspawn?.pid
    if (nspawn === undefined || !existsSync(`/proc/${nspawn}`)) return 0
    return Number(
      readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ')[0],
    )
  }

  exec(command: readonly string[], timeoutMs = 60_000): CommandResult {
    const init = this.initPID
    if (!(init > 0)) return { status: -1, stdout: '', stderr: 'the machine is off' }
    const env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
    }
    const args = ['-t', String(init), '-a', '--', ...command]
    const { status, stdout, stderr } = spawnSync('nsenter', args, {
      encoding: 'utf8',
      timeout: timeoutMs,
      env,
      maxBuffer: 1e8,
    })
    return { status: status ?? -1, stdout, stderr }
  }

  /** `systemctl reboot`, and waits until the new boot is up. */
  async reboot(): Promise<void> {
    const before = this.#nspawn
    this.exec(['systemctl', 'reboot'])
    await until(() => this.#nspawn !== before, `${this.name} to go down`, 60_000)
    await until(
      () => /running|degraded/.test(this.exec(['systemctl', 'is-system-running']).stdout),
      `${this.name} to come back`,
      60_000,
    )
  }

  async close(): Promise<void> {
    this.#ended = true
    if (this.initPID > 0) process.kill(this.initPID, 'SIGKILL')
    await until(() => this.initPID === 0, 'the machine to be off', 20_000)
    await run('ip', ['netns', 'del', this.name])
    await run('nft', ['delete', 'table', 'ip', this.name])
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
