/**
 * A node's whole network against a real kernel: pods, routes, services, DNS, repair, restart, removal. The node is a
 * network namespace of its own, so are its pods, a second node and a client outside the cluster.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { podResolvConf } from '#agent/dns/resolv-conf.ts'
import { RoutedPodNetwork } from '#agent/network/routed-pod-network.ts'
import { runCommand } from '#netfilter/command.ts'
import { NetworkApi } from '#test/support/network-api.ts'
import {
  connectNamespaces,
  fetchFrom,
  insideNewNetns,
  type Namespace,
  newNamespace,
  run,
  until,
} from '#test/support/netns.ts'
import { aNode, aPod, aService, aSlice } from '#test/support/network-objects.ts'
import {
  NODE_A,
  NODE_B,
  OUTER_A,
  type Pod,
  startAgent,
  addPod,
  answers,
  DNS_BY_TCP,
  rules,
  held,
  safely,
  dial,
  said,
  askUdp,
  askTcp,
} from './net-fixture.ts'

async function main(t: Test): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kites-net-'))
  const outside = await newNamespace()
  const nodeB = await newNamespace()
  const namespaces: Namespace[] = [outside, nodeB]
  connectNamespaces({
    here: { name: 'eth0', cidr: `${OUTER_A}/24` },
    there: { namespace: outside, name: 'eth0', cidr: '172.30.0.254/24' },
  })
  connectNamespaces({
    here: { name: 'eth1', cidr: `${NODE_A}/24` },
    there: { namespace: nodeB, name: 'eth1', cidr: `${NODE_B}/24` },
  })
  nodeB.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  nodeB.run(['ip', 'route', 'add', '10.42.0.0/24', 'via', NODE_A])
  outside.run(['ip', 'route', 'add', '10.43.0.0/16', 'via', OUTER_A])
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '0')
  // A new namespace takes this over from the host.
  writeFileSync('/proc/sys/net/ipv4/conf/all/route_localnet', '0')

  const api = new NetworkApi()
  api.put(aNode('a', '10.42.0.0/24', NODE_A))
  api.put(aNode('b', '10.42.1.0/24', NODE_B))
  let agent = startAgent(api, folder)
  const here = { command: runCommand }
  t.teardown(async () => {
    await agent.stop()
    for (const namespace of namespaces) namespace.end()
    rmSync(folder, { recursive: true, force: true })
  })
  // The far node is run by hand: its own agent would be another process.
  const networkB = new RoutedPodNetwork({
    stateDir: join(folder, 'b'),
    nodeIP: NODE_B,
    clusterDNS: '',
    clusterDomain: '',
    getPodCIDR: () => '10.42.1.0/24',
    command: nodeB.command,
  })
  const p1 = await addPod(agent.parts.network, 'p1', folder)
  const p2 = await addPod(agent.parts.network, 'p2', folder)
  const p3 = await addPod(networkB, 'p3', folder)
  namespaces.push(p1.namespace, p2.namespace, p3.namespace)
  const end = (pod: Pod, node: string): string => `${pod.ip}@${node}`
  const web = aService('default/web', {
    type: 'NodePort',
    clusterIP: '10.43.0.20',
    ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }],
  })
  api.put(web)
  api.put(aSlice('default/web', [end(p1, 'a'), end(p2, 'a'), end(p3, 'b')]))
  await until(() => agent.parts.metrics().proxy.frontends === 2)
  await until(() => agent.parts.metrics().proxy.transactions >= 1)
  await until(() => run(['ip', 'route']).includes('10.42.1.0/24'))
  await until(async () => (await fetchFrom(runCommand, 'http://10.43.0.20/')) !== 'refused')

  await t.test('pods have addresses and reach each other, on one node and across', async t => {
    t.same([p1.ip, p2.ip, p3.ip], ['10.42.0.2', '10.42.0.3', '10.42.1.2'])
    t.equal(await fetchFrom(p1.namespace.command, `http://${p2.ip}/`), 'p2')
    t.equal(await fetchFrom(p1.namespace.command, `http://${p3.ip}/`), 'p3')
    t.equal(await fetchFrom(p3.namespace.command, `http://${p1.ip}/`), 'p1')
    t.equal(await fetchFrom(runCommand, `http://${p1.ip}/`), 'p1', 'from the node')
    t.equal(await fetchFrom(p1.namespace.command, 'http://10.42.0.99/'), 'refused', 'nobody there')
  })

  await t.test('a pod cannot speak under another address', async t => {
    const ping = ['busybox', 'ping', '-c', '1', '-W', '1', '-I']
    const isAnswered = async (from: string): Promise<boolean> =>
      (await p1.namespace.command([...ping, from, p2.ip])).code === 0
    // An address that routes lead to, so that only its sender is wrong.
    p1.namespace.run(['ip', 'addr', 'add', '10.42.0.77/32', 'dev', 'eth0'])
    t.equal(await isAnswered(p1.ip), true)
    const counted = (): string => p2.namespace.run(['cat', '/proc/net/snmp'])
    const before = counted()
    t.equal(await isAnswered('10.42.0.77'), false)
    t.equal(counted(), before, 'nothing arrived')
    p1.namespace.run(['ip', 'addr', 'del', '10.42.0.77/32', 'dev', 'eth0'])
  })

  await t.test('setting a pod up again changes nothing and gives the same address', async t => {
    const ref = { podUID: 'p1', namespace: 'default', name: 'p1', pid: p1.namespace.pid }
    const before = run(['ip', '-o', 'link'])
    t.same(await agent.parts.network.setup(ref), { podIPs: [p1.ip] })
    t.equal(run(['ip', '-o', 'link']), before)
  })

  await t.test('a cluster address reaches every backend, from pods and from the node', async t => {
    t.equal(await answers(p1.namespace, 'http://10.43.0.20/', 30), 'p1 p2 p3', 'hairpin included')
    t.equal(await answers(here, 'http://10.43.0.20/', 30), 'p1 p2 p3')
    t.equal(await answers(outside, 'http://10.43.0.20/', 30), 'p1 p2 p3', 'routed in from outside')
  })

  await t.test('a node port reaches every backend, wherever the client is', async t => {
    t.equal(await answers(outside, `http://${OUTER_A}:30080/`, 30), 'p1 p2 p3')
    t.equal(await answers(p2.namespace, `http://${NODE_A}:30080/`, 30), 'p1 p2 p3')
    t.equal(await answers(here, `http://${NODE_A}:30080/`, 30), 'p1 p2 p3')
    t.equal(await answers(here, 'http://127.0.0.1:30080/', 30), 'p1 p2 p3', 'loopback')
    t.equal(await fetchFrom(outside.command, `http://${OUTER_A}:30081/`), 'refused', 'another port')
  })

  await t.test('a pod reaches the world behind the node with the address of the node', async t => {
    const server = 'require("net").createServer(s => s.end(s.remoteAddress)).listen(7000)'
    outside.start([process.execPath, '-e', server])
    const ask = ['busybox', 'nc', '-w', '1', '172.30.0.254', '7000']
    await until(async () => (await p1.namespace.command(ask)).stdout !== '')
    const seen = await p1.namespace.command(ask)
    t.equal(seen.stdout.replace('::ffff:', ''), OUTER_A)
  })

  await t.test('a service without endpoints refuses at once', async t => {
    api.put(aService('default/empty', { clusterIP: '10.43.0.30' }))
    await until(() => rules().includes('10.43.0.30'))
    for (const [name, client] of Object.entries({ p1: p1.namespace, here, outside })) {
      t.equal(await fetchFrom(client.command, 'http://10.43.0.30/'), 'refused', name)
    }
    t.equal(await fetchFrom(here.command, 'http://10.43.77.77/'), 'refused', 'unused address')
    t.equal(await fetchFrom(p1.namespace.command, 'http://10.43.0.20:81/'), 'refused', 'other port')
    api.delete(aService('default/empty'))
    await until(() => !rules().includes('10.43.0.30'))
  })

  await t.test('changing endpoints leaves established connections alone', async t => {
    const echo = aService('default/echo', {
      clusterIP: '10.43.0.40',
      ports: [{ port: 9000, protocol: 'TCP' }],
    })
    const ports = { ports: [{ port: 9000, protocol: 'TCP' as const }] }
    api.put(echo)
    api.put(aSlice('default/echo', [end(p1, 'a')], ports))
    await until(() => rules().includes('10.43.0.40'))
    const socket = await dial('10.43.0.40', 9000)
    t.equal(await said(socket, 'one'), 'one')
    api.put(aSlice('default/echo', [end(p2, 'a')], ports))
    await until(() => rules().includes(`10.43.0.40 . tcp . 9000 : ${p2.ip} . 9000`))
    t.equal(await said(socket, 'two'), 'two', 'still the first pod')
    const other = await dial('10.43.0.40', 9000)
    t.equal(await said(other, 'three'), 'three')
    socket.destroy()
    other.destroy()
  })

  await t.test('policy Local: outsiders see local pods and are seen, insiders see all', async t => {
    api.put(
      aService('default/local', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        clusterIP: '10.43.0.50',
        ports: [{ port: 80, nodePort: 30_090, protocol: 'TCP' }],
      }),
    )
    api.put(aSlice('default/local', [end(p1, 'a'), end(p3, 'b')]))
    await until(() => rules().includes('30090'))
    t.equal(await answers(outside, `http://${OUTER_A}:30090/`, 12), 'p1')
    t.equal(await answers(p2.namespace, `http://${NODE_A}:30090/`, 24), 'p1 p3')
    t.equal(await answers(here, `http://${NODE_A}:30090/`, 24), 'p1 p3')
  })

  await t.test('a client with affinity keeps its backend', async t => {
    api.put(aService('default/sticky', { clusterIP: '10.43.0.60', sessionAffinity: 'ClientIP' }))
    api.put(aSlice('default/sticky', [end(p1, 'a'), end(p2, 'a'), end(p3, 'b')]))
    await until(() => rules().includes('10.43.0.60'))
    t.match(await answers(p1.namespace, 'http://10.43.0.60/', 10), /^p\d$/)
    t.match(await answers(outside, 'http://10.43.0.60/', 10), /^p\d$/)
  })

  await t.test('a host port reaches its pod', async t => {
    api.put(
      aPod(
        'default/p2',
        {
          nodeName: 'a',
          containers: [{ name: 'web', ports: [{ containerPort: 80, hostPort: 8088 }] }],
        },
        { podIP: p2.ip },
      ),
    )
    await until(() => rules().includes('8088'))
    t.equal(await fetchFrom(outside.command, `http://${OUTER_A}:8088/`), 'p2')
    t.equal(await fetchFrom(runCommand, 'http://127.0.0.1:8088/'), 'p2')
    t.equal(await fetchFrom(p2.namespace.command, `http://${NODE_A}:8088/`), 'p2', 'hairpin')
  })

  await t.test('names resolve in pods and on the node, over UDP and TCP', async t => {
    const name = 'web.default.svc.cluster.local'
    const inPod = await p1.namespace.command(['busybox', 'nslookup', name, '10.43.0.10'])
    t.match(inPod.stdout, '10.43.0.20')
    const resolv = join(folder, 'resolv.conf')
    writeFileSync(
      resolv,
      podResolvConf({
        namespace: 'default',
        dnsPolicy: 'ClusterFirst',
        dnsConfig: undefined,
        hostNetwork: false,
        clusterDNS: '10.43.0.10',
        clusterDomain: 'cluster.local',
        host: { nameservers: [], searches: [], options: [] },
      }),
    )
    const script = `mount --bind ${resolv} /etc/resolv.conf && exec "$@"`
    const argv = ['unshare', '-m', 'sh', '-c', script, 'sh', 'getent', 'ahostsv4', 'web']
    const searched = await p1.namespace.command(argv)
    t.match(searched.stdout, /^10\.43\.0\.20\s/, 'by the search path, through the C library')
    t.same(await askUdp('web.default.svc.cluster.local', 'A'), ['10.43.0.20'])
    t.same(await askTcp('web.default.svc.cluster.local', 'A'), ['10.43.0.20'])
    t.same(await askUdp('20.0.43.10.in-addr.arpa', 'PTR'), ['web.default.svc.cluster.local'])
    const abroad = ['busybox', 'nslookup', name, '10.43.0.10']
    const refused = await outside.command(abroad, { timeoutMs: 1500 }).catch(() => ({ stdout: '' }))
    t.notMatch(refused.stdout, '10.43.0.20', 'nobody outside is answered')
  })

  await t.test('a firewall on the host leaves pods their names and their services', async t => {
    const server = 'require("net").createServer(s => s.end("host")).listen(6443)'
    const listening = spawn(process.execPath, ['-e', server], { stdio: 'ignore' })
    api.put(aService('default/host', { clusterIP: '10.43.0.61' }))
    api.put(aSlice('default/host', [`${NODE_A}@a`], { ports: [{ port: 6443, protocol: 'TCP' }] }))
    await until(() => rules().includes('10.43.0.61'))
    const ask = async (address: string, port: number): Promise<string> => {
      const argv = ['busybox', 'nc', '-w', '1', address, String(port)]
      return (await p1.namespace.command(argv)).stdout
    }
    await until(async () => (await ask('10.43.0.61', 80)) === 'host')
    run(['iptables', '-P', 'INPUT', 'DROP'])
    run(['iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT'])
    t.equal(await ask('10.43.0.61', 80), '', 'the firewall is in the way')
    agent.parts.dockerRestarted()
    await until(async () => (await ask('10.43.0.61', 80)) === 'host')
    const lookup = ['busybox', 'nslookup', '-type=a', 'web.default.svc.cluster.local', '10.43.0.10']
    t.match((await p1.namespace.command(lookup)).stdout, '10.43.0.20', 'names')
    t.equal(await ask(NODE_A, 6443), '', 'and nothing else is opened')
    run(['iptables', '-P', 'INPUT', 'ACCEPT'])
    run(['iptables', '-F', 'INPUT'])
    listening.kill()
    api.delete(aService('default/host'))
    await until(() => !rules().includes('10.43.0.61'))
  })

  await t.test('a flushed or deleted table is repaired within a second', async t => {
    const before = held()
    for (const damage of ['flush ruleset', 'flush table ip kites', 'delete table ip kites']) {
      run(['nft', ...damage.split(' ')])
      await until(() => safely(held) === before, 1000)
      t.pass(damage)
    }
  })

  await t.test('a restarted agent changes nothing in the kernel', async t => {
    const handles = run(['nft', '-s', '-a', 'list', 'table', 'ip', 'kites'])
    const routes = run(['ip', 'route'])
    const socket = await dial('10.43.0.40', 9000)
    await agent.stop()
    t.equal(await said(socket, 'without an agent'), 'without an agent')
    t.equal(await answers(p1.namespace, 'http://10.43.0.20/', 30), 'p1 p2 p3')
    agent = startAgent(api, folder)
    await until(() => agent.parts.metrics().proxy.transactions >= 1)
    t.equal(agent.parts.metrics().proxy.changes, 0)
    t.equal(run(['nft', '-s', '-a', 'list', 'table', 'ip', 'kites']), handles)
    t.equal(run(['ip', 'route']), routes)
    t.equal(await said(socket, 'with a new one'), 'with a new one')
    socket.destroy()
    const ref = { podUID: 'p1', namespace: 'default', name: 'p1', pid: p1.namespace.pid }
    t.same(await agent.parts.network.setup(ref), { podIPs: [p1.ip] })
  })

  await t.test('addresses are known again when the file is lost', async t => {
    await agent.stop()
    rmSync(join(folder, 'network', 'pod-addresses.json'))
    agent = startAgent(api, folder)
    const ref = { podUID: 'p2', namespace: 'default', name: 'p2', pid: p2.namespace.pid }
    t.same(await agent.parts.network.setup(ref), { podIPs: [p2.ip] })
    const leases = await agent.parts.network.leases()
    t.same(leases.map(lease => lease.podUID).sort(), ['p1', 'p2'])
  })

  await t.test('routes of pods that another program swept away come back', async t => {
    run(['ip', 'route', 'flush', 'proto', '75'])
    t.equal(await fetchFrom(runCommand, `http://${p1.ip}/`), 'refused')
    agent.parts.dockerRestarted()
    await until(async () => (await fetchFrom(runCommand, `http://${p1.ip}/`)) === 'p1')
    await until(() => run(['ip', 'route']).includes('10.42.1.0/24'))
  })

  await t.test('a route follows its node, and goes with it', async t => {
    api.put(aNode('b', '10.42.7.0/24', NODE_B))
    await until(() => run(['ip', 'route']).includes(`10.42.7.0/24 via ${NODE_B}`))
    t.notMatch(run(['ip', 'route']), '10.42.1.0/24')
    api.delete(aNode('b', '', ''))
    await until(() => !run(['ip', 'route']).includes('10.42.7.0/24'))
  })

  await t.test('a torn-down pod leaves nothing, and its address is not given out next', async t => {
    await agent.parts.network.teardown('p2')
    await agent.parts.network.teardown('p2')
    t.notMatch(run(['ip', 'route']), p2.ip)
    const p4 = await addPod(agent.parts.network, 'p4', folder)
    namespaces.push(p4.namespace)
    t.equal(p4.ip, '10.42.0.4')
  })

  await t.test('names resolve although another program has port 53', async t => {
    await agent.stop()
    const other = `require("dgram").createSocket("udp4").bind(53, "0.0.0.0")
      require("net").createServer(s => s.end()).listen(53, "0.0.0.0")`
    const taking = spawn(process.execPath, ['-e', other], { stdio: 'ignore' })
    await until(() => run(['ss', '-Hlntu']).split('0.0.0.0:53 ').length === 3)
    agent = startAgent(api, folder)
    await until(() => rules().includes('10.43.0.10 . udp . 53'))
    const lookup = ['busybox', 'nslookup', '-type=a', 'web.default.svc.cluster.local', '10.43.0.10']
    for (const [name, client] of Object.entries({ p1: p1.namespace, here })) {
      t.match((await client.command(lookup)).stdout, '10.43.0.20', name)
    }
    const argv = [process.execPath, '-e', DNS_BY_TCP]
    t.equal((await p1.namespace.command(argv)).stdout, 'answered', 'by TCP')
    taking.kill()
  })

  await t.test('cleaning up takes every trace away', async t => {
    t.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '1\n')
    const { parts } = agent
    await agent.stop()
    await parts.cleanup()
    t.equal(run(['nft', 'list', 'ruleset']).includes('kites'), false)
    t.equal(run(['ip', 'route', 'show', 'proto', '75']), '')
    t.notMatch(run(['ip', '-o', 'link']), /kites/)
    t.notMatch(run(['ip', '-o', 'addr']), '10.43.0.10')
    t.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '0\n', 'as it was')
    t.equal(readFileSync('/proc/sys/net/ipv4/conf/all/route_localnet', 'utf8'), '0\n')
    await parts.cleanup()
  })
}

if (insideNewNetns()) {
  t.setTimeout(80_000)
  await t.test('the network of a node', { timeout: 80_000 }, main)
}
