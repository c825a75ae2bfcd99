/**
 * Subresources: their names, the kinds of their bodies where these are not their parents', and their verbs. Pure data.
 * Source: kubernetes pkg/registry/<group>/<kind>/storage
 */
export type Subresource =
  | 'status'
  | 'scale'
  | 'rollback'
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

/** Kinds that a subresource takes or gives instead of its parent's. */
export interface SubresourceKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** `<file>.<Struct>` of its body. */
  readonly struct: string
  /** Versions of old, with the same fields, in which clients still send it. */
  readonly accepts?: readonly string[]
}

const AUTOSCALING_SCALE: SubresourceKind = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  struct: 'autoscaling-v1.Scale',
}

/** Kinds of their own that old versions had for the same. */
const ofOldVersions = (
  groupVersion: string,
  plurals: readonly string[],
  subresource: Subresource,
  kind: string,
): Readonly<Record<string, SubresourceKind>> => {
  const [group = '', version = ''] = groupVersion.split('/')
  const row = { group, version, kind, struct: `${group}-${version}.${kind}` }
  return Object.fromEntries(
    plurals.map(plural => [`${plural}.${group}/${subresource}@${version}`, row]),
  )
}

/** Keyed `plural[.group]/subresource[@version]`. */
export const SUBRESOURCE_KINDS: Readonly<Record<string, SubresourceKind>> = {
  'pods/binding': { group: '', version: 'v1', kind: 'Binding', struct: 'core-v1.Binding' },
  'pods/eviction': {
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    struct: 'policy-v1.Eviction',
    accepts: ['policy/v1beta1'],
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
  'pods/proxy': {
    group: '',
    version: 'v1',
    kind: 'PodProxyOptions',
    struct: 'core-v1.PodProxyOptions',
  },
  'services/proxy': {
    group: '',
    version: 'v1',
    kind: 'ServiceProxyOptions',
    struct: 'core-v1.ServiceProxyOptions',
  },
  'nodes/proxy': {
    group: '',
    version: 'v1',
    kind: 'NodeProxyOptions',
    struct: 'core-v1.NodeProxyOptions',
  },
  'serviceaccounts/token': {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    struct: 'authentication-v1.TokenRequest',
  },
  ...ofOldVersions('extensions/v1beta1', ['deployments', 'replicasets'], 'scale', 'Scale'),
  ...ofOldVersions('apps/v1beta1', ['deployments', 'statefulsets'], 'scale', 'Scale'),
  ...ofOldVersions(
    'apps/v1beta2',
    ['deployments', 'replicasets', 'statefulsets'],
    'scale',
    'Scale',
  ),
  ...ofOldVersions('extensions/v1beta1', ['deployments'], 'rollback', 'DeploymentRollback'),
  ...ofOldVersions('apps/v1beta1', ['deployments'], 'rollback', 'DeploymentRollback'),
}

/** By subresource, where nothing is said above; the others have their parent's kind. */
export const KINDS_OF_ALL: Readonly<Partial<Record<Subresource, SubresourceKind>>> = {
  scale: AUTOSCALING_SCALE,
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
  rollback: ['create'],
}
