/** Services: families, addresses with their IPAddress objects, node ports, and what a PUT that says less keeps. */
import type { AnyObject } from '#api/object.ts'
import { seededRandom } from '#base/random.ts'
import { openRanges } from '#server/registry/kinds/service-ranges.ts'
import { type ServiceStrategy, serviceStrategy } from '#server/registry/kinds/services.ts'
import { formatIpv4, parseIpv4 } from '#api/ipv4.ts'
import type { Reservation } from '#server/registry/strategy.ts'
import t from 'tap'

const PORTS = { first: 30_000, last: 30_002 }

interface World {
  readonly strategy: ServiceStrategy
  /** Names of IPAddress objects. */
  readonly stored: Set<string>
  readonly ranges: AnyObject[]
}

function world(serviceCIDR = '10.43.0.0/24', nodePorts = PORTS): World {
  const stored = new Set<string>()
  const ranges: AnyObject[] = []
  const book = { ranges: async () => ranges, has: (address: string) => stored.has(address) }
  const strategy = serviceStrategy({ serviceCIDR, nodePorts }, book, seededRandom(1))
  return { strategy, stored, ranges }
}

const service = (spec: object, name = 's'): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'n' },
  spec,
})

async function reserve(of: World, object: AnyObject, old?: AnyObject): Promise<Reservation> {
  const reservation = await of.strategy.reserve?.(object, old)
  if (reservation === undefined) throw new Error('services reserve')
  return reservation
}

const heard = async (of: World, spec: object, old?: object): Promise<string> => {
  try {
    const before = old === undefined ? undefined : service(old)
    const { rollback } = await reserve(of, service(spec), before)
    rollback()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message.replace('Service "s" is invalid: ', '') : ''
  }
}

/** `+` for a written IPAddress, `-` for a removed one. */
const written = ({ companions = [] }: Reservation): readonly string[] =>
  companions.map(each =>
    each.kind === 'create' ? `+${each.object.metadata.name}` : `-${each.name}`,
  )

const context = { user: { name: 'u', groups: [] }, now: 0, warn: () => {} }
const POLICY = 'spec.ipFamilyPolicy: Invalid value:'
const DUAL = `${POLICY} "RequireDualStack": this cluster is not configured for dual-stack services`
const SECOND = 'spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster'
const both = ['IPv4', 'IPv6']

void t.test('what a PUT leaves out is kept', async t => {
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
  const { strategy } = world()
  const before = service({ ...local, healthCheckNodePort: 30_001, clusterIP: '10.43.0.3' })
  const kept = strategy.prepareForUpdate?.(service(local), before, context)
  t.match(kept, { spec: { healthCheckNodePort: 30_001, clusterIP: '10.43.0.3' } })
})

void t.test('families', async t => {
  const of = world()
  const several =
    "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
  const cases: readonly (readonly [spec: object, expected: string, old?: object])[] = [
    [{}, ''],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ''],
    [{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }, ''],
    [
      { ipFamilies: ['IPv6'] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [{ ipFamilyPolicy: 'RequireDualStack' }, DUAL],
    [{ ipFamilies: both, ipFamilyPolicy: 'RequireDualStack' }, `[${DUAL}, ${SECOND}]`],
    [{ ipFamilies: both }, `${POLICY} "SingleStack": ${several}`],
    [
      { clusterIP: 'fd00::1' },
      'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
    ],
    [{ clusterIP: 'None', selector: { a: 'b' }, ipFamilyPolicy: 'RequireDualStack' }, DUAL],
    [{ clusterIP: 'None', ipFamilies: both, ipFamilyPolicy: 'RequireDualStack' }, ''],
    [{ type: 'ExternalName', ipFamilies: ['IPv6'] }, ''],
    [
      { clusterIP: 'None', ipFamilies: ['IPv4'] },
      `${POLICY} "RequireDualStack": must be 'SingleStack' to release the secondary IP family`,
      { clusterIP: 'None', ipFamilies: both, ipFamilyPolicy: 'RequireDualStack' },
    ],
  ]
  for (const [spec, expected, old] of cases)
    t.equal(await heard(of, spec, old), expected, JSON.stringify(spec))
})

void t.test('without addresses and a selector both families are named', async t => {
  const of = world()
  const cases: readonly (readonly [spec: object, families: readonly string[], policy: string])[] = [
    [{}, both, 'RequireDualStack'],
    [{ ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4'], 'RequireDualStack'],
    [{ ipFamilyPolicy: 'PreferDualStack' }, both, 'PreferDualStack'],
    [{ ipFamilyPolicy: 'SingleStack' }, ['IPv4'], 'SingleStack'],
    [{ selector: { a: 'b' } }, ['IPv4'], 'SingleStack'],
  ]
  for (const [more, ipFamilies, ipFamilyPolicy] of cases) {
    const reservation = await reserve(of, service({ clusterIP: 'None', ...more }))
    t.match(reservation.object, { spec: { ipFamilies, ipFamilyPolicy } }, JSON.stringify(more))
    t.strictSame(written(reservation), [])
  }
  const old = { clusterIP: 'None', ipFamilies: both, ipFamilyPolicy: 'RequireDualStack' }
  const single = service({ ...old, ipFamilyPolicy: 'SingleStack' })
  const { object } = await reserve(of, single, service(old))
  t.match(object, { spec: { ipFamilies: ['IPv4'] } }, 'one stack is enough to give up the other')
})

void t.test('an address is an object, taken and given back with the write', async t => {
  const of = world()
  const wanted = service({ clusterIP: '10.43.0.2' })
  const first = await reserve(of, wanted)
  t.strictSame(written(first), ['+10.43.0.2'])
  t.match(first.companions, [
    {
      object: {
        kind: 'IPAddress',
        metadata: { labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4' } },
        spec: { parentRef: { resource: 'services', namespace: 'n', name: 's' } },
      },
    },
  ])
  const at = (ip: string): string =>
    `spec.clusterIPs: Invalid value: ["${ip}"]: failed to allocate IP ${ip}`
  const taken = `${at('10.43.0.2')}: provided IP is already allocated`
  const outside = 'the provided network does not match the current range'
  t.equal(await heard(of, { clusterIP: '10.43.0.2' }), taken, 'while the write is under way')
  for (const ip of ['10.9.0.1', '10.43.0.0', '10.43.0.255'])
    t.equal(await heard(of, { clusterIP: ip }), `${at(ip)}: ${outside}`)
  first.rollback()
  t.equal(await heard(of, { clusterIP: '10.43.0.2' }), '', 'a failed write gives it back')
  of.stored.add('10.43.0.2')
  t.equal(await heard(of, { clusterIP: '10.43.0.2' }), taken, 'whoever made the object')

  const external = await reserve(of, service({ type: 'ExternalName' }), first.object)
  t.strictSame(written(external), ['-10.43.0.2'])
  t.notOk('clusterIP' in Object(external.object['spec']))
  const back = await reserve(of, service({ clusterIP: '10.43.0.7' }), external.object)
  t.strictSame(written(back), ['+10.43.0.7'])
  const same = await reserve(of, first.object, first.object)
  t.strictSame(written(same), [], 'an update of something else moves nothing')
  const leaving = of.strategy.companionsOf?.(first.object) ?? []
  t.match(leaving, [{ kind: 'delete', name: '10.43.0.2' }])
  const [gone] = leaving
  if (gone?.kind !== 'delete') throw new Error('it is removed')
  const named = (name: string): AnyObject => ({
    ...service({ parentRef: { resource: 'services', namespace: 'n', name } }),
  })
  t.strictSame(
    ['s', 'other'].map(name => gone.isMeant(named(name))),
    [true, false],
  )
})

void t.test('bands, and ranges that come and go', async t => {
  const of = world('10.0.0.0/27')
  const drawn: string[] = []
  for (let count = 0; count < 30; count++) {
    const { object } = await reserve(of, service({}))
    drawn.push(String(Object(object['spec'])['clusterIP']))
  }
  const offsets = drawn.map(address => (parseIpv4(address) ?? 0) % 32)
  t.ok(
    offsets.slice(0, 14).every(offset => offset > 16),
    'the low end is left to who names one',
  )
  t.strictSame(new Set(offsets), new Set(Array.from({ length: 30 }, (_, index) => index + 1)))
  const full =
    'Internal error occurred: failed to allocate a serviceIP for Service "s": range is full'
  t.equal(await heard(of, {}), full)

  const range = (name: string, cidrs: readonly string[], more: object = {}): AnyObject => ({
    ...service({ cidrs }, name),
    ...more,
  })
  const unready = { status: { conditions: [{ type: 'Ready', status: 'False' }] } }
  of.ranges.push(range('kubernetes', ['10.0.0.0/27']), range('more', ['10.0.1.0/30'], unready))
  t.equal(await heard(of, {}), full, 'not ready')
  of.ranges[1] = range('more', ['fd00::/64', '10.0.1.0/30'])
  const { object } = await reserve(of, service({}))
  t.match(object, { spec: { clusterIP: /^10\.0\.1\.[12]$/ } })
  const going = range('kubernetes', ['10.0.0.0/24'])
  const open = (...all: readonly AnyObject[]): readonly string[] =>
    openRanges(all, '10.9.0.0/24').map(
      ({ first, last }) => `${formatIpv4(first)}-${formatIpv4(last)}`,
    )
  t.strictSame(open(), ['10.9.0.1-10.9.0.254'], 'the flag speaks first')
  t.strictSame(open(going, going), ['10.0.0.1-10.0.0.254'], 'each once')
  const { metadata } = going
  t.strictSame(open({ ...going, metadata: { ...metadata, deletionTimestamp: 'x' } }), [])
})

void t.test('what stored Services hold is recalled', async t => {
  const of = world()
  const old = service({ clusterIP: '10.43.0.3', ports: [{ port: 1, nodePort: 30_001 }] })
  of.strategy.recall([old])
  t.match(await heard(of, { clusterIP: '10.43.0.3' }), /already allocated/, 'without an object yet')
  const port = { type: 'NodePort', ports: [{ port: 1, nodePort: 30_001 }] }
  t.match(await heard(of, port), /provided port is already allocated/)
  const relabelled = await reserve(of, old, old)
  relabelled.commit()
  t.match(await heard(of, { clusterIP: '10.43.0.3' }), /already allocated/, 'an update keeps it')
  of.strategy.released?.(old)
  t.equal(await heard(of, { clusterIP: '10.43.0.3' }), '')
  t.equal(await heard(of, port), '')
})

void t.test('node ports', async t => {
  const of = world()
  const node = (...ports: readonly object[]): AnyObject => service({ type: 'NodePort', ports })
  const udp = { port: 53, protocol: 'UDP' }
  const tcp = { port: 53, protocol: 'TCP' }
  const portsOf = ({ object }: Reservation): readonly unknown[] =>
    Object(object['spec']).ports.map(({ nodePort }: { nodePort: unknown }) => nodePort)

  const shared = await reserve(of, node(udp, tcp))
  const [number, other] = portsOf(shared)
  t.equal(number, other, 'a port of both protocols has one number')
  shared.rollback()
  const named = await reserve(of, node(udp, { ...tcp, nodePort: 30_002 }))
  t.strictSame(portsOf(named), [30_002, 30_002], 'also when the second names it')
  named.commit()
  const at = (index: number, port: number): string =>
    `spec.ports[${index}].nodePort: Invalid value: ${port}`
  const outside = 'provided port is not in the valid range. The range of valid ports is 30000-30002'
  const cases: readonly (readonly [spec: object, expected: string])[] = [
    [{ ports: [{ port: 1, nodePort: 99 }] }, `${at(0, 99)}: ${outside}`],
    [
      { ports: [{ port: 1 }, { port: 2, nodePort: 30_002 }] },
      `${at(1, 30_002)}: provided port is already allocated`,
    ],
    [
      { ports: [1, 2, 3].map(port => ({ port })) },
      'Internal error occurred: failed to allocate a nodePort: range is full',
    ],
    [
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 99, ports: [] },
      `Internal error occurred: failed to allocate requested HealthCheck NodePort 99: ${outside}`,
    ],
    [{ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 1 }] }, ''],
  ]
  for (const [spec, expected] of cases)
    t.equal(await heard(of, { type: 'NodePort', ...spec }), expected, JSON.stringify(spec))

  const plain = await reserve(of, service({ ports: [{ port: 80 }] }), named.object)
  plain.commit()
  t.strictSame(portsOf(plain), [undefined])
  const all = await reserve(of, node({ port: 1 }, { port: 2 }, { port: 3 }))
  t.strictSame(new Set(portsOf(all)), new Set([30_000, 30_001, 30_002]), 'it is free again')
  const again = await reserve(of, all.object, all.object)
  t.strictSame(portsOf(again), portsOf(all), 'an update takes none of its own twice')
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [] }
  all.rollback()
  const health = await reserve(of, service(local))
  t.match(health.object, { spec: { healthCheckNodePort: Number } })
  const kept = await reserve(of, health.object, health.object)
  t.match(kept.object, health.object)
})
