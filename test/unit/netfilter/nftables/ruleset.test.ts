/** Virtual services to rules: golden text, what packets meet, and the planner's laws over random changes. */
import t from 'tap'
import { seededRandom } from '#base/random.ts'
import {
  type Backend,
  type Frontend,
  frontendId,
  type HostNetworks,
  type VirtualService,
} from '#netfilter/model.ts'
import { readUdpServices } from '#netfilter/nftables/fragment.ts'
import type { Ruleset } from '#netfilter/nftables/objects.ts'
import {
  type Change,
  type ListedRuleset,
  markOf,
  type ObjectMark,
  planRuleset,
  planTouched,
  ruleDigest,
  transactionsOf,
} from '#netfilter/nftables/plan.ts'
import { renderChanges, renderRuleset } from '#netfilter/nftables/render.ts'
import { RulesetState } from '#netfilter/nftables/state.ts'
import { type Packet, trace, type World } from '#test/support/packet-tracer.ts'

const HOST: HostNetworks = {
  podNetworks: ['10.42.0.0/16'],
  clusterNetworks: ['10.42.0.0/16'],
  serviceNetworks: ['10.43.0.0/16'],
}
const NODE = '192.168.1.10'

const at = (text: string): Frontend => {
  const [where = '', protocol = 'tcp'] = text.split('/')
  const [address = '', port = ''] = where.split(':')
  const rest = {
    protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
    port: Number(port),
  }
  return address === '*' ? { kind: 'node-port', ...rest } : { kind: 'address', address, ...rest }
}
/** `10.42.0.2` is local, `10.42.1.2` is not. */
const to = (...addresses: readonly string[]): readonly Backend[] =>
  addresses.map(address => ({ address, port: 8080, local: address.startsWith('10.42.0.') }))
const aVirtualService = (where: string, rest: Partial<VirtualService> = {}): VirtualService => ({
  name: 'default/web',
  frontend: at(where),
  backends: to('10.42.0.2', '10.42.1.2'),
  masquerade: 'outside',
  empty: 'reject',
  ...rest,
})
const stateOf = (...services: readonly VirtualService[]): RulesetState => {
  const state = new RulesetState('kites', HOST)
  state.replace([], services)
  return state
}

void t.test('a service is elements, and nothing but elements', async t => {
  const empty = renderRuleset(stateOf())
  const one = stateOf(aVirtualService('10.43.0.1:80'))
  one.takeTouched()
  one.replace([], [aVirtualService('10.43.0.2:80', { name: 'default/two' })])
  const touched = one.takeTouched()
  t.equal(
    touched === undefined ? '' : renderChanges(planTouched(touched, one), one),
    `add element ip kites service-backend-0 { 10.43.0.2 . tcp . 80 : 10.42.0.2 . 8080 }
add element ip kites service-backend-1 { 10.43.0.2 . tcp . 80 : 10.42.1.2 . 8080 }
add element ip kites service { 10.43.0.2 . tcp . 80 : goto service-outside-2 }
`,
  )
  t.match(
    empty,
    'add chain ip kites prerouting { type nat hook prerouting priority -100; policy accept; }',
  )
  t.notMatch(empty, 'service-slot')
})

void t.test('golden: the chains one service leads through', async t => {
  const lines = renderRuleset(stateOf(aVirtualService('10.43.0.1:80'))).split('\n')
  const own = lines
    .filter(line => /service-(outside|slot|backend)/.test(line))
    .map(line => line.replace(/ comment "\w+"$/, ''))
  t.same(own, [
    'add map ip kites service-backend-0 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }',
    'add map ip kites service-backend-1 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }',
    'add chain ip kites service-slot-0',
    'add chain ip kites service-slot-1',
    'add chain ip kites service-outside-2',
    'add rule ip kites service-slot-0 meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @service-backend-0',
    'add rule ip kites service-slot-1 meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @service-backend-1',
    'add rule ip kites service-slot-1 goto service-slot-0',
    'add rule ip kites service-outside-2 ip saddr != @cluster-networks ct mark set ct mark | 0x4000',
    'add rule ip kites service-outside-2 numgen random mod 2 vmap { 0 : goto service-slot-0, 1 : goto service-slot-1 }',
    'add rule ip kites service-outside-2 goto service-slot-0',
    'add element ip kites service-backend-0 { 10.43.0.1 . tcp . 80 : 10.42.0.2 . 8080 }',
    'add element ip kites service-backend-1 { 10.43.0.1 . tcp . 80 : 10.42.1.2 . 8080 }',
    'add element ip kites service { 10.43.0.1 . tcp . 80 : goto service-outside-2 }',
  ])
})

const WORLD_SERVICES: readonly VirtualService[] = [
  aVirtualService('10.43.0.1:80'),
  aVirtualService('*:30080', { masquerade: 'always' }),
  aVirtualService('10.43.0.2:80', { name: 'default/empty', backends: [] }),
  aVirtualService('*:30082', { name: 'default/empty', backends: [] }),
  aVirtualService('*:30090', {
    name: 'default/local',
    backends: to('10.42.0.2'),
    insideBackends: to('10.42.0.2', '10.42.1.2'),
    masquerade: 'never',
  }),
  aVirtualService('*:30091', {
    name: 'default/far',
    backends: [],
    insideBackends: to('10.42.1.2'),
    masquerade: 'never',
    empty: 'drop',
  }),
  aVirtualService('1.2.3.4:80', {
    name: 'default/lb',
    masquerade: 'always',
    sourceRanges: ['203.0.113.0/24', '203.0.113.7/32'],
  }),
  aVirtualService('10.43.0.3:53/udp', { name: 'default/dns', backends: to('10.42.0.2') }),
  aVirtualService('10.43.0.4:80', { name: 'default/sticky', affinitySeconds: 60 }),
]

void t.test('what packets meet', async t => {
  const world: World = {
    ruleset: stateOf(...WORLD_SERVICES),
    hostAddresses: new Set([NODE, '10.43.0.10']),
  }
  const local = '10.42.0.2:8080'
  const far = '10.42.1.2:8080'
  const masqueraded = (...list: readonly string[]): readonly string[] =>
    list.map(each => `${each} masqueraded`)
  const rows: readonly (readonly [
    string,
    'pod' | 'node' | 'outside',
    string,
    readonly string[],
  ])[] = [
    ['pod to cluster address', 'pod', '10.43.0.1:80', [local, far]],
    ['node to cluster address', 'node', '10.43.0.1:80', masqueraded(local, far)],
    ['outside to cluster address', 'outside', '10.43.0.1:80', masqueraded(local, far)],
    ['outside to node port', 'outside', `${NODE}:30080`, masqueraded(local, far)],
    ['pod to node port', 'pod', `${NODE}:30080`, masqueraded(local, far)],
    ['node to its node port on loopback', 'node', '127.0.0.1:30080', masqueraded(local, far)],
    ['outside to loopback', 'outside', '127.0.0.1:30080', ['dropped']],
    ['node port on a foreign address', 'outside', '8.8.8.8:30080', ['8.8.8.8:30080']],
    ['no endpoints, pod', 'pod', '10.43.0.2:80', ['refused']],
    ['no endpoints, node', 'node', '10.43.0.2:80', ['refused']],
    ['no endpoints, node port', 'outside', `${NODE}:30082`, ['refused']],
    ['wrong port of a service', 'pod', '10.43.0.1:81', ['refused']],
    ['address of no service', 'node', '10.43.9.9:80', ['refused']],
    ['an address of the host in the service network', 'pod', '10.43.0.10:53', ['10.43.0.10:53']],
    ['local policy, outside', 'outside', `${NODE}:30090`, [local]],
    ['local policy, pod', 'pod', `${NODE}:30090`, [local, far]],
    ['local policy, node', 'node', `${NODE}:30090`, masqueraded(local, far)],
    ['local policy without local endpoint, outside', 'outside', `${NODE}:30091`, ['dropped']],
    ['local policy without local endpoint, pod', 'pod', `${NODE}:30091`, [far]],
    ['local policy without local endpoint, node', 'node', `${NODE}:30091`, masqueraded(far)],
    ['source not in the ranges', 'outside', '1.2.3.4:80', ['dropped']],
    ['affinity, first time', 'pod', '10.43.0.4:80', [local, far]],
    ['pod to the world', 'pod', '8.8.8.8:53', masqueraded('8.8.8.8:53')],
    ['pod to pod', 'pod', '10.42.1.9:1', ['10.42.1.9:1']],
  ]
  const from = { pod: '10.42.0.9', node: NODE, outside: '198.51.100.1' }
  for (const [name, client, target, expected] of rows) {
    const [address = '', port = ''] = target.split(':')
    const packet: Packet = {
      from: address.startsWith('127.') && client === 'node' ? '127.0.0.1' : from[client],
      to: address,
      protocol: 'tcp',
      port: Number(port),
      in: client === 'node' ? '' : 'eth0',
      out: 'eth0',
    }
    const entry = client === 'node' ? 'output' : 'prerouting'
    t.same(trace(world, entry, packet), [...expected].sort(), name)
  }
  const web = { protocol: 'tcp', port: 80, in: 'eth0', out: 'eth0' } as const
  t.same(
    trace(world, 'prerouting', { ...web, from: '203.0.113.9', to: '1.2.3.4' }),
    masqueraded(local, far),
    'source in the ranges',
  )
  t.same(
    trace(world, 'prerouting', { ...web, from: '10.42.0.2', to: '10.43.0.1' }),
    [`${local} masqueraded`, far],
    'a pod that reaches itself',
  )
  const asPod = { ...web, in: 'kites0123456789', from: '10.42.0.9', to: '10.42.1.9' }
  t.same(trace(world, 'prerouting', asPod), ['10.42.1.9:80'], 'a pod under its own address')
  t.same(trace({ ...world, spoofed: '10.42.0.9' }, 'prerouting', asPod), ['dropped'], 'or another')
  t.same(
    trace({ ...world, spoofed: '10.42.0.9' }, 'prerouting', { ...asPod, in: 'eth0' }),
    ['10.42.1.9:80'],
    'what other nodes send is theirs to check',
  )
  const itself = { ...web, in: '', out: 'lo', from: '10.42.0.2', to: '10.42.0.2' }
  t.same(trace(world, 'output', itself), ['10.42.0.2:80'], 'on loopback nobody is masqueraded')
  const dns = { from: '10.42.0.9', to: '10.43.0.3', port: 53, in: 'eth0', out: 'eth0' }
  t.same(trace(world, 'prerouting', { ...dns, protocol: 'udp' }), [local], 'udp')
  t.same(trace(world, 'prerouting', { ...dns, protocol: 'tcp' }), ['refused'], 'not by tcp')
})

void t.test('a client with affinity goes where it went', async t => {
  const state = stateOf(...WORLD_SERVICES)
  const [set] = [...state.objects.keys()].filter(name => name.endsWith('-clients'))
  const world: World = {
    ruleset: state,
    hostAddresses: new Set([NODE]),
    known: new Map([[set ?? '', new Set(['10.42.0.9'])]]),
  }
  const packet = {
    from: '10.42.0.9',
    to: '10.43.0.4',
    protocol: 'tcp',
    port: 80,
    in: 'a',
    out: 'b',
  } as const
  t.equal(trace(world, 'prerouting', packet).length, 1)
})

void t.test(
  'of two claims on one frontend the smaller name wins, and the other follows it',
  async t => {
    const first = aVirtualService('*:80', { name: 'a', backends: to('10.42.0.2') })
    const second = aVirtualService('*:80', { name: 'b', backends: to('10.42.0.3') })
    const state = stateOf()
    state.replace([], [second])
    state.replace([], [first])
    t.equal(state.serviceAt('tcp *:80')?.name, 'a')
    state.replace([first], [])
    t.equal(state.serviceAt('tcp *:80')?.name, 'b')
    t.equal(renderRuleset(state), renderRuleset(stateOf(second)))
    const chosen = aVirtualService('*:80', { name: 'A', rank: 1 })
    state.replace([], [chosen])
    t.equal(state.serviceAt('tcp *:80')?.name, 'b', 'an allocated frontend is nobody else’s')
    state.replace([second], [])
    t.equal(state.serviceAt('tcp *:80')?.name, 'A')
  },
)

void t.test('UDP backends are read back from what the kernel holds', t => {
  const udp = [
    aVirtualService('10.43.0.3:53/udp'),
    aVirtualService('*:30053/udp', { insideBackends: to('10.42.1.3') }),
  ]
  const { elements } = stateOf(
    ...WORLD_SERVICES.filter(each => each.name !== 'default/dns'),
    ...udp,
  )
  const found = readUdpServices(elements).map(
    ({ frontend, backends }) =>
      `${frontendId(frontend)} ${backends.map(each => `${each.address}:${each.port}`).join(' ')}`,
  )
  t.same(found.sort(), [
    'udp *:30053 10.42.0.2:8080 10.42.1.2:8080 10.42.1.3:8080',
    'udp 10.43.0.3:53 10.42.0.2:8080 10.42.1.2:8080',
  ])
  t.end()
})

void t.test('a client of a full affinity set still has its backend', t => {
  const rules = renderRuleset(stateOf(...WORLD_SERVICES)).split('\n')
  const remembers = rules.filter(rule => rule.includes('update @'))
  t.equal(remembers.length, 2)
  for (const rule of remembers) t.notMatch(rule, / dnat /)
  t.end()
})

/** A kernel that knows just enough to check a plan: it refuses what the real one refuses. */
class ModelKernel implements ListedRuleset {
  readonly objects = new Map<string, ObjectMark & { rules: string[] }>()
  readonly elements = new Map<string, Map<string, string>>()

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#one(change)
  }

  #one(change: Change): void {
    if (change.kind === 'delete-table') {
      this.objects.clear()
      this.elements.clear()
    } else if (change.kind === 'add-set' || change.kind === 'add-chain') {
      const object = change.kind === 'add-set' ? change.set : change.chain
      if (this.objects.has(object.name)) throw new Error(`${object.name} exists`)
      this.objects.set(object.name, { ...markOf(object), rules: [] })
    } else if (change.kind === 'flush-chain') this.#get(change.name).rules.length = 0
    else if (change.kind === 'add-rule') this.#get(change.chain).rules.push(ruleDigest(change.rule))
    else if (change.kind === 'delete-chain') {
      if (this.#get(change.name).rules.length > 0) throw new Error(`${change.name} has rules`)
      for (const each of this.elements.values()) {
        if ([...each.values()].includes(`goto ${change.name}`)) throw new Error('in use')
      }
      this.objects.delete(change.name)
    } else if (change.kind === 'delete-set') {
      this.#get(change.name)
      this.objects.delete(change.name)
      this.elements.delete(change.name)
    } else if (change.kind === 'delete-elements') {
      for (const key of change.keys) {
        if (this.elements.get(change.container)?.delete(key) !== true) throw new Error(`no ${key}`)
      }
    } else if (change.kind === 'add-elements') {
      this.#get(change.container)
      const each = this.elements.get(change.container) ?? new Map<string, string>()
      for (const [key, value] of change.elements) {
        if (each.has(key)) throw new Error(`${key} exists`)
        if (value.startsWith('goto ')) this.#get(value.slice('goto '.length))
        each.set(key, value)
      }
      this.elements.set(change.container, each)
    }
  }

  #get(name: string): ObjectMark & { rules: string[] } {
    const object = this.objects.get(name)
    if (object === undefined) throw new Error(`no ${name}`)
    return object
  }
}

const picture = (ruleset: ListedRuleset | Ruleset): string => {
  const objects = [...ruleset.objects.values()].map(object =>
    JSON.stringify('definition' in object ? object : markOf(object)),
  )
  const elements = [...ruleset.elements].flatMap(([name, each]) =>
    [...each].map(row => `${name} ${row.join(' ')}`),
  )
  return [...objects.sort(), ...elements.sort()].join('\n')
}

void t.test('law: applying the plan gives what was wanted, over random changes', async t => {
  const seed = 20_261_121
  const random = seededRandom(seed)
  const pick = <Value>(list: readonly [Value, ...Value[]]): Value =>
    list[Math.floor(random.float() * list.length)] ?? list[0]
  const anyBackends = (): readonly Backend[] =>
    to(
      ...new Set(
        Array.from(
          { length: Math.floor(random.float() * 5) },
          () => `10.42.${pick([0, 1])}.${pick([2, 3, 4, 5, 6])}`,
        ),
      ),
    )
  const anyService = (index: number): VirtualService =>
    aVirtualService(
      pick([`10.43.0.${index}:80`, `*:${30_000 + index}`, '10.43.0.1:80', '10.43.0.1:53/udp']),
      {
        name: `s${index}`,
        backends: anyBackends(),
        masquerade: pick(['never', 'outside', 'always']),
        empty: pick(['reject', 'drop']),
        ...(random.float() < 0.2 ? { affinitySeconds: pick([60, 120]) } : {}),
        ...(random.float() < 0.2
          ? { sourceRanges: pick([['10.0.0.0/8', '10.1.0.0/16'], ['1.2.3.4/32']]) }
          : {}),
        ...(random.float() < 0.2 ? { insideBackends: anyBackends() } : {}),
      },
    )
  const state = stateOf()
  const kernel = new ModelKernel()
  kernel.apply(planRuleset(undefined, state))
  state.takeTouched()
  const current = new Map<number, readonly VirtualService[]>()
  for (let round = 0; round < 1500; round += 1) {
    for (let step = Math.floor(random.float() * 3); step >= 0; step -= 1) {
      const index = Math.floor(random.float() * 12)
      const after = random.float() < 0.3 ? [] : [anyService(index)]
      state.replace(current.get(index) ?? [], after)
      current.set(index, after)
    }
    const touched = state.takeTouched()
    if (touched !== undefined) kernel.apply(planTouched(touched, state))
    const fresh = stateOf(...[...current.values()].flat())
    if (picture(kernel) !== picture(fresh) || planRuleset(kernel, state).length > 0) {
      t.equal(picture(kernel), picture(fresh), `seed ${seed}, round ${round}`)
      return
    }
  }
  t.pass(`seed ${seed}`)
})

void t.test('law: from any kernel to any state, and then nothing more to do', async t => {
  const before = stateOf(...WORLD_SERVICES)
  const after = stateOf(aVirtualService('10.43.0.1:80', { backends: to('10.42.0.7') }))
  const kernel = new ModelKernel()
  kernel.apply(planRuleset(undefined, before))
  kernel.apply(planRuleset(kernel, after))
  t.equal(picture(kernel), picture(after))
  t.same(planRuleset(kernel, after), [])
})

void t.test(
  'another version with other definitions is replaced as a whole, in one transaction',
  async t => {
    const state = stateOf()
    const kernel = new ModelKernel()
    kernel.apply(planRuleset(undefined, state))
    kernel.objects.set('hairpin', {
      kind: 'set',
      name: 'hairpin',
      definition: 'ipv4_addr',
      rules: [],
    })
    const [first, second] = planRuleset(kernel, state)
    t.same([first?.kind, second?.kind], ['delete-table', 'add-table'])
  },
)

void t.test('a changed backend is one element out and one in, and no rule', async t => {
  const service = aVirtualService('10.43.0.1:80')
  const state = stateOf(service)
  state.takeTouched()
  state.replace([service], [{ ...service, backends: to('10.42.0.2', '10.42.1.3') }])
  const touched = state.takeTouched()
  const changes = touched === undefined ? [] : planTouched(touched, state)
  t.same(
    renderChanges(changes, state),
    `delete element ip kites service-backend-1 { 10.43.0.1 . tcp . 80 }
add element ip kites service-backend-1 { 10.43.0.1 . tcp . 80 : 10.42.1.3 . 8080 }
`,
  )
})

void t.test('chains that are new are made before anything leads to them', async t => {
  const one = aVirtualService('10.43.0.1:80', { backends: to('10.42.0.2') })
  const state = stateOf(one)
  state.takeTouched()
  state.replace([one], [aVirtualService('10.43.0.1:80')])
  const touched = state.takeTouched()
  if (touched === undefined) throw new Error('nothing changed')
  const [ground = [], change = [], ...more] = transactionsOf(planTouched(touched, state))
  t.same(more, [])
  t.same(
    [...new Set(ground.map(({ kind }) => kind))],
    ['add-set', 'add-chain', 'add-rule'],
    'nothing that packets meet',
  )
  t.ok(change.some(({ kind }) => kind === 'add-elements'))
  t.notOk(change.some(({ kind }) => kind === 'add-chain'))
  t.equal(transactionsOf(planRuleset(undefined, state)).length, 1, 'a whole table at once')
})
