/**
 * Every kind that is not like all others, by storage. A kind without a row follows DEFAULT_STRATEGY.
 *
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go
 */
import type { AnyObject } from '#api/object.ts'
import type { Random } from '#base/random.ts'
import { DEFAULT_STRATEGY, type Strategy, without } from '../strategy.ts'
import { EXTENSION_STRATEGIES } from './extensions.ts'
import { namespaceStrategy } from './namespaces.ts'
import { podStrategy } from './pods.ts'
import { STORAGE_STRATEGIES } from './storage.ts'
import { WORKLOAD_STRATEGIES } from './workloads.ts'
import { type ServiceRanges, type ServiceStrategy, serviceStrategy } from './services.ts'
import { isRecord, recordOf, textOf } from '#api/values.ts'

const EVENT_TTL_MS = 3600_000

const GENERATED: Strategy = { ...DEFAULT_STRATEGY, generation: true }
const PLAIN: Strategy = { ...DEFAULT_STRATEGY, hasStatus: false }
const UPSERTED: Strategy = { ...PLAIN, createOnUpdate: true }

const eventStrategy: Strategy = { ...UPSERTED, expiresAtMs: (_event, now) => now + EVENT_TTL_MS }

/** stringData is write-only: it becomes base64 data. */
const merged = (secret: AnyObject): AnyObject => {
  const added = secret['stringData']
  if (!isRecord(added)) return without(secret, 'stringData')
  const encoded = Object.entries(added).map(([key, value]) => [
    key,
    Buffer.from(textOf(value), 'utf8').toString('base64'),
  ])
  const data = { ...recordOf(secret['data']), ...Object.fromEntries(encoded) }
  return { ...without(secret, 'stringData'), data }
}

const secretStrategy: Strategy = {
  ...PLAIN,
  prepareForCreate: merged,
  prepareForUpdate: (secret, old) => ({ ...merged(secret), type: secret['type'] ?? old['type'] }),
}

/** Only renewTime differs: the one write that need not reach the disk. */
const leaseStrategy: Strategy = {
  ...UPSERTED,
  isVolatile: (lease, old) => sameButRenewal(lease) === sameButRenewal(old),
}

function sameButRenewal(lease: AnyObject): string {
  const { managedFields: _owners, resourceVersion: _revision, ...metadata } = lease.metadata
  const { renewTime: _renewed, ...spec } = recordOf(lease['spec'])
  return JSON.stringify([ordered(metadata), ordered(spec)])
}

const ordered = (record: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1))

/** The requester is who the server saw, whatever the body says. */
const requestStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  prepareForCreate: (request, { user }) => ({
    ...without(request, 'status'),
    spec: {
      ...recordOf(request['spec']),
      username: user.name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: user.groups,
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    status: {},
  }),
  prepareForUpdate: (request, old) => ({ ...request, spec: old['spec'] }),
  /** Approval has its own subresource: here those conditions stay as they were. */
  prepareForStatus: (request, old) => {
    const status = recordOf(request['status'])
    return {
      ...request,
      status: {
        ...status,
        conditions: [
          ...conditionsOf(old).filter(isApproval),
          ...conditionsOf(request).filter(condition => !isApproval(condition)),
        ],
      },
    }
  },
}

const conditionsOf = (object: AnyObject): readonly Readonly<Record<string, unknown>>[] => {
  const { conditions } = recordOf(object['status'])
  return Array.isArray(conditions) ? conditions.filter(isRecord) : []
}

const isApproval = (condition: Readonly<Record<string, unknown>>): boolean =>
  condition['type'] === 'Approved' || condition['type'] === 'Denied'

/** PUT .../approval: the conditions, and nothing else. Source: certificates/certificates/strategy.go */
export const approved = (sent: AnyObject, old: AnyObject, now: string): AnyObject => ({
  ...old,
  status: {
    ...recordOf(old['status']),
    conditions: conditionsOf(sent).map(condition => ({
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? now,
    })),
  },
})

export interface StrategiesOptions {
  readonly random: Random
  readonly services: ServiceRanges
}

export interface Strategies {
  readonly byStorage: ReadonlyMap<string, Strategy>
  readonly services: ServiceStrategy
}

export function createStrategies(options: StrategiesOptions): Strategies {
  const services = serviceStrategy(options.services, options.random)
  const rows: readonly (readonly [string, Strategy])[] = [
    ['pods', podStrategy],
    ['namespaces', namespaceStrategy],
    ['nodes', { ...DEFAULT_STRATEGY, keepsStatus: true }],
    ['services', services],
    ['endpoints', UPSERTED],
    ['configmaps', PLAIN],
    ['secrets', secretStrategy],
    ['serviceaccounts', { ...PLAIN, returnsDeleted: true }],
    ['events', eventStrategy],
    ['limitranges', UPSERTED],
    ['podtemplates', { ...PLAIN, generation: true, returnsDeleted: true }],
    ['replicationcontrollers', GENERATED],
    ['resourcequotas', { ...DEFAULT_STRATEGY, returnsDeleted: true }],
    ...STORAGE_STRATEGIES,
    ...EXTENSION_STRATEGIES,
    ...WORKLOAD_STRATEGIES,
    ['deployments.apps', GENERATED],
    ['replicasets.apps', GENERATED],
    ['controllerrevisions.apps', PLAIN],
    ['endpointslices.discovery.k8s.io', { ...PLAIN, generation: true }],
    ['leases.coordination.k8s.io', leaseStrategy],
    ['priorityclasses.scheduling.k8s.io', { ...PLAIN, generation: true }],
    ['roles.rbac.authorization.k8s.io', UPSERTED],
    ['rolebindings.rbac.authorization.k8s.io', UPSERTED],
    ['clusterroles.rbac.authorization.k8s.io', UPSERTED],
    ['clusterrolebindings.rbac.authorization.k8s.io', UPSERTED],
    ['certificatesigningrequests.certificates.k8s.io', requestStrategy],
  ]
  return { byStorage: new Map(rows), services }
}
