/** What a node says of itself. */
import t from 'tap'
import type { Machine, Usage } from '#agent/node/machine.ts'
import {
  allocatableOf,
  capacityOf,
  differs,
  engineFaultAfter,
  nodeConditions,
  nodeLabels,
  nodeStatus,
} from '#agent/node/node-status.ts'

const GIB = 1024 ** 3
const machine: Machine = {
  hostname: 'h',
  cpuCount: 2,
  memoryBytes: 2 * GIB,
  diskBytes: 100 * GIB,
  machineID: 'm',
  systemUUID: 's',
  bootID: 'b',
  kernelVersion: '6',
  osImage: 'Debian',
  architecture: 'amd64',
}
const usage: Usage = {
  memoryAvailableBytes: GIB,
  diskAvailable: 0.5,
  inodesAvailable: 0.5,
  processes: 100,
  processesMax: 32_768,
}
const facts = {
  nodeName: 'n',
  nodeIPs: ['1.2.3.4'],
  machine,
  runtime: undefined,
  kubeletPort: 10_250,
}

const show = (overrides: Partial<Usage>, engineFault = ''): string =>
  nodeConditions({ usage: { ...usage, ...overrides }, engineFault, before: [], nowMs: 0 })
    .map(({ type, status }) => `${type}=${status}`)
    .join(' ')

void t.test('conditions', async t => {
  t.equal(show({}), 'MemoryPressure=False DiskPressure=False PIDPressure=False Ready=True')
  t.equal(
    show({ memoryAvailableBytes: 1 }),
    'MemoryPressure=True DiskPressure=False PIDPressure=False Ready=True',
  )
  t.equal(
    show({ inodesAvailable: 0.01 }),
    'MemoryPressure=False DiskPressure=True PIDPressure=False Ready=True',
  )
  t.equal(
    show({ processes: 32_000 }),
    'MemoryPressure=False DiskPressure=False PIDPressure=True Ready=True',
  )
  t.equal(show({}, 'gone'), 'MemoryPressure=False DiskPressure=False PIDPressure=False Ready=False')
})

void t.test('times of conditions: heartbeat moves, transition only with the status', async t => {
  const before = nodeConditions({
    usage,
    engineFault: '',
    before: [{ type: 'NetworkUnavailable', status: 'False' }],
    nowMs: 0,
  })
  t.equal(before[0]?.type, 'NetworkUnavailable')
  const after = nodeConditions({ usage, engineFault: 'gone', before, nowMs: 60_000 })
  t.match(
    after.find(({ type }) => type === 'Ready'),
    {
      status: 'False',
      reason: 'KubeletNotReady',
      message: 'container runtime is down: gone',
      lastTransitionTime: '1970-01-01T00:01:00Z',
    },
  )
  t.match(
    after.find(({ type }) => type === 'DiskPressure'),
    { lastHeartbeatTime: '1970-01-01T00:01:00Z', lastTransitionTime: '1970-01-01T00:00:00Z' },
  )
  t.equal(differs(nodeStatus(facts, before, []), nodeStatus(facts, after, [])), true)
  const later = nodeConditions({ usage, engineFault: '', before, nowMs: 60_000 })
  t.equal(
    differs(nodeStatus(facts, before, []), nodeStatus(facts, later, [])),
    false,
    'heartbeats alone are not news',
  )
})

void t.test('capacity, allocatable, labels', async t => {
  t.same(capacityOf({ machine }), {
    cpu: '2',
    memory: '2097152Ki',
    'ephemeral-storage': '104857600Ki',
    pods: '110',
  })
  t.equal(allocatableOf({ machine })['memory'], '1994752Ki')
  t.match(nodeLabels({ nodeName: 'n', machine }, { extra: 'x', 'kubernetes.io/hostname': 'lie' }), {
    extra: 'x',
    'kubernetes.io/hostname': 'n',
    'kubernetes.io/arch': 'amd64',
  })
})

void t.test('images: the biggest first, those without a name left out', async t => {
  const images = [
    { id: '1', tags: ['a:1'], digests: [], sizeBytes: 1, user: '' },
    { id: '2', tags: ['b:1'], digests: ['b@x'], sizeBytes: 2, user: '' },
    { id: '3', tags: [], digests: [], sizeBytes: 3, user: '' },
  ]
  t.same(nodeStatus(facts, [], images).images, [
    { names: ['b@x', 'b:1'], sizeBytes: 2 },
    { names: ['a:1'], sizeBytes: 1 },
  ])
  const twins = ['web:1', 'web:2'].map(tag => ({
    id: tag,
    tags: [tag],
    digests: [],
    sizeBytes: 7,
    user: '',
  }))
  t.same(
    nodeStatus(facts, [], twins).images,
    nodeStatus(facts, [], twins.toReversed()).images,
    'the order of the Engine does not matter',
  )
})

void t.test(
  'an engine that restarts leaves the node Ready, one that stays away does not',
  async t => {
    t.equal(engineFaultAfter(29_000, 'gone'), '')
    t.equal(engineFaultAfter(30_000, 'gone'), 'gone')
    t.equal(engineFaultAfter(Infinity, 'never seen'), 'never seen')
  },
)
