/**
 * The flow schemas and priority levels that every cluster has: two of each are mandatory and never differ from what
 * is here, the others are suggestions that an administrator may change. Pure data.
 * Source: k8s.io/apiserver pkg/apis/flowcontrol/bootstrap/default.go
 */
import type {
  FlowSchema,
  FlowSchemaSpec,
  LimitedPriorityLevelConfiguration,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '#api/types/flowcontrol-v1.ts'

const API_VERSION = 'flowcontrol.apiserver.k8s.io/v1'

/** `false` keeps our hands off what an administrator changed. */
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec'

const metadataOf = (name: string): FlowSchema['metadata'] => ({
  name,
  annotations: { [AUTO_UPDATE]: 'true' },
})

const level = (
  name: string,
  spec: PriorityLevelConfigurationSpec,
): PriorityLevelConfiguration & { readonly spec: PriorityLevelConfigurationSpec } => ({
  apiVersion: API_VERSION,
  kind: 'PriorityLevelConfiguration',
  metadata: metadataOf(name),
  spec,
})

type Queues = readonly [queues: number, handSize: number]

/** `shares` of the server's concurrency; `lendable` percent of them may serve others while unused. */
const limited = (
  shares: number,
  limits: { readonly lendable: number; readonly queues?: Queues },
): PriorityLevelConfigurationSpec => {
  const [queues, handSize] = limits.queues ?? []
  const limitResponse: LimitedPriorityLevelConfiguration['limitResponse'] =
    queues === undefined || handSize === undefined
      ? { type: 'Reject' }
      : { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } }
  return {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent: limits.lendable,
      limitResponse,
    },
  }
}

export const MANDATORY_PRIORITY_LEVELS = [
  level('catch-all', limited(5, { lendable: 0 })),
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
] as const

const SUGGESTED_PRIORITY_LEVELS = [
  level('system', limited(30, { lendable: 33, queues: [64, 6] })),
  level('node-high', limited(40, { lendable: 25, queues: [64, 6] })),
  level('leader-election', limited(10, { lendable: 0, queues: [16, 4] })),
  level('workload-high', limited(40, { lendable: 50, queues: [128, 6] })),
  level('workload-low', limited(100, { lendable: 90, queues: [128, 6] })),
  level('global-default', limited(20, { lendable: 50, queues: [128, 6] })),
] as const

export const PRIORITY_LEVELS: readonly PriorityLevelConfiguration[] = [
  ...MANDATORY_PRIORITY_LEVELS,
  ...SUGGESTED_PRIORITY_LEVELS,
]

const groups = (...names: readonly string[]): Subject[] =>
  names.map(name => ({ kind: 'Group', group: { name } }))

const users = (...names: readonly string[]): Subject[] =>
  names.map(name => ({ kind: 'User', user: { name } }))

const SYSTEM_ACCOUNTS: Subject = {
  kind: 'ServiceAccount',
  serviceAccount: { namespace: 'kube-system', name: '*' },
}

const EVERYBODY = groups('system:unauthenticated', 'system:authenticated')

const EVERY_RESOURCE: ResourcePolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
}
const EVERY_PATH: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] }

const everythingOf = (subjects: readonly Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [EVERY_RESOURCE],
  nonResourceRules: [EVERY_PATH],
})

const leases = (...verbs: readonly string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
})

interface Matching {
  readonly precedence: number
  /** The priority level, by name. */
  readonly level: string
  readonly flows?: 'ByUser' | 'ByNamespace'
}

const schema = (
  name: string,
  matching: Matching,
  rule: PolicyRulesWithSubjects,
): FlowSchema & { readonly spec: FlowSchemaSpec } => ({
  apiVersion: API_VERSION,
  kind: 'FlowSchema',
  metadata: metadataOf(name),
  spec: {
    priorityLevelConfiguration: { name: matching.level },
    matchingPrecedence: matching.precedence,
    ...(matching.flows === undefined ? {} : { distinguisherMethod: { type: matching.flows } }),
    rules: [rule],
  },
})

export const MANDATORY_FLOW_SCHEMAS = [
  schema('exempt', { precedence: 1, level: 'exempt' }, everythingOf(groups('system:masters'))),
  schema(
    'catch-all',
    { precedence: 10_000, level: 'catch-all', flows: 'ByUser' },
    everythingOf(EVERYBODY),
  ),
] as const

const SUGGESTED_FLOW_SCHEMAS = [
  schema(
    'system-nodes',
    { precedence: 500, level: 'system', flows: 'ByUser' },
    everythingOf(groups('system:nodes')),
  ),
  schema(
    'system-node-high',
    { precedence: 400, level: 'node-high', flows: 'ByUser' },
    {
      subjects: groups('system:nodes'),
      resourceRules: [
        { ...EVERY_RESOURCE, apiGroups: [''], resources: ['nodes', 'nodes/status'] },
        leases('*'),
      ],
    },
  ),
  schema(
    'probes',
    { precedence: 2, level: 'exempt' },
    {
      subjects: EVERYBODY,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    },
  ),
  schema(
    'system-leader-election',
    { precedence: 100, level: 'leader-election', flows: 'ByUser' },
    {
      subjects: [
        ...users('system:kube-controller-manager', 'system:kube-scheduler'),
        SYSTEM_ACCOUNTS,
      ],
      resourceRules: [leases('get', 'create', 'update')],
    },
  ),
  schema(
    'kube-controller-manager',
    { precedence: 800, level: 'workload-high', flows: 'ByNamespace' },
    everythingOf(users('system:kube-controller-manager')),
  ),
  schema(
    'kube-scheduler',
    { precedence: 800, level: 'workload-high', flows: 'ByNamespace' },
    everythingOf(users('system:kube-scheduler')),
  ),
  schema(
    'kube-system-service-accounts',
    { precedence: 900, level: 'workload-high', flows: 'ByNamespace' },
    everythingOf([SYSTEM_ACCOUNTS]),
  ),
  schema(
    'service-accounts',
    { precedence: 9000, level: 'workload-low', flows: 'ByUser' },
    everythingOf(groups('system:serviceaccounts')),
  ),
  schema(
    'global-default',
    { precedence: 9900, level: 'global-default', flows: 'ByUser' },
    everythingOf(EVERYBODY),
  ),
] as const

export const FLOW_SCHEMAS: readonly FlowSchema[] = [
  ...MANDATORY_FLOW_SCHEMAS,
  ...SUGGESTED_FLOW_SCHEMAS,
]
