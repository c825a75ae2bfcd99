/**
 * A virtual machine with Debian's own kernel: cgroup v2, the systemd cgroup driver of Docker, every capability. It is
 * emulated (TCG), since nested virtualisation may be absent: about ten times slower than this machine, a minute to
 * boot. What kites needs is preinstalled, and a second disk, read-only, holds what the user brings.
 *
 * Needs root, qemu-system-x86, debootstrap, cpio, kmod, e2fsprogs, busybox-static, openssh-client.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CommandResult } from './cluster.ts'
import { debianRoot } from './debian-root.ts'
import { until } from './docker-host.ts'
import { MACHINE_ENV } from './debian-machine.ts'
import { closeAtEnd, runToEnd, type Machine } from './machine.ts'
import { DISKS, type MachineNetwork } from './machine-network.ts'

const run = promisify(execFile)
const shell = (script: string, ...args: string[]): Promise<unknown> =>
  run('sh', ['-ec', script, '-', ...args], { maxBuffer: 1e8 })

/** A kernel for virtual machines, and what its disk and network cards need before the disk is there. */
const KERNEL_PACKAGE = 'linux-image-cloud-amd64'
const EARLY_MODULES = 'virtio_pci virtio_blk ext4 crc32c_generic'
const PREINSTALLED = 'kmod,docker.io,nftables,iptables,conntrack,curl,openssh-server'.split(',')
const BOOT_MS = 300_000

/** The whole of the first userspace: load modules, mount the disk, go there. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc p /proc; /bin/busybox mount -t sysfs s /sys; /bin/busybox mount -t devtmpfs d /dev
for m in $(/bin/busybox cat /m/order); do /bin/busybox insmod /m/$m 2>/dev/null; done
n=0; while [ ! -b /dev/vda ] && [ $n -lt 200 ]; do /bin/busybox sleep 0.05; n=$((n+1)); done
/bin/busybox mount -t ext4 -o rw /dev/vda /mnt && exec /bin/busybox switch_root /mnt /sbin/init
`

/** Its address stands on the kernel's command line, so that one disk serves every machine. */
const ADDRESS_SCRIPT = `#!/bin/sh
set -- $(sed -n 's/.*kites.address=\\([^ ]*\\) kites.gateway=\\([^ ]*\\).*/\\1 \\2/p' /proc/cmdline)
modprobe virtio_net
n=0; while [ ! -e /sys/class/net/eth0 ] && [ $n -lt 600 ]; do sleep .1; n=$((n+1)); done
ip addr add "$1" dev eth0; ip link set eth0 up; ip route add default via "$2"
`
const ADDRESS_UNIT = `[Unit]
After=systemd-udevd.service
Before=network.target docker.service ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/test-address
[Install]
WantedBy=multi-user.target
`

interface Prepared {
  readonly kernel: string
  readonly initrd: string
  readonly disk: string
  readonly key: string
}

/** Kernel, first userspace and disk: made once, kept in /var/tmp. Three minutes the first time. */
async function prepared(): Promise<Prepared> {
  const kept = join(DISKS, 'kites-virtual-bookworm')
  const at = (folder: string): Prepared => ({
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd'),
    disk: join(folder, 'disk.img'),
    key: join(folder, 'key'),
  })
  if (existsSync(kept)) return at(kept)
  const bare = await debianRoot('bookworm', 'virtual', PREINSTALLED)
  const folder = `${kept}.${process.pid}`
  try {
    mkdirSync(folder)
    await run('cp', ['-a', '--reflink=auto', bare, join(folder, 'root')])
    await addKernel(folder)
    await addSettings(folder)
    await run('mke2fs', [
      '-q',
      '-t',
      'ext4',
      '-m',
      '0',
      '-d',
      join(folder, 'root'),
      at(folder).disk,
      '3G',
    ])
    rmSync(join(folder, 'root'), { recursive: true })
    renameSync(folder, kept)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return at(kept)
}

async function addKernel(folder: string): Promise<void> {
  await shell(
    `cd "$1"; mkdir packages kernel early early/bin early/proc early/sys early/dev early/mnt early/m; cd packages
    apt-get download -q "$(apt-cache depends ${KERNEL_PACKAGE} | sed -n 's/.*Depends: \\(linux-image-[^ ]*\\).*/\\1/p' | head -n 1)"
    dpkg -x linux-image-*.deb ../kernel; cd ..; rm -r packages
    version=$(ls kernel/lib/modules)
    cp -a kernel/lib/modules root/usr/lib/; depmod -b root "$version"; cp kernel/boot/vmlinuz-* vmlinuz
    for module in ${EARLY_MODULES}; do modprobe -d "$1/root" -S "$version" --show-depends "$module" 2>/dev/null; done |
      awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do cp "$file" early/m/; basename "$file" >> early/m/order; done`,
    folder,
  )
  copyFileSync('/bin/busybox', join(folder, 'early/bin/busybox'))
  writeFileSync(join(folder, 'early/init'), INIT, { mode: 0o755 })
  await shell(
    `cd "$1/early"; find . | cpio -o -H newc 2>/dev/null | gzip -1 > ../initrd; cd ..; rm -r early kernel`,
    folder,
  )
}

async function addSettings(folder: string): Promise<void> {
  const root = join(folder, 'root')
  const units = join(root, 'etc/systemd/system')
  const write = (path: string, content: string, mode = 0o644): void =>
    writeFileSync(join(root, path), content, { mode })
  write('etc/fstab', '/dev/vda / ext4 defaults,noatime 0 1\n/dev/vdb /mnt ext4 ro 0 0\n')
  write('usr/local/sbin/test-address', ADDRESS_SCRIPT, 0o755)
  write('etc/systemd/system/test-address.service', ADDRESS_UNIT)
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true })
  symlinkSync(
    '../test-address.service',
    join(units, 'multi-user.target.wants/test-address.service'),
  )
  for (const path of ['etc/resolv.conf', 'etc/ssl/certs/ca-certificates.crt'])
    cpSync(join('/', path), join(root, path), { dereference: true })
  write('etc/hostname', 'virtual\n')
  write('etc/hosts', '127.0.0.1 localhost virtual\n')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 })
  write('root/.ssh/authorized_keys', readFileSync(join(folder, 'key.pub'), 'utf8'), 0o600)
}

export interface QemuMachineOptions {
  readonly network: MachineNetwork
  /** Last byte of its address. */
  readonly host: number
  /** Becomes the read-only /mnt. */
  readonly content: string
}

export class QemuMachine implements Machine {
  readonly address: string
  readonly #directory: string
  #key = ''
  #qemu: ChildProcess | undefined

  private constructor({ network, host }: QemuMachineOptions) {
    this.address = `${network.prefix}.${host}`
    this.#directory = join(DISKS, `kites-machine-virtual${host}-${process.pid}`)
  }

  static async start(options: QemuMachineOptions): Promise<QemuMachine> {
    const parts = await prepared()
    const machine = new QemuMachine(options)
    closeAtEnd(machine)
    mkdirSync(machine.#directory)
    const content = join(machine.#directory, 'content.img')
    await run('mke2fs', ['-q', '-t', 'ext4', '-m', '0', '-d', options.content, content, '1G'])
    machine.#key = join(machine.#directory, 'key')
    copyFileSync(parts.key, machine.#key)
    await run('chmod', ['600', machine.#key])
    machine.#power(parts, await options.network.tap(options.host), options.network.prefix, content)
    await machine.#untilUp()
    return machine
  }

  #power(parts: Prepared, tap: string, prefix: string, content: string): void {
    const log = openSync(join(this.#directory, 'console.log'), 'a')
    const disk = (file: string): string => `file=${file},if=virtio,format=raw,cache=unsafe`
    const settings = `console=ttyS0 quiet panic=-1 mitigations=off net.ifnames=0 apparmor=0 random.trust_cpu=on kites.address=${this.address}/24 kites.gateway=${prefix}.1`
    const devices =
      '-accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nodefaults -display none -serial stdio -device virtio-rng-pci'
    const args = devices.split(' ').concat(
      ['-kernel', parts.kernel, '-initrd', parts.initrd, '-append', settings],
      // What the machine writes is gone with its process; a reboot stays within it.
      ['-drive', `${disk(parts.disk)},snapshot=on`, '-drive', `${disk(content)},readonly=on`],
      ['-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`],
      ['-device', 'virtio-net-pci,netdev=n0,mac=02:31:00:00:00:01'],
    )
    this.#qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: ['ignore', log, log],
    })
  }

  async #untilUp(): Promise<void> {
    await until(
      async () => {
        const { stdout } = await this.exec(['systemctl', 'is-system-running'], 20_000)
        if (/running|degraded/.test(stdout)) return true
        if (this.#qemu?.exitCode !== null) throw new Error(`qemu ended: ${this.#console()}`)
        return false
      },
      `the virtual machine to boot (console: ${this.#directory}/console.log)`,
      BOOT_MS,
    )
  }

  #console(): string {
    return readFileSync(join(this.#directory, 'console.log'), 'utf8').slice(-1000)
  }

  #ssh(): string[] {
    const settings = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
    const quick = ['ConnectTimeout=5', 'BatchMode=yes', 'ServerAliveInterval=15']
    const options = [...settings, ...quick].flatMap(each => ['-o', each])
    return ['ssh', '-i', this.#key, ...options, `root@${this.address}`]
  }

  exec(command: readonly string[], timeoutMs = 60_000): Promise<CommandResult> {
    const env = Object.entries(MACHINE_ENV).map(([name, value]) => `${name}=${value}`)
    const quoted = ['env', ...env, ...command].map(word => `'${word.replaceAll("'", `'\\''`)}'`)
    return runToEnd([...this.#ssh(), quoted.join(' ')], timeoutMs)
  }

  async put(path: string, content: string | Buffer): Promise<void> {
    const command = [...this.#ssh(), `cat > '${path}'`]
    const { status, stderr } = await runToEnd(command, 120_000, { input: content })
    if (status !== 0) throw new Error(`${path}: ${stderr}`)
  }

  async rules(): Promise<string> {
    return (await this.exec(['nft', '-s', 'list', 'ruleset'])).stdout
  }

  async reboot(): Promise<void> {
    const boot = async (): Promise<string> =>
      (await this.exec(['cat', '/proc/sys/kernel/random/boot_id'], 20_000)).stdout
    const before = await boot()
    await this.exec(['systemctl', 'reboot'])
    await until(
      async () => {
        const now = await boot()
        return now !== '' && now !== before
      },
      'the virtual machine to go down and come back',
      BOOT_MS,
    )
    await this.#untilUp()
  }

  async close(): Promise<void> {
    const child = this.#qemu
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
