/**
 * The served table: a kind is served exactly when it has a row here. Pure data; order is the order of discovery.
 *
 * A row: plural, kind, short names, scope, what it can do, and the struct `<file>.<Kind>` its objects have.
 * Source: kubernetes pkg/registry/<group>/<kind>/storage (short names, categories), pkg/controlplane/instance.go
 */
export type Subresource =
  | 'status'
  | 'scale'
  | 'binding'
  | 'eviction'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'token'
  | 'approval'
  | 'finalize'
  | 'ephemeralcontainers'
  | 'resize'

export type ResourceVerb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch'

export interface ResourceRow {
  readonly plural: string
  readonly kind: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly ResourceVerb[]
  readonly subresources?: readonly Subresource[]
}

export interface GroupRow {
  readonly group: string
  readonly version: string
  /** File of schemas and types. */
  readonly file: string
  readonly resources: readonly ResourceRow[]
}

const STORED: readonly ResourceVerb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]
/** Reviews and the like: nothing is stored, so nothing can be read. */
const CREATED: readonly ResourceVerb[] = ['create']

interface Extra {
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly Subresource[]
}

const row = (
  plural: string,
  kind: string,
  scope: Pick<ResourceRow, 'namespaced' | 'verbs'>,
  extra: Extra = {},
): ResourceRow => ({ plural, kind, singular: kind.toLowerCase(), ...scope, ...extra })

const NAMESPACED = { namespaced: true, verbs: STORED } as const
const CLUSTER = { namespaced: false, verbs: STORED } as const
const REVIEW = { namespaced: false, verbs: CREATED } as const
const NAMESPACED_REVIEW = { namespaced: true, verbs: CREATED } as const

const CORE: readonly ResourceRow[] = [
  row(
    'namespaces',
    'Namespace',
    { namespaced: false, verbs: STORED.filter(verb => verb !== 'deletecollection') },
    {
      shortNames: ['ns'],
      subresources: ['status', 'finalize'],
    },
  ),
  row('nodes', 'Node', CLUSTER, { shortNames: ['no'], subresources: ['status'] }),
  row('pods', 'Pod', NAMESPACED, {
    shortNames: ['po'],
    categories: ['all'],
    subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach'],
  }),
  row('services', 'Service', NAMESPACED, {
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status'],
  }),
  row('endpoints', 'Endpoints', NAMESPACED, { shortNames: ['ep'] }),
  row('configmaps', 'ConfigMap', NAMESPACED, { shortNames: ['cm'] }),
  row('secrets', 'Secret', NAMESPACED),
  row('serviceaccounts', 'ServiceAccount', NAMESPACED, {
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  row('events', 'Event', NAMESPACED, { shortNames: ['ev'] }),
]

const APPS: readonly ResourceRow[] = [
  row('deployments', 'Deployment', NAMESPACED, {
    shortNames: ['deploy'],
    categories: ['all'],
    subresources: ['status', 'scale'],
  }),
  row('replicasets', 'ReplicaSet', NAMESPACED, {
    shortNames: ['rs'],
    categories: ['all'],
    subresources: ['status', 'scale'],
  }),
  row('controllerrevisions', 'ControllerRevision', NAMESPACED),
]

export const SERVED: readonly GroupRow[] = [
  { group: '', version: 'v1', file: 'core-v1', resources: CORE },
  { group: 'apps', version: 'v1', file: 'apps-v1', resources: APPS },
  {
    group: 'events.k8s.io',
    version: 'v1',
    file: 'events-v1',
    resources: [row('events', 'Event', NAMESPACED, { shortNames: ['ev'] })],
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    file: 'authentication-v1',
    resources: [
      row('tokenreviews', 'TokenReview', REVIEW),
      row('selfsubjectreviews', 'SelfSubjectReview', REVIEW),
    ],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    file: 'authorization-v1',
    resources: [
      row('localsubjectaccessreviews', 'LocalSubjectAccessReview', NAMESPACED_REVIEW),
      row('selfsubjectaccessreviews', 'SelfSubjectAccessReview', REVIEW),
      row('selfsubjectrulesreviews', 'SelfSubjectRulesReview', REVIEW),
      row('subjectaccessreviews', 'SubjectAccessReview', REVIEW),
    ],
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    file: 'certificates-v1',
    resources: [
      row('certificatesigningrequests', 'CertificateSigningRequest', CLUSTER, {
        shortNames: ['csr'],
        subresources: ['status', 'approval'],
      }),
    ],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    file: 'rbac-v1',
    resources: [
      row('clusterrolebindings', 'ClusterRoleBinding', CLUSTER),
      row('clusterroles', 'ClusterRole', CLUSTER),
      row('rolebindings', 'RoleBinding', NAMESPACED),
      row('roles', 'Role', NAMESPACED),
    ],
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    file: 'scheduling-v1',
    resources: [row('priorityclasses', 'PriorityClass', CLUSTER, { shortNames: ['pc'] })],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    file: 'coordination-v1',
    resources: [row('leases', 'Lease', NAMESPACED)],
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    file: 'discovery-v1',
    resources: [row('endpointslices', 'EndpointSlice', NAMESPACED)],
  },
]

/** Kinds that a subresource takes or gives instead of its parent's. */
export interface SubresourceKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** `<file>.<Struct>` of its body. */
  readonly struct: string
}

const AUTOSCALING_SCALE: SubresourceKind = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  struct: 'autoscaling-v1.Scale',
}

/** Keyed `plural[.group]/subresource`; the others have their parent's kind. */
export const SUBRESOURCE_KINDS: Readonly<Record<string, SubresourceKind>> = {
  'pods/binding': { group: '', version: 'v1', kind: 'Binding', struct: 'core-v1.Binding' },
  'pods/eviction': {
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    struct: 'policy-v1.Eviction',
  },
  'pods/exec': {
    group: '',
    version: 'v1',
    kind: 'PodExecOptions',
    struct: 'core-v1.PodExecOptions',
  },
  'pods/attach': {
    group: '',
    version: 'v1',
    kind: 'PodAttachOptions',
    struct: 'core-v1.PodAttachOptions',
  },
  'pods/portforward': {
    group: '',
    version: 'v1',
    kind: 'PodPortForwardOptions',
    struct: 'core-v1.PodPortForwardOptions',
  },
  'serviceaccounts/token': {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    struct: 'authentication-v1.TokenRequest',
  },
  'deployments.apps/scale': AUTOSCALING_SCALE,
  'replicasets.apps/scale': AUTOSCALING_SCALE,
}

/** Verbs of subresources that are not get, patch and update of their parent's object. */
export const SUBRESOURCE_VERBS: Readonly<Partial<Record<Subresource, readonly string[]>>> = {
  binding: ['create'],
  eviction: ['create'],
  token: ['create'],
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
  finalize: ['update'],
}
