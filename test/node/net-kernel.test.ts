/**
 * netfilter against a real kernel: ten thousand services, atomic changes, a child that crashes, no libnftables, stale
 * UDP flows, and a FORWARD chain that drops as Docker's does, in both iptables back ends.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '#base/clock.ts'
import { runCommand } from '#netfilter/command.ts'
import { ensureForwardRules, removeForwardRules } from '#netfilter/iptables/forward-rules.ts'
import type { Backend, VirtualService } from '#netfilter/model.ts'
import { startNftChild } from '#netfilter/nftables/nft-link.ts'
import { ServiceTable } from '#netfilter/nftables/program.ts'
import {
  createNftRunner,
  type NftRunner,
  type NftRunnerOptions,
} from '#netfilter/nftables/runner.ts'
import {
  connectNamespaces,
  fetchFrom,
  insideNewNetns,
  type Namespace,
  newNamespace,
  run,
  until,
} from '#test/support/netns.ts'

const HOST = {
  podNetworks: ['10.42.0.0/16'],
  clusterNetworks: ['10.42.0.0/16'],
  serviceNetworks: ['10.43.0.0/16'],
}
const folder = mkdtempSync(join(tmpdir(), 'kites-nft-'))

const open = (
  options: Partial<NftRunnerOptions> = {},
): { readonly table: ServiceTable; readonly runner: NftRunner } => {
  const runner = createNftRunner({ scratchDir: folder, timers: systemClock, ...options })
  return { runner, table: new ServiceTable({ runner, table: 'kites', host: HOST }) }
}

const backends = (...numbers: readonly number[]): readonly Backend[] =>
  numbers.map(number => ({
    address: `10.42.${number >> 8}.${number & 255}`,
    port: 80,
    local: false,
  }))
const serviceAt = (index: number, ...numbers: readonly number[]): VirtualService => ({
  name: `s${index}`,
  frontend: {
    kind: 'address',
    address: `10.43.${index >> 8}.${index & 255}`,
    protocol: 'tcp',
    port: 80,
  },
  backends: backends(...numbers),
  masquerade: 'outside',
  empty: 'reject',
})

/** A child that is ready, so that what follows measures the way it will mostly go. */
async function warm(table: ServiceTable, runner: NftRunner): Promise<void> {
  await table.commit()
  await until(async () => {
    const startedMs = performance.now()
    await runner.run('add table ip kites\n')
    return performance.now() - startedMs < 2
  })
}

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((left, right) => left - right)[Math.floor(times.length * share)] ?? 0

async function scale(t: Test): Promise<void> {
  for (const count of [10, 1000, 10_000]) {
    const { table, runner } = open()
    for (let index = 0; index < count; index += 1) {
      table.replace([], [serviceAt(index, 1, 2, 3, 4, 5)])
    }
    const startedMs = performance.now()
    await warm(table, runner)
    const loadMs = performance.now() - startedMs
    const swaps: number[] = []
    const removals: number[] = []
    for (let round = 0; round < 200; round += 1) {
      const index = (round * 7919) % count
      const before = serviceAt(index, 1, 2, 3, 4, 5)
      const swapped = serviceAt(index, 1, 2, 3, 4, 6 + round)
      const fewer = serviceAt(index, 1, 2, 3, 4)
      swaps.push(await timed(table, before, swapped))
      removals.push(await timed(table, swapped, fewer))
      await timed(table, fewer, before)
    }
    t.comment(
      `${count} services x 5: load ${loadMs.toFixed(0)} ms; swap a backend p50 ${percentile(swaps, 0.5).toFixed(2)} p99 ${percentile(swaps, 0.99).toFixed(2)} ms; remove one p50 ${percentile(removals, 0.5).toFixed(2)} p99 ${percentile(removals, 0.99).toFixed(2)} ms`,
    )
    t.equal(await table.verify(), 0, 'and the kernel holds what was wanted')
    await table.remove()
    runner.close()
  }
}

async function timed(
  table: ServiceTable,
  before: VirtualService,
  after: VirtualService,
): Promise<number> {
  const startedMs = performance.now()
  table.replace([before], [after])
  await table.commit()
  return performance.now() - startedMs
}

interface World {
  readonly pods: readonly Namespace[]
  readonly client: Namespace
  end(): void
}

/** Two pods 10.42.0.2 and .3 with web servers, and a client outside. */
async function makeWorld(): Promise<World> {
  const pods = await Promise.all([newNamespace(), newNamespace()])
  const client = await newNamespace()
  for (const [index, pod] of pods.entries()) {
    const address = `10.42.0.${index + 2}`
    const web = join(folder, address)
    mkdirSync(web, { recursive: true })
    writeFileSync(join(web, 'index.html'), address)
    const gateway = `10.42.${100 + index}.1`
    connectNamespaces({
      here: { name: `pod${index}`, cidr: `${gateway}/32` },
      there: { namespace: pod, name: 'eth0', cidr: `${address}/32` },
    })
    run(['ip', 'route', 'add', `${address}/32`, 'dev', `pod${index}`])
    pod.run(['ip', 'route', 'add', gateway, 'dev', 'eth0'])
    pod.run(['ip', 'route', 'add', 'default', 'via', gateway])
    pod.start(['busybox', 'httpd', '-f', '-p', '80', '-h', web])
    const here = { command: pod.command }
    await until(async () => (await fetchFrom(here.command, 'http://127.0.0.1/')) === address)
  }
  connectNamespaces({
    here: { name: 'eth0', cidr: '172.30.0.1/24' },
    there: { namespace: client, name: 'eth0', cidr: '172.30.0.2/24' },
  })
  client.run(['ip', 'route', 'add', 'default', 'via', '172.30.0.1'])
  run(['ip', 'route', 'add', '10.43.0.0/16', 'dev', 'lo', 'src', '172.30.0.1'])
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
  return {
    pods,
    client,
    end() {
      for (const each of [...pods, client]) each.end()
    },
  }
}

async function atomicity(t: Test): Promise<void> {
  const { table, runner } = open()
  let current = serviceAt(1, 2, 3)
  table.replace([], [current])
  await warm(table, runner)
  const over = new AbortController()
  const changing = async (): Promise<number> => {
    let changes = 0
    const sizes = [[2], [2, 3], [3], [2, 3]] as const
    while (!over.signal.aborted) {
      const after = serviceAt(1, ...(sizes[changes % sizes.length] ?? [2]))
      table.replace([current], [after])
      current = after
      await table.commit()
      changes += 1
    }
    return changes
  }
  const running = changing()
  const failures: string[] = []
  for (let round = 0; round < 1000; round += 1) {
    const startedMs = performance.now()
    const outcome = await dial('10.43.0.1', 80)
    const tookMs = performance.now() - startedMs
    // A lost first packet is sent again after a second: that counts as lost too.
    if (outcome !== 'answered' || tookMs > 900) failures.push(`${round}: ${outcome} ${tookMs}`)
  }
  over.abort()
  t.comment(`1000 connections during ${await running} changes of the backends`)
  t.same(failures, [], 'every connection reached a backend')
  await table.remove()
  runner.close()
}

function dial(host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    // Waiting for the answer keeps the pod's short queue of new connections from being what is measured.
    const socket = connect(port, host, () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    socket.on('data', () => {
      socket.destroy()
      resolve('answered')
    })
    socket.setTimeout(3000, () => {
      socket.destroy()
      resolve('timeout')
    })
    socket.on('error', error => resolve(error.message))
  })
}

async function crash(t: Test): Promise<void> {
  const children: ChildProcess[] = []
  const { table, runner } = open({
    startChild: () => {
      const child = startNftChild()
      children.push(child)
      return child
    },
  })
  table.replace([], [serviceAt(1, 2)])
  await warm(table, runner)
  t.equal(children.length, 1)
  children[0]?.kill('SIGSEGV')
  table.replace([serviceAt(1, 2)], [serviceAt(1, 3)])
  await table.commit()
  t.equal(await table.verify(), 0, 'the change arrived')
  t.match(run(['nft', 'list', 'table', 'ip', 'kites']), '10.42.0.3 . 80')
  t.equal(children.length, 2, 'and there is a new child')
  await table.remove()
  runner.close()
  await until(() => children.every(child => child.exitCode !== null || child.signalCode !== null))
}

async function refusals(t: Test): Promise<void> {
  const told: string[] = []
  const broken = (): ChildProcess =>
    spawn(process.execPath, ['-e', 'process.send({ kind: "unavailable", why: "no library" })'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
  const { table, runner } = open({ startChild: broken, onFallback: why => told.push(why) })
  table.replace([], [serviceAt(1, 2)])
  await table.commit()
  await until(async () => {
    await table.verify()
    return told.length > 0
  })
  t.same(told, ['no library'], 'told once')
  t.equal(await table.verify(), 0)
  await t.rejects(runner.run('add rule ip nowhere x accept\n'), { code: 'refused' })
  t.equal(await runner.list('ip nowhere'), undefined)
  // Somebody takes an element away: the next change to it is refused, and all is put right.
  run(['nft', 'flush', 'map', 'ip', 'kites', 'service'])
  table.replace([serviceAt(1, 2)], [serviceAt(1, 3, 4)])
  await table.commit()
  t.equal(await table.verify(), 0, 'repaired')
  await table.remove()
  runner.close()
}

async function staleFlows(t: Test, world: World): Promise<void> {
  const { table, runner } = open()
  const udp = (...numbers: readonly number[]): VirtualService => ({
    ...serviceAt(5, ...numbers),
    frontend: { kind: 'address', address: '10.43.0.5', protocol: 'udp', port: 53 },
  })
  table.replace([], [udp(2)])
  await warm(table, runner)
  const flows = async (): Promise<string> =>
    (await runCommand(['conntrack', '-L', '-p', 'udp', '--orig-dst', '10.43.0.5'])).stdout
  world.pods[0]?.start(['busybox', 'nc', '-u', '-l', '-p', '80'])
  const sender = createSocket('udp4')
  await until(async () => {
    sender.send('x', 53, '10.43.0.5')
    return (await flows()).includes('src=10.42.0.2')
  })
  table.replace([udp(2)], [udp(3)])
  await table.commit()
  t.notMatch(await flows(), 'src=10.42.0.2', 'the flow to the backend that went is gone')
  await until(async () => {
    sender.send('x', 53, '10.43.0.5')
    return (await flows()).includes('src=10.42.0.3')
  })
  runner.close()
  const next = open()
  next.table.replace([], [udp(2)])
  await next.table.commit()
  t.notMatch(await flows(), 'src=10.42.0.3', 'also when it went while nobody looked')
  sender.close()
  await next.table.remove()
  next.runner.close()
}

async function dockerForward(t: Test, world: World): Promise<void> {
  const { table, runner } = open()
  const web: VirtualService = {
    ...serviceAt(1, 2),
    frontend: { kind: 'node-port', protocol: 'tcp', port: 30_080 },
    masquerade: 'always',
  }
  table.replace([], [web])
  await table.commit()
  for (const program of ['iptables-nft', 'iptables-legacy']) {
    const docker = (...argv: readonly string[]): string => run([program, ...argv])
    // What dockerd does when it had to turn forwarding on itself.
    docker('-P', 'FORWARD', 'DROP')
    docker('-N', 'DOCKER-USER')
    docker('-A', 'DOCKER-USER', '-j', 'RETURN')
    docker('-I', 'FORWARD', '-j', 'DOCKER-USER')
    const options = {
      command: runCommand,
      clusterNetworks: ['10.42.0.0/16'],
      hostServers: [{ address: '10.43.0.10', protocol: 'tcp', port: 53 } as const],
      isLegacyInUse: () => Promise.resolve(program === 'iptables-legacy'),
    }
    const url = 'http://172.30.0.1:30080/'
    t.equal(await fetchFrom(world.client.command, url), 'timeout', `${program}: Docker drops`)
    t.equal(await ensureForwardRules(options), 3)
    t.equal(await ensureForwardRules(options), 0, 'nothing to do the second time')
    t.equal(await fetchFrom(world.client.command, url), '10.42.0.2', 'and now they pass')
    docker('-F', 'DOCKER-USER')
    docker('-A', 'DOCKER-USER', '-j', 'RETURN')
    t.equal(await ensureForwardRules(options), 3, 'restored after a flush')
    t.equal(await fetchFrom(world.client.command, url), '10.42.0.2')
    docker('-D', 'DOCKER-USER', '1')
    docker('-I', 'DOCKER-USER', '-p', 'tcp', '-m', 'comment', '--comment', 'mine', '-j', 'RETURN')
    t.equal(await ensureForwardRules(options), 1, 'only the missing one')
    t.equal(await removeForwardRules(options), 3)
    t.match(docker('-S', 'DOCKER-USER'), '--comment mine', "others' rules stay")
    t.notMatch(docker('-S'), 'kites')
    docker('-F')
    docker('-X', 'DOCKER-USER')
    t.equal(await ensureForwardRules(options), 3, 'without Docker, a dropping FORWARD itself')
    t.equal(await fetchFrom(world.client.command, url), '10.42.0.2')
    docker('-P', 'FORWARD', 'ACCEPT')
    t.equal(await ensureForwardRules(options), 3, 'which they leave when it accepts again')
    t.notMatch(docker('-S'), 'kites')
    docker('-P', 'INPUT', 'DROP')
    t.equal(await ensureForwardRules(options), 2, 'a firewall on the host')
    t.equal(await ensureForwardRules(options), 0, 'nothing to do the second time')
    docker('-P', 'INPUT', 'ACCEPT')
    t.equal(await ensureForwardRules(options), 2, 'which is gone again')
    t.notMatch(docker('-S'), 'kites')
  }
  await table.remove()
  runner.close()
}

async function main(t: Test): Promise<void> {
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  await t.test('changes stay fast however many services there are', scale)
  const world = await makeWorld()
  t.teardown(() => world.end())
  await t.test('no connection is lost while backends change', atomicity)
  await t.test('a crash of the native library costs nothing', crash)
  await t.test('without libnftables the nft program does it, and refusals are mended', refusals)
  await t.test('UDP flows to a backend that went are forgotten', t => staleFlows(t, world))
  await t.test("Docker's FORWARD drop is opened, in both back ends", t => dockerForward(t, world))
  t.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '1\n')
}

if (insideNewNetns()) {
  t.setTimeout(80_000)
  await t.test('netfilter', { timeout: 80_000 }, main)
}
