/**
 * Nodes, ServiceAccounts, Leases, LimitRanges and EndpointSlices: fields that belong to features which are off or gone
 * are left out. Pure.
 *
 * Source: kubernetes pkg/registry/core/{node,serviceaccount}/strategy.go, pkg/registry/coordination/lease/strategy.go,
 * pkg/registry/core/limitrange/strategy.go, pkg/registry/discovery/endpointslice/strategy.go
 */
import type { AnyObject } from '#api/object.ts'
import { equalJson } from '#api/json.ts'
import {
  DEFAULT_STRATEGY,
  PLAIN,
  PLAIN_GENERATED,
  type Strategy,
  type StrategyContext,
  UPSERTED,
} from '../strategy.ts'
import { type Fields, recordOf, without } from '#api/values.ts'
import { withoutNew } from './gated-fields.ts'

const withoutConfigSource = (node: AnyObject, old?: AnyObject): AnyObject =>
  withoutNew(node, old, ['spec'], 'configSource')

const withoutConfig = (node: AnyObject, old?: AnyObject): AnyObject =>
  withoutNew(node, old, ['status'], 'config')

const nodeStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  keepsStatus: true,
  prepareForCreate: node => withoutConfig(withoutConfigSource(node)),
  prepareForUpdate: withoutConfigSource,
  prepareForStatus: withoutConfig,
}

/** Secrets are named, and nothing else is said about them. */
function withNamedSecrets(account: AnyObject): AnyObject {
  const secrets = account['secrets']
  if (!Array.isArray(secrets)) return account
  const named = secrets.map((secret): Fields => {
    const { name } = recordOf(secret)
    return name === undefined ? {} : { name }
  })
  return { ...account, secrets: named }
}

const accountStrategy: Strategy = {
  ...PLAIN,
  returnsDeleted: true,
  prepareForCreate: withNamedSecrets,
  prepareForUpdate: withNamedSecrets,
}

const withoutElection = (lease: AnyObject, old?: AnyObject): AnyObject =>
  withoutNew(lease, old, ['spec'], 'strategy', 'preferredHolder')

/** Only renewTime differs: the one write that need not reach the disk. */
const leaseStrategy: Strategy = {
  ...UPSERTED,
  prepareForCreate: lease => withoutElection(lease),
  prepareForUpdate: withoutElection,
  isVolatile: (lease, old) => sameButRenewal(lease) === sameButRenewal(old),
}

function sameButRenewal(lease: AnyObject): string {
  const { managedFields: _owners, resourceVersion: _revision, ...metadata } = lease.metadata
  const { renewTime: _renewed, ...spec } = recordOf(lease['spec'])
  return JSON.stringify([ordered(metadata), ordered(spec)])
}

const ordered = (record: Fields): readonly unknown[] =>
  Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1))

/** What the topology was before v1 is written through older versions only. */
function withoutTopology(slice: AnyObject, { version }: StrategyContext): AnyObject {
  const endpoints = slice['endpoints']
  if (version !== 'v1' || !Array.isArray(endpoints)) return slice
  if (!endpoints.some(endpoint => 'deprecatedTopology' in recordOf(endpoint))) return slice
  const kept = endpoints.map(endpoint => without(recordOf(endpoint), 'deprecatedTopology'))
  return { ...slice, endpoints: kept }
}

/** The generation grows with the labels too: they say whose endpoints these are. */
const sliceStrategy: Strategy = {
  ...PLAIN_GENERATED,
  prepareForCreate: withoutTopology,
  prepareForUpdate(slice, old, context) {
    const isSame = equalJson(slice['endpoints'], old['endpoints'])
    const settled = isSame ? slice : withoutTopology(slice, context)
    if (equalJson(slice.metadata.labels ?? {}, old.metadata.labels ?? {})) return settled
    const generation = (old.metadata.generation ?? 0) + 1
    return { ...settled, metadata: { ...settled.metadata, generation } }
  },
}

/** Limits without a name get one that nobody else has. */
const limitsStrategy: Strategy = {
  ...UPSERTED,
  prepareForCreate(limits) {
    const { name = '', uid = '' } = limits.metadata
    return name === '' ? { ...limits, metadata: { ...limits.metadata, name: uid } } : limits
  },
}

export const CORE_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['nodes', nodeStrategy],
  ['serviceaccounts', accountStrategy],
  ['leases.coordination.k8s.io', leaseStrategy],
  ['limitranges', limitsStrategy],
  ['endpointslices.discovery.k8s.io', sliceStrategy],
]
