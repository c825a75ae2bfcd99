/**
 * The cable between test machines and this one: a bridge of the test's own with a way out to the package registries that
 * this machine reaches, and the sweeping up after test processes that were killed. Needs root, iproute2, nftables.
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CONTROLLERS, removeCgroup } from './cgroups.ts'

const run = promisify(execFile)
const CGROUPS = '/sys/fs/cgroup'
/** Where machines keep their disks; their folders are named `kites-machine-LABEL-PID`. */
export const DISKS = '/var/tmp'

const ip = (...args: string[]): Promise<unknown> => run('ip', args)

export class MachineNetwork {
  /** The bridge's name, also that of its NAT table: `km<number>-<pid>`. */
  readonly name: string
  readonly prefix: string

  private constructor(number: number) {
    this.name = `km${number}-${process.pid}`
    this.prefix = `172.31.${number}`
  }

  static async start(): Promise<MachineNetwork> {
    await sweepMachines()
    const taken = readdirSync('/sys/class/net').map(name => /^km(\d+)-/.exec(name)?.[1])
    const number = Array.from({ length: 100 }, (_, index) => 100 + index).find(
      each => !taken.includes(String(each)),
    )
    if (number === undefined) throw new Error('every test network is taken')
    const network = new MachineNetwork(number)
    const { name, prefix } = network
    await ip('link', 'add', name, 'type', 'bridge', 'forward_delay', '0')
    await ip('addr', 'add', `${prefix}.1/24`, 'dev', name)
    await ip('link', 'set', name, 'up')
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    await run('nft', [
      `table ip ${name} { chain post { type nat hook postrouting priority 100; ip saddr ${prefix}.0/24 ip daddr != ${prefix}.0/24 masquerade; }; }`,
    ])
    return network
  }

  /** Gives a network namespace an eth0 with that last byte of the address. */
  async plug(namespace: string, host: number): Promise<void> {
    const outside = `kv${host}-${process.pid}`
    await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    await ip('link', 'set', outside, 'master', this.name, 'up')
    await ip('-n', namespace, 'addr', 'add', `${this.prefix}.${host}/24`, 'dev', 'eth0')
    for (const link of ['lo', 'eth0']) await ip('-n', namespace, 'link', 'set', link, 'up')
    await ip('-n', namespace, 'route', 'add', 'default', 'via', `${this.prefix}.1`)
  }

  /** A tap device on the bridge, for a machine with a kernel of its own. */
  async tap(host: number): Promise<string> {
    const name = `kt${host}-${process.pid}`
    await ip('tuntap', 'add', name, 'mode', 'tap')
    await ip('link', 'set', name, 'master', this.name, 'up')
    return name
  }

  async close(): Promise<void> {
    await removeLinks(pid => pid === process.pid)
  }
}

/** The processes die with their test (pdeathsig); names, folders and cgroups are what it could not take along. */
async function sweepMachines(): Promise<void> {
  const isLeft = (pid: number): boolean => !existsSync(`/proc/${pid}`)
  const pidOf = (name: string): number => Number(/^km\w*-(\d+)$/.exec(name)?.[1] ?? process.pid)
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    if (isLeft(pidOf(name))) await ip('netns', 'del', name).catch(() => undefined)
  }
  await removeLinks(isLeft)
  for (const controller of CONTROLLERS) {
    for (const name of readdirSync(join(CGROUPS, controller))) {
      if (isLeft(pidOf(name))) await removeCgroup(join(CGROUPS, controller, name), 1)
    }
  }
  for (const name of readdirSync(DISKS)) {
    const pid = /^kites-machine-.+-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && isLeft(Number(pid)))
      await rm(join(DISKS, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

async function removeLinks(isGone: (pid: number) => boolean): Promise<void> {
  for (const name of readdirSync('/sys/class/net')) {
    const found = /^k([mvt])\d+-(\d+)$/.exec(name)
    if (found === null || !isGone(Number(found[2]))) continue
    await ip('link', 'del', name).catch(() => undefined)
    if (found[1] === 'm') await run('nft', ['delete', 'table', 'ip', name]).catch(() => undefined)
  }
}
