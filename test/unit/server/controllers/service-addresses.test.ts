/** Ranges of Services' addresses, and what sets a Service apart from its IPAddress objects and its ports. */
import { coversRange, holdsAddress } from '#api/service-addresses.ts'
import type { ObjectMeta } from '#api/object.ts'
import type { Service } from '#api/types/core-v1.ts'
import type { IPAddress, ServiceCIDR } from '#api/types/networking-v1.ts'
import {
  type AddressPlan,
  type Finding,
  type Seen,
  planAddress,
  planService,
} from '#server/controllers/service-addresses/plan.ts'
import { defaultFault, planRange } from '#server/controllers/service-cidrs/plan.ts'
import { planPorts } from '#server/controllers/service-node-ports/plan.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-01T00:02:00Z')
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString()
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'
const LABELS = {
  'ipaddress.kubernetes.io/ip-family': 'IPv4',
  'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
}

const service = (name: string, spec: object, seconds = 100): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'n', creationTimestamp: ago(seconds) },
  spec,
})

const address = (
  name: string,
  parent: object = {},
  { seconds = 100, labels = LABELS }: { seconds?: number; labels?: ObjectMeta['labels'] } = {},
): IPAddress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name, labels, creationTimestamp: ago(seconds) },
  spec: { parentRef: { resource: 'services', namespace: 'n', name: 's', ...parent } },
})

const range = (name: string, cidrs: readonly string[], metadata: ObjectMeta = {}): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name, ...metadata },
  spec: { cidrs },
})

void t.test('which ranges hold what', async t => {
  const holds: readonly (readonly [range: string, address: string, expected: boolean])[] = [
    ['10.0.0.0/24', '10.0.0.1', true],
    ['10.0.0.0/24', '10.0.0.0', false],
    ['10.0.0.0/24', '10.0.0.255', false],
    ['10.0.0.0/16', '10.0.0.255', true],
    ['10.0.0.0/24', '10.0.1.1', false],
    ['10.0.0.0/31', '10.0.0.1', false],
    ['fd00::/112', 'fd00::', false],
    ['fd00::/112', 'fd00::ffff', true],
    ['fd00::/112', 'fd00::1:0', false],
    ['::/0', '10.0.0.1', false],
    ['nonsense', '10.0.0.1', false],
    ['10.0.0.0/24', 'nonsense', false],
  ]
  for (const [of, name, expected] of holds)
    t.equal(holdsAddress(of, name), expected, `${of} ${name}`)
  const covers: readonly (readonly [whole: string, part: string, expected: boolean])[] = [
    ['10.0.0.0/16', '10.0.1.0/24', true],
    ['10.0.0.0/24', '10.0.0.0/24', true],
    ['10.0.1.0/24', '10.0.0.0/16', false],
    ['10.0.0.0/16', '10.1.0.0/24', false],
    ['::/0', '10.0.0.0/8', false],
  ]
  for (const [whole, part, expected] of covers)
    t.equal(coversRange(whole, part), expected, `${whole} ${part}`)
})

void t.test('a range is held, told and let go', async t => {
  const message = 'Kubernetes Service CIDR is ready'
  const is = (status: string, reason: string, text: string) => ({
    conditions: [{ type: 'Ready', status, reason, message: text, lastTransitionTime: ago(9) }],
  })
  const held = { finalizers: [FINALIZER] }
  const going = (seconds: number): ObjectMeta => ({ ...held, deletionTimestamp: ago(seconds) })
  const mine = ['10.1.0.0/24']
  const plan = (one: ServiceCIDR, others: readonly ServiceCIDR[] = [], ...addresses: IPAddress[]) =>
    planRange(one, { ranges: [one, ...others], addresses, now: NOW })
  const ready = range('r', mine, held)
  t.match(plan(range('r', mine)), [{ kind: 'hold' }, { kind: 'tell', condition: { message } }])
  t.strictSame(plan({ ...ready, status: is('True', '', message) }), [])
  t.match(plan({ ...ready, status: is('False', 'Terminating', 'x') }), [
    { kind: 'tell', condition: { status: 'True', reason: '' } },
  ])
  const inside = address('10.1.0.7')
  t.match(plan(range('r', mine, going(99)), [], inside), [
    { kind: 'tell', condition: { status: 'False', reason: 'Terminating' } },
  ])
  const free: readonly (readonly [string, readonly ServiceCIDR[], readonly IPAddress[]])[] = [
    ['nothing is in it', [], []],
    ['of another range', [], [address('10.2.0.7')]],
    ['of somebody else', [], [address('10.1.0.7', {}, { labels: {} })]],
    ['another holds it all', [range('o', ['10.1.0.0/16'])], [inside]],
    ['another holds what is taken', [range('o', ['10.1.0.0/28'])], [inside]],
  ]
  for (const [why, others, addresses] of free)
    t.strictSame(plan(range('r', mine, going(10)), others, ...addresses), [{ kind: 'let-go' }], why)
  const both = range('r', [...mine, 'fd00::/112'], going(10))
  t.match(plan(both, [range('o', ['10.1.0.0/16'])], address('fd00::1')), [{ kind: 'tell' }])
  t.strictSame(plan(range('r', mine, going(4))), [{ kind: 'wait', ms: 6000 }])
  t.strictSame(plan(range('r', mine, { deletionTimestamp: ago(10) })), [], 'somebody else holds it')

  t.equal(defaultFault(ready, '10.1.0.0/24'), undefined)
  t.match(defaultFault(ready, '10.9.0.0/24'), {
    reason: 'KubernetesDefaultServiceCIDRInconsistent',
    message:
      'The default ServiceCIDR [10.1.0.0/24] does not match the controller flag configurations [10.9.0.0/24]',
  })
  const unready = { ...ready, status: is('False', 'Broken', 'it is') } as ServiceCIDR
  t.match(defaultFault(unready, '10.1.0.0/24'), {
    reason: 'Broken',
    message: 'Configuration matches, but it is',
  })
  t.equal(defaultFault(range('r', mine, going(1)), '10.9.0.0/24'), undefined)
})

void t.test('what a Service and its addresses say of each other', async t => {
  const ip = '10.1.0.7'
  const one = service('s', { clusterIP: ip, clusterIPs: [ip] })
  const other = service('o', { clusterIP: ip, clusterIPs: [ip] })
  const moved = service('o', { clusterIP: '10.1.0.8', clusterIPs: ['10.1.0.8'] })
  const seen = (object?: IPAddress, holder?: Service): Seen => ({ object, holder })
  const text = ({ told, repair }: Finding): string =>
    `${told?.reason ?? ''}: ${told?.message ?? ''}; ${repair?.kind ?? ''}`
  const cases: readonly (readonly [Service, Seen, readonly string[]])[] = [
    [one, seen(address(ip), one), []],
    [
      one,
      seen(),
      [`ClusterIPNotAllocated: Cluster IP [IPv4]: ${ip} is not allocated; repairing; create`],
    ],
    [
      one,
      seen(address(ip, { resource: 'gateways', name: 'g' })),
      [
        `ClusterIPNotAllocated: the ClusterIP [IPv4]: ${ip} for Service n/s has a wrong reference; repairing; replace`,
      ],
    ],
    [
      one,
      seen(address(ip, { name: 'gone' })),
      [
        `ClusterIPNotAllocated: the ClusterIP [IPv4]: ${ip} for Service n/s has a wrong reference; repairing; replace`,
      ],
    ],
    [
      one,
      seen(address(ip, { name: 'o' }), other),
      [
        `ClusterIPAlreadyAllocated: Cluster IP [IPv4]:${ip} was assigned to multiple services; please recreate service; `,
      ],
    ],
    [one, seen(address(ip, { name: 'o' }), moved), []],
    [one, seen(address(ip, {}, { labels: {} }), one), [': ; replace']],
    [
      service('s', { clusterIP: '10.9.0.1' }),
      seen(),
      [
        'ClusterIPOutOfRange: Cluster IP [IPv4]: 10.9.0.1 is not within any configured Service CIDR; please recreate service; ',
      ],
    ],
    [
      service('s', { clusterIP: 'x' }),
      seen(),
      ['ClusterIPNotValid: Cluster IP x is not a valid IP; please recreate Service; '],
    ],
    [service('s', { clusterIP: 'None', clusterIPs: ['None'] }), seen(), []],
    [service('s', { type: 'ExternalName' }), seen(), []],
  ]
  for (const [of, found, expected] of cases)
    t.strictSame(planService(of, ['10.1.0.0/16'], () => found).map(text), expected)
})

void t.test('an address that belongs to nobody goes, when its time has come', async t => {
  const ip = '10.1.0.7'
  const own = service('s', { clusterIP: ip, clusterIPs: [ip] })
  const moved = service('s', { clusterIP: '10.1.0.8', clusterIPs: ['10.1.0.8'] }, 50)
  const external = service('s', { type: 'ExternalName' }, 100)
  const leaked = `IPAddress: ${ip} for Service n/s appears to have leaked: cleaning up`
  const wrong = `IPAddress: ${ip} for Service n/s has a wrong reference; cleaning up`
  const modified = `IPAddress ${ip} appears to have been modified, not referencing a Service &ParentReference{Group:,Resource:pods,Namespace:n,Name:s,}: cleaning up`
  const removed = (reason: string, message: string): AddressPlan => ({
    kind: 'remove',
    told: { reason, message },
  })
  const cases: readonly (readonly [string, IPAddress, Service | undefined, AddressPlan])[] = [
    ['its own', address(ip), own, { kind: 'fine' }],
    ['not ours', address(ip, {}, { labels: {} }), undefined, { kind: 'fine' }],
    ['young', address(ip, {}, { seconds: 20 }), undefined, { kind: 'wait', ms: 40_000 }],
    ['old', address(ip), undefined, removed('IPAddressNotAllocated', leaked)],
    [
      'of a pod',
      address(ip, { resource: 'pods' }),
      undefined,
      removed('IPAddressNotAllocated', modified),
    ],
    ['moved away', address(ip), moved, removed('IPAddressWrongReference', wrong)],
    ['a write that fails', address(ip, {}, { seconds: 2 }), moved, { kind: 'wait', ms: 3000 }],
    [
      'a type that changes',
      address(ip, {}, { seconds: 20 }),
      external,
      { kind: 'wait', ms: 40_000 },
    ],
    ['a type that changed', address(ip), external, removed('IPAddressWrongReference', wrong)],
  ]
  for (const [name, object, holder, expected] of cases)
    t.strictSame(planAddress(object, holder, NOW), expected, name)
})

void t.test('ports of several, and outside', async t => {
  const of = (name: string, ...ports: readonly (readonly [number, string?])[]): Service =>
    service(name, { ports: ports.map(([nodePort, protocol]) => ({ port: 1, nodePort, protocol })) })
  const found = (...services: readonly Service[]): readonly string[] =>
    planPorts(services, { first: 30_000, last: 30_010 }).map(
      ({ service: { metadata }, message }) => `${metadata.name}: ${message}`,
    )
  const twice = 'Port 30001 was assigned to multiple services; please recreate service'
  t.strictSame(found(of('a', [30_001, 'UDP'], [30_001, 'TCP']), of('b', [0], [30_002])), [])
  t.strictSame(found(of('b', [30_001]), of('a', [30_001])), [`b: ${twice}`], 'the first by name')
  t.strictSame(found(of('a', [30_001], [30_001])), [`a: ${twice}`])
  t.strictSame(found(of('a', [30_001]), service('b', { healthCheckNodePort: 30_001 })), [
    `b: ${twice}`,
  ])
  t.strictSame(found(of('a', [29_999])), [
    'a: Port 29999 is not within the port range 30000-30010; please recreate service',
  ])
})
