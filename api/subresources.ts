/**
 * Subresources: their names, the kinds of their bodies where these are not their parents', and their verbs. Pure data.
 * Source: kubernetes pkg/registry/<group>/<kind>/storage
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
  'statefulsets.apps/scale': AUTOSCALING_SCALE,
  'replicationcontrollers/scale': AUTOSCALING_SCALE,
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
