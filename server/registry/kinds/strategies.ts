/**
 * Every kind that is not like all others, by storage. A kind without a row follows DEFAULT_STRATEGY.
 *
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go
 */
import type { AnyObject } from '#api/object.ts'
import type { Random } from '#base/random.ts'
import {
  DEFAULT_STRATEGY,
  GENERATED,
  PLAIN,
  type Strategy,
  UPSERTED,
  withoutPart,
} from '../strategy.ts'
import { requestStrategy } from './certificate-requests.ts'
import { CORE_STRATEGIES } from './core.ts'
import { EXTENSION_STRATEGIES } from './extensions.ts'
import { namespaceStrategy } from './namespaces.ts'
import { templated } from './pod-specs.ts'
import { podStrategy } from './pods.ts'
import { STORAGE_STRATEGIES } from './storage.ts'
import { WORKLOAD_STRATEGIES } from './workloads.ts'
import type { AddressBook } from './address-allocator.ts'
import { type ServiceRanges, type ServiceStrategy, serviceStrategy } from './services.ts'
import { isRecord, recordOf, textOf } from '#api/values.ts'

const EVENT_TTL_MS = 3600_000

/** A generation that is given once, and never grows. */
const first = (object: AnyObject): AnyObject => ({
  ...object,
  metadata: { ...object.metadata, generation: 1 },
})

const eventStrategy: Strategy = { ...UPSERTED, expiresAtMs: (_event, now) => now + EVENT_TTL_MS }

/** stringData is write-only: it becomes base64 data. */
const merged = (secret: AnyObject): AnyObject => {
  const added = secret['stringData']
  if (!isRecord(added)) return withoutPart(secret, 'stringData')
  const encoded = Object.entries(added).map(([key, value]) => [
    key,
    Buffer.from(textOf(value), 'utf8').toString('base64'),
  ])
  const data = { ...recordOf(secret['data']), ...Object.fromEntries(encoded) }
  return { ...withoutPart(secret, 'stringData'), data }
}

const secretStrategy: Strategy = {
  ...PLAIN,
  prepareForCreate: merged,
  prepareForUpdate: (secret, old) => ({ ...merged(secret), type: secret['type'] ?? old['type'] }),
}

/** Where kinds have a template of pods. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
}

type Row = readonly [storage: string, strategy: Strategy]

function withTemplate([storage, strategy]: Row): Row {
  const path = TEMPLATES[storage]
  return [storage, path === undefined ? strategy : templated(strategy, ...path)]
}

export interface StrategiesOptions {
  readonly random: Random
  readonly services: ServiceRanges
  readonly addresses: AddressBook
}

export interface Strategies {
  readonly byStorage: ReadonlyMap<string, Strategy>
  readonly services: ServiceStrategy
}

export function createStrategies(options: StrategiesOptions): Strategies {
  const services = serviceStrategy(options.services, options.addresses, options.random)
  const rows: readonly (readonly [string, Strategy])[] = [
    ['pods', podStrategy],
    ['namespaces', namespaceStrategy],
    ['services', services],
    ['endpoints', UPSERTED],
    ['configmaps', PLAIN],
    ['secrets', secretStrategy],
    ...CORE_STRATEGIES,
    ['events', eventStrategy],
    ['podtemplates', { ...PLAIN, generation: true, returnsDeleted: true }],
    ['replicationcontrollers', GENERATED],
    ['resourcequotas', { ...DEFAULT_STRATEGY, returnsDeleted: true }],
    ...STORAGE_STRATEGIES,
    ...EXTENSION_STRATEGIES,
    ...WORKLOAD_STRATEGIES,
    ['priorityclasses.scheduling.k8s.io', { ...PLAIN, prepareForCreate: first }],
    ['roles.rbac.authorization.k8s.io', UPSERTED],
    ['rolebindings.rbac.authorization.k8s.io', UPSERTED],
    ['clusterroles.rbac.authorization.k8s.io', UPSERTED],
    ['clusterrolebindings.rbac.authorization.k8s.io', UPSERTED],
    ['certificatesigningrequests.certificates.k8s.io', requestStrategy],
  ]
  return { byStorage: new Map(rows.map(withTemplate)), services }
}
