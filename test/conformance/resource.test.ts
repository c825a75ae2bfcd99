/** Upstream's conformance tests of device resources, step by step, against a real API server over HTTPS. */
import t from 'tap'
import { connectRaw, startApi } from '../component/api-fixture.ts'
import { type Crud, runCrud } from './crud.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})
await raw.send('POST', '/api/v1/namespaces', { metadata: { name: 'e2e' } })

const selecting = (expression: string): object => ({
  spec: { selectors: [{ cel: { expression } }] },
})
const requests = [{ name: 'req-0', exactly: { deviceClassName: 'my-class' } }]
const labels = { metadata: { labels: { 'test.dra.example.com': 'test' } } }
const condition = {
  type: 'TestCondition',
  status: 'True',
  reason: 'TestReason',
  message: 'TestMessage',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}

const KINDS: readonly Omit<Crud, 'base'>[] = [
  {
    kind: 'DeviceClass',
    plural: 'deviceclasses',
    object: selecting('false'),
    patch: selecting('1 == 2'),
  },
  {
    kind: 'ResourceClaim',
    plural: 'resourceclaims',
    namespace: 'e2e',
    object: { spec: { devices: { requests } } },
    patch: labels,
    // Nothing at all may be what is allocated.
    status: { allocation: {} },
  },
  {
    kind: 'ResourceClaimTemplate',
    plural: 'resourceclaimtemplates',
    namespace: 'e2e',
    object: { spec: { spec: { devices: { requests } } } },
    patch: labels,
  },
  {
    kind: 'ResourceSlice',
    plural: 'resourceslices',
    object: {
      spec: {
        driver: 'dra.example.com',
        nodeName: 'no-such-node',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
      },
    },
    patch: { spec: { devices: [{ name: 'dev-0' }] } },
  },
  {
    kind: 'DeviceTaintRule',
    plural: 'devicetaintrules',
    object: {
      spec: {
        deviceSelector: { driver: 'dra.example.com' },
        taint: { key: 'test.example.com/key', value: 'value', effect: 'NoSchedule' },
      },
    },
    patch: { spec: { taint: { value: 'changed' } } },
    status: { conditions: [condition] },
  },
]

const run = async (t: Parameters<typeof runCrud>[0], kind: string): Promise<void> => {
  const crud = KINDS.find(one => one.kind === kind)
  if (crud === undefined) throw new Error(kind)
  await runCrud(t, raw, { ...crud, base: '/apis/resource.k8s.io/v1' })
}

void t.test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass [Conformance]', t =>
  run(t, 'DeviceClass'),
)
void t.test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim [Conformance]', t =>
  run(t, 'ResourceClaim'),
)
void t.test(
  '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate [Conformance]',
  t => run(t, 'ResourceClaimTemplate'),
)
void t.test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice [Conformance]', t =>
  run(t, 'ResourceSlice'),
)
void t.test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceTaintRule [Conformance]', t =>
  run(t, 'DeviceTaintRule'),
)
void t.test(
  '[sig-api-machinery] StorageVersionMigration CRUD Tests storagemigration.k8s.io/v1 StorageVersionMigration [Conformance]',
  t =>
    runCrud(t, raw, {
      base: '/apis/storagemigration.k8s.io/v1',
      kind: 'StorageVersionMigration',
      plural: 'storageversionmigrations',
      object: { spec: { resource: { group: '', resource: 'foo' } } },
      patch: { metadata: { labels: { 'test.storagemigration.example.com': 'test' } } },
      status: { conditions: [condition] },
    }),
)
