/** Decisions of the node's network: addresses, routes, interface batches, forward rules, settings' way back. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { applyHostSettings, restoreHostSettings } from '#agent/network/host-settings.ts'
import {
  parseRoutes,
  planRoutes,
  renderRouteChange,
  wantedRoutes,
} from '#agent/network/node-routes.ts'
import { nextAddress, PodAddressBook } from '#agent/network/pod-addresses.ts'
import { hostBatch, interfaceName, parseRows, podBatch } from '#agent/network/pod-link.ts'
import { silentLogger } from '#base/logger.ts'
import {
  forwardRules,
  inputRules,
  parseFilterTable,
  type PassRules,
  planForwardRules,
} from '#netfilter/iptables/forward-rules.ts'
import { distinctNetworks, parseAddress, parseNetwork } from '#netfilter/networks.ts'
import { parseListing } from '#netfilter/nftables/parse.ts'
import { staleFlows } from '#netfilter/conntrack.ts'
import type { VirtualService } from '#netfilter/model.ts'
import { aNode } from '#test/support/network-objects.ts'

void t.test('the next address', async t => {
  const small = '10.0.0.0/29'
  const rows: readonly (readonly [
    string,
    readonly string[],
    string | undefined,
    string | undefined,
  ])[] = [
    ['the first is the third', [], undefined, '10.0.0.2'],
    ['on from the last', ['10.0.0.2'], '10.0.0.2', '10.0.0.3'],
    ['not the freed one while others are free', [], '10.0.0.2', '10.0.0.3'],
    ['around the end, past what is taken', ['10.0.0.2', '10.0.0.6'], '10.0.0.6', '10.0.0.3'],
    ['none left', ['2', '3', '4', '5', '6'].map(last => `10.0.0.${last}`), '10.0.0.4', undefined],
    ['a last one of another network counts for nothing', [], '10.9.0.9', '10.0.0.2'],
  ]
  for (const [name, used, last, want] of rows) {
    t.equal(nextAddress(small, new Set(used), last), want, name)
  }
  t.equal(nextAddress('10.0.0.0/31', new Set(), undefined), undefined, 'no room at all')
  t.throws(() => nextAddress('nonsense', new Set(), undefined), { message: /not an IPv4 network/ })
})

void t.test('the address book survives, with its file and without', async t => {
  const path = join(t.testdir(), 'deep', 'book.json')
  const book = await PodAddressBook.open(path, [])
  t.equal(await book.acquire('a', '10.0.0.0/24'), '10.0.0.2')
  t.equal(await book.acquire('a', '10.0.0.0/24'), '10.0.0.2', 'the same again')
  t.equal(await book.acquire('b', '10.0.0.0/24'), '10.0.0.3')
  t.equal(await book.release('b'), '10.0.0.3')
  t.equal(await book.release('b'), undefined)
  const again = await PodAddressBook.open(path, [{ podUID: 'c', address: '10.0.0.2' }])
  t.same(again.leases, [{ podUID: 'a', address: '10.0.0.2' }], 'the file knows better')
  t.equal(await again.acquire('d', '10.0.0.0/24'), '10.0.0.4', 'not the one just freed')
  rmSync(dirname(path), { recursive: true })
  writeFileSync(dirname(path), 'in the way')
  await t.rejects(again.acquire('e', '10.0.0.0/24'), 'a full disk, say')
  rmSync(dirname(path))
  await again.acquire('e', '10.0.0.0/24')
  t.match(readFileSync(path, 'utf8'), '"podUID":"e"', 'durable once it is handed out')
  writeFileSync(path, '{"leases": [{"podUID": "x"')
  const found = await PodAddressBook.open(path, [{ podUID: 'c', address: '10.0.0.9' }])
  t.equal(await found.acquire('c', '10.0.0.0/24'), '10.0.0.9')
  t.equal(await found.acquire('e', '10.0.0.0/24'), '10.0.0.10')
  await Promise.all(['f', 'g', 'h'].map(uid => found.acquire(uid, '10.0.0.0/24')))
  t.equal((await PodAddressBook.open(path, [])).leases.length, 5, 'all of them are in the file')
})

void t.test("a pod's interface", async t => {
  const link = { podUID: 'uid', address: '10.42.0.5', mtu: 1450, pid: 42 }
  t.equal(interfaceName('uid').length, 15)
  t.match(
    hostBatch(link),
    'mtu 1450 type veth peer name eth0 address 0a:58:0a:2a:00:05 mtu 1450 netns 42',
  )
  t.match(hostBatch(link), `route replace 10.42.0.5/32 dev ${interfaceName('uid')} proto 75`)
  t.match(
    podBatch(link),
    'neigh replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent',
  )
})

void t.test('routes', async t => {
  const base = {
    nodeName: 'a',
    nodeIP: '192.168.1.1',
    podCIDR: '10.42.0.0/24',
    serviceCIDR: '10.43.0.0/16',
  }
  const nodes = [
    aNode('a', '10.42.0.0/24', '192.168.1.1'),
    aNode('b', '10.42.1.0/24', '192.168.1.2'),
    aNode('same', '10.42.1.0/24', '192.168.1.3'),
    aNode('new', '', '192.168.1.4'),
    aNode('broken', '10.42.9.0/24', 'fd00::1'),
  ]
  const wanted = wantedRoutes({ ...base, nodes })
  const show = (listed: string): readonly string[] =>
    planRoutes(wanted, parseRoutes(listed)).map(renderRouteChange)
  t.same(show(''), [
    'route replace unreachable 10.42.0.0/24 proto 75',
    'route replace 10.42.1.0/24 via 192.168.1.2 proto 75',
    'route replace 10.43.0.0/16 dev lo src 192.168.1.1 proto 75',
  ])
  const listed = [
    { type: 'unreachable', dst: '10.42.0.0/24', dev: 'lo' },
    { dst: '10.42.0.5', dev: 'kites0123456789', scope: 'link' },
    { dst: '10.42.1.0/24', gateway: '192.168.1.9', dev: 'eth0' },
    { dst: '10.42.7.0/24', gateway: '192.168.1.7', dev: 'eth0' },
    { dst: '10.43.0.0/16', dev: 'lo', prefsrc: '192.168.1.1' },
  ]
  t.same(show(JSON.stringify(listed)), [
    'route replace 10.42.1.0/24 via 192.168.1.2 proto 75',
    'route del 10.42.7.0/24 proto 75',
  ])
  t.same(planRoutes(wanted, wanted), [])
  t.same(wantedRoutes({ ...base, podCIDR: undefined, nodes: [] }).length, 1)
  t.same(parseRows(''), [])
})

void t.test('forward rules', async t => {
  const wanted = { forward: forwardRules(['10.42.0.0/16']), input: [] }
  const plan = (text: string, rules: PassRules = wanted): readonly string[] =>
    planForwardRules(parseFilterTable(text), rules).map(
      ({ kind, chain, rule }) => `${kind} ${chain} ${rule.join(' ')}`,
    )
  const from = '-s 10.42.0.0/16 -m comment --comment kites -j ACCEPT'
  const to = '-d 10.42.0.0/16 -m comment --comment kites -j ACCEPT'
  const marked = '-m connmark --mark 0x4000/0x4000 -m comment --comment kites -j ACCEPT'
  const docker = '-P FORWARD DROP\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n'
  t.same(plan(docker), [
    `insert DOCKER-USER ${marked}`,
    `insert DOCKER-USER ${to}`,
    `insert DOCKER-USER ${from}`,
  ])
  const whole = `${docker}-A DOCKER-USER ${from}\n-A DOCKER-USER ${to}\n-A DOCKER-USER ${marked}\n`
  t.same(plan(whole), [])
  t.same(plan(`${whole}-A DOCKER-USER ${to}\n`), [`delete DOCKER-USER ${to}`], 'one copy too many')
  t.same(plan(`${whole}-A FORWARD ${to}\n`), [`delete FORWARD ${to}`], 'in the wrong place')
  t.same(plan(whole, { forward: [], input: [] }).length, 3, 'all away')
  t.same(plan('-P FORWARD ACCEPT\n'), [], 'nothing is in the way')
  t.same(plan('-P FORWARD DROP\n').length, 3)
  const flushed = whole.replace('-A FORWARD -j DOCKER-USER\n', '')
  t.same(
    plan(flushed).filter(change => change.startsWith('insert FORWARD')).length,
    3,
    'nothing leads to DOCKER-USER after a flush',
  )
  const rejecting = '-P FORWARD ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n'
  t.same(plan(rejecting).length, 3, 'a last rule that rejects')
  t.same(plan('-P FORWARD ACCEPT\n-A FORWARD -i eth7 -j DROP\n'), [], 'with a condition')
  const own =
    '-d 10.43.0.10/32 -i kites+ -p udp -m udp --dport 53 -m comment --comment kites -j ACCEPT'
  const sent = '-i kites+ -m conntrack --ctstate DNAT -m comment --comment kites -j ACCEPT'
  const server = { address: '10.43.0.10', protocol: 'udp', port: 53 } as const
  const input = { forward: [], input: inputRules([server]) }
  t.same(plan('-P INPUT ACCEPT\n', input), [], 'an open host')
  t.same(plan('-P INPUT DROP\n', input), [`insert INPUT ${sent}`, `insert INPUT ${own}`])
  t.same(plan(`-P INPUT DROP\n-A INPUT ${own}\n-A INPUT ${sent}\n`, input), [])
  t.same(plan(`-P INPUT ACCEPT\n-A INPUT ${own}\n`, input), [`delete INPUT ${own}`], 'opened since')
})

void t.test('kernel settings are changed once and set back', async t => {
  const root = t.testdir()
  mkdirSync(join(root, 'net/ipv4/conf/all'), { recursive: true })
  const forward = join(root, 'net/ipv4/ip_forward')
  const localnet = join(root, 'net/ipv4/conf/all/route_localnet')
  writeFileSync(forward, '1\n')
  writeFileSync(localnet, '0\n')
  const options = { root, stateFile: join(root, 'state.json'), log: silentLogger }
  await applyHostSettings(options)
  await applyHostSettings(options)
  t.equal(readFileSync(localnet, 'utf8'), '1')
  t.same(JSON.parse(readFileSync(options.stateFile, 'utf8')), {
    'net/ipv4/conf/all/route_localnet': '0',
  })
  await restoreHostSettings(options)
  await restoreHostSettings(options)
  t.equal(readFileSync(localnet, 'utf8'), '0')
  t.equal(readFileSync(forward, 'utf8'), '1\n', 'never ours')
  await applyHostSettings(options)
  writeFileSync(localnet, '2')
  await restoreHostSettings(options)
  t.equal(readFileSync(localnet, 'utf8'), '2', "somebody else's by now")
})

void t.test('networks', async t => {
  t.equal(parseAddress('1.2.3.4'), 0x01020304)
  for (const text of ['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '', 'a.b.c.d', '1.2.3.-4']) {
    t.equal(parseAddress(text), undefined, text)
  }
  t.same(parseNetwork('10.1.2.3/8'), { base: 0x0a000000, bits: 8 })
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '/8', '10.0.0.0/8/8', 'x/8']) {
    t.equal(parseNetwork(text), undefined, text)
  }
  t.same(
    distinctNetworks(['10.1.0.0/16', '10.0.0.0/8', '1.2.3.4/32', '1.2.3.4', 'x', '0.0.0.0/0']),
    ['0.0.0.0/0'],
  )
  t.same(distinctNetworks(['10.1.0.0/16', '10.2.9.9/16', '1.2.3.4/32']), [
    '10.1.0.0/16',
    '10.2.0.0/16',
    '1.2.3.4',
  ])
})

void t.test("nft's listing, in several versions' spelling", async t => {
  const table = { family: 'ip', table: 'kites' }
  const text = JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { table: { family: 'ip', name: 'kites' } },
      {
        map: {
          ...table,
          name: 'service-backend-0',
          type: ['ipv4_addr', 'inet_proto', 'inet_service'],
          map: ['ipv4_addr', 'inet_service'],
          elem: [
            [{ concat: ['10.43.0.1', 'tcp', 80] }, { concat: ['10.42.0.6', 17] }],
            [{ concat: ['10.43.0.2', 17, 53] }, { concat: ['10.42.0.6', 53] }],
          ],
        },
      },
      {
        map: {
          ...table,
          name: 'node-port',
          type: 'inet_proto . inet_service',
          map: 'verdict',
          elem: [[{ concat: [6, 6] }, { goto: { target: 'x' } }]],
        },
      },
      {
        set: {
          ...table,
          name: 'nets',
          type: 'ipv4_addr',
          flags: ['interval'],
          elem: [{ prefix: { addr: '10.0.0.0', len: 8 } }, '1.2.3.4'],
        },
      },
      {
        set: {
          ...table,
          name: 'clients',
          type: 'ipv4_addr',
          timeout: 60,
          elem: [{ elem: { val: '1.2.3.4', expires: 5 } }],
        },
      },
      {
        chain: {
          ...table,
          name: 'pre',
          type: 'nat',
          hook: 'prerouting',
          prio: -100,
          policy: 'accept',
        },
      },
      { rule: { ...table, chain: 'pre', comment: 'abc', expr: [] } },
      { rule: { ...table, chain: 'pre', expr: [] } },
    ],
  })
  const { objects, elements } = parseListing(text)
  t.same(
    [...(elements.get('service-backend-0') ?? [])],
    [
      ['10.43.0.1 . tcp . 80', '10.42.0.6 . 17'],
      ['10.43.0.2 . udp . 53', '10.42.0.6 . 53'],
    ],
  )
  t.same([...(elements.get('node-port') ?? [])], [['tcp . 6', 'goto x']])
  t.same(
    [...(elements.get('nets') ?? [])],
    [
      ['10.0.0.0/8', ''],
      ['1.2.3.4', ''],
    ],
  )
  t.same([...(elements.get('clients') ?? [])], [], "packets' elements are not ours")
  t.equal(
    objects.get('service-backend-0')?.definition,
    'ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service',
  )
  t.same(objects.get('pre')?.rules, ['abc', ''])
  t.equal(objects.get('pre')?.definition, 'nat prerouting -100')
  t.throws(() => parseListing('nonsense'), { message: /unreadable nft listing/ })
})

void t.test('flows that a change leaves stale', async t => {
  const at = (...addresses: readonly string[]): VirtualService => ({
    name: 'x',
    frontend: { kind: 'address', address: '10.43.0.1', protocol: 'udp', port: 53 },
    backends: addresses.map(address => ({ address, port: 53, local: false })),
    masquerade: 'outside',
    empty: 'reject',
  })
  const flow = { address: '10.43.0.1', port: 53 }
  t.same(staleFlows(at('a', 'b'), at('b')), [{ ...flow, backend: 'a' }])
  t.same(staleFlows(at('a'), undefined), [{ ...flow, backend: 'a' }])
  t.same(staleFlows(at(), at('a')), [flow], 'the first backend')
  t.same(staleFlows(at('a'), at('a', 'b')), [])
  const moved = { ...at('a'), backends: [{ address: 'a', port: 54, local: false }] }
  t.same(staleFlows(at('a'), moved), [{ ...flow, backend: 'a' }], 'another port')
  const tcp = { ...at('a'), frontend: { ...at('a').frontend, protocol: 'tcp' as const } }
  t.same(staleFlows(tcp, undefined), [])
})
