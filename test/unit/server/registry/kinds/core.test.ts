/** Fields that no new object of these kinds may have, names given, and what counts as a change. */
import type { AnyObject } from '#api/object.ts'
import { CORE_STRATEGIES } from '#server/registry/kinds/core.ts'
import type { Strategy } from '#server/registry/strategy.ts'
import t from 'tap'

const byStorage: ReadonlyMap<string, Strategy> = new Map(CORE_STRATEGIES)
const context = { user: { name: 'u', groups: [] }, now: 0, version: 'v1', warn: () => {} }
const object = (fields: object, metadata: object = { name: 'x' }): AnyObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata,
  ...fields,
})

interface Row {
  readonly storage: string
  readonly sent: AnyObject
  readonly old?: AnyObject
  readonly expected: AnyObject
}

const elected = object({ spec: { strategy: 'a', holderIdentity: 'b' } })
const topology = { endpoints: [{ addresses: ['a'], deprecatedTopology: { b: 'c' } }] }
const plain = { endpoints: [{ addresses: ['a'] }] }
const labelled = { name: 'x', labels: { a: 'b' } }

const ROWS: readonly Row[] = [
  {
    storage: 'nodes',
    sent: object({ spec: { configSource: {}, podCIDR: 'a' }, status: { config: {} } }),
    expected: object({ spec: { podCIDR: 'a' }, status: {} }),
  },
  {
    storage: 'serviceaccounts',
    sent: object({ secrets: [{ kind: 'Secret', name: 's' }] }),
    expected: object({ secrets: [{ name: 's' }] }),
  },
  {
    storage: 'leases.coordination.k8s.io',
    sent: elected,
    expected: object({ spec: { holderIdentity: 'b' } }),
  },
  { storage: 'leases.coordination.k8s.io', sent: elected, old: elected, expected: elected },
  {
    storage: 'limitranges',
    sent: object({}, { uid: 'u' }),
    expected: object({}, { uid: 'u', name: 'u' }),
  },
  {
    storage: 'endpointslices.discovery.k8s.io',
    sent: object(topology),
    expected: object(plain),
  },
  {
    storage: 'endpointslices.discovery.k8s.io',
    sent: object(plain, labelled),
    old: object(plain, { name: 'x', generation: 3 }),
    expected: object(plain, { ...labelled, generation: 4 }),
  },
]

void t.test('what is prepared', async t => {
  for (const { storage, sent, old, expected } of ROWS) {
    const strategy = byStorage.get(storage)
    const prepared =
      old === undefined
        ? strategy?.prepareForCreate?.(sent, context)
        : strategy?.prepareForUpdate?.(sent, old, context)
    t.strictSame(prepared, expected, storage)
  }
})
