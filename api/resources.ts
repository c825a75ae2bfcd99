/**
 * The served table: a kind is served exactly when it has a row here. Pure data; order is the order of discovery.
 *
 * A row: plural, kind, short names, scope, what it can do, and the struct `<file>.<Kind>` its objects have.
 * Source: kubernetes pkg/registry/<group>/<kind>/storage (short names, categories), pkg/controlplane/instance.go
 */
import type { Subresource } from './subresources.ts'

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
  /** `apps/v1`: the group-version of the row whose objects these are in another form; without it they are stored as served. */
  readonly storedAs?: string
  readonly deprecation?: Deprecation
}

/** Releases of Kubernetes (`1.16`; '' for none yet), and what to use instead (`apps/v1 Deployment`; '' for nothing). */
export interface Deprecation {
  readonly since: string
  readonly removed: string
  readonly use: string
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

export interface Extra {
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly Subresource[]
}

export const row = (
  plural: string,
  kind: string,
  scope: Pick<ResourceRow, 'namespaced' | 'verbs'>,
  extra: Extra = {},
): ResourceRow => ({ plural, kind, singular: kind.toLowerCase(), ...scope, ...extra })

export const NAMESPACED = { namespaced: true, verbs: STORED } as const
export const CLUSTER = { namespaced: false, verbs: STORED } as const
const STATUS = ['status'] as const
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
  row('nodes', 'Node', CLUSTER, { shortNames: ['no'], subresources: ['status', 'proxy'] }),
  row('pods', 'Pod', NAMESPACED, {
    shortNames: ['po'],
    categories: ['all'],
    subresources: [
      'status',
      'binding',
      'ephemeralcontainers',
      'eviction',
      'log',
      'exec',
      'attach',
      'portforward',
      'proxy',
      'resize',
    ],
  }),
  row('bindings', 'Binding', { namespaced: true, verbs: CREATED }),
  row('services', 'Service', NAMESPACED, {
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status', 'proxy'],
  }),
  {
    ...row('endpoints', 'Endpoints', NAMESPACED, { shortNames: ['ep'] }),
    deprecation: { since: '1.33', removed: '', use: 'discovery.k8s.io/v1 EndpointSlice' },
  },
  row('configmaps', 'ConfigMap', NAMESPACED, { shortNames: ['cm'] }),
  row('secrets', 'Secret', NAMESPACED),
  row('serviceaccounts', 'ServiceAccount', NAMESPACED, {
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  row('events', 'Event', NAMESPACED, { shortNames: ['ev'] }),
  {
    ...row(
      'componentstatuses',
      'ComponentStatus',
      { namespaced: false, verbs: ['get', 'list'] },
      { shortNames: ['cs'] },
    ),
    deprecation: { since: '1.19', removed: '', use: '' },
  },
  row('limitranges', 'LimitRange', NAMESPACED, { shortNames: ['limits'] }),
  row('persistentvolumeclaims', 'PersistentVolumeClaim', NAMESPACED, {
    shortNames: ['pvc'],
    subresources: STATUS,
  }),
  row('persistentvolumes', 'PersistentVolume', CLUSTER, {
    shortNames: ['pv'],
    subresources: STATUS,
  }),
  row('podtemplates', 'PodTemplate', NAMESPACED),
  row('replicationcontrollers', 'ReplicationController', NAMESPACED, {
    shortNames: ['rc'],
    categories: ['all'],
    subresources: ['status', 'scale'],
  }),
  row('resourcequotas', 'ResourceQuota', NAMESPACED, {
    shortNames: ['quota'],
    subresources: STATUS,
  }),
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
  row('statefulsets', 'StatefulSet', NAMESPACED, {
    shortNames: ['sts'],
    categories: ['all'],
    subresources: ['status', 'scale'],
  }),
  row('daemonsets', 'DaemonSet', NAMESPACED, {
    shortNames: ['ds'],
    categories: ['all'],
    subresources: STATUS,
  }),
  row('controllerrevisions', 'ControllerRevision', NAMESPACED),
]

const BATCH: readonly ResourceRow[] = [
  row('jobs', 'Job', NAMESPACED, { categories: ['all'], subresources: STATUS }),
  row('cronjobs', 'CronJob', NAMESPACED, {
    shortNames: ['cj'],
    categories: ['all'],
    subresources: STATUS,
  }),
]

const AUTOSCALING: readonly ResourceRow[] = [
  row('horizontalpodautoscalers', 'HorizontalPodAutoscaler', NAMESPACED, {
    shortNames: ['hpa'],
    categories: ['all'],
    subresources: STATUS,
  }),
]

const NETWORKING: readonly ResourceRow[] = [
  row('ingresses', 'Ingress', NAMESPACED, { shortNames: ['ing'], subresources: STATUS }),
  row('networkpolicies', 'NetworkPolicy', NAMESPACED, { shortNames: ['netpol'] }),
  row('ingressclasses', 'IngressClass', CLUSTER),
  row('ipaddresses', 'IPAddress', CLUSTER, { shortNames: ['ip'] }),
  row('servicecidrs', 'ServiceCIDR', CLUSTER, { subresources: STATUS }),
]

const STORAGE: readonly ResourceRow[] = [
  row('storageclasses', 'StorageClass', CLUSTER, { shortNames: ['sc'] }),
  row('volumeattachments', 'VolumeAttachment', CLUSTER, { subresources: STATUS }),
  row('csidrivers', 'CSIDriver', CLUSTER),
  row('csinodes', 'CSINode', CLUSTER),
  row('csistoragecapacities', 'CSIStorageCapacity', NAMESPACED),
  row('volumeattributesclasses', 'VolumeAttributesClass', CLUSTER, { shortNames: ['vac'] }),
]

const ADMISSION_REGISTRATION: readonly ResourceRow[] = [
  row('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', CLUSTER, {
    categories: ['api-extensions'],
  }),
  row('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', CLUSTER, {
    categories: ['api-extensions'],
  }),
  row('validatingadmissionpolicies', 'ValidatingAdmissionPolicy', CLUSTER, {
    categories: ['api-extensions'],
    subresources: STATUS,
  }),
  row('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', CLUSTER, {
    categories: ['api-extensions'],
  }),
  row('mutatingadmissionpolicies', 'MutatingAdmissionPolicy', CLUSTER, {
    categories: ['api-extensions'],
  }),
  row('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', CLUSTER, {
    categories: ['api-extensions'],
  }),
]

const RESOURCE: readonly ResourceRow[] = [
  row('deviceclasses', 'DeviceClass', CLUSTER),
  row('resourceclaims', 'ResourceClaim', NAMESPACED, { subresources: STATUS }),
  row('resourceclaimtemplates', 'ResourceClaimTemplate', NAMESPACED),
  row('resourceslices', 'ResourceSlice', CLUSTER),
  row('devicetaintrules', 'DeviceTaintRule', CLUSTER, {
    subresources: STATUS,
  }),
]

export const SERVED: readonly GroupRow[] = [
  { group: '', version: 'v1', file: 'core-v1', resources: CORE },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    file: 'apiregistration-v1',
    resources: [
      row('apiservices', 'APIService', CLUSTER, {
        categories: ['api-extensions'],
        subresources: STATUS,
      }),
    ],
  },
  { group: 'apps', version: 'v1', file: 'apps-v1', resources: APPS },
  {
    group: 'events.k8s.io',
    version: 'v1',
    file: 'events-v1',
    resources: [{ ...row('events', 'Event', NAMESPACED, { shortNames: ['ev'] }), storedAs: 'v1' }],
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
  { group: 'autoscaling', version: 'v2', file: 'autoscaling-v2', resources: AUTOSCALING },
  {
    group: 'autoscaling',
    version: 'v1',
    file: 'autoscaling-v1',
    resources: AUTOSCALING.map(one => ({ ...one, storedAs: 'autoscaling/v2' })),
  },
  { group: 'batch', version: 'v1', file: 'batch-v1', resources: BATCH },
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
  { group: 'networking.k8s.io', version: 'v1', file: 'networking-v1', resources: NETWORKING },
  {
    group: 'policy',
    version: 'v1',
    file: 'policy-v1',
    resources: [
      row('poddisruptionbudgets', 'PodDisruptionBudget', NAMESPACED, {
        shortNames: ['pdb'],
        subresources: STATUS,
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
  { group: 'storage.k8s.io', version: 'v1', file: 'storage-v1', resources: STORAGE },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    file: 'admissionregistration-v1',
    resources: ADMISSION_REGISTRATION,
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    file: 'apiextensions-v1',
    resources: [
      row('customresourcedefinitions', 'CustomResourceDefinition', CLUSTER, {
        shortNames: ['crd', 'crds'],
        categories: ['api-extensions'],
        subresources: STATUS,
      }),
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
    group: 'node.k8s.io',
    version: 'v1',
    file: 'node-v1',
    resources: [row('runtimeclasses', 'RuntimeClass', CLUSTER)],
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    file: 'discovery-v1',
    resources: [row('endpointslices', 'EndpointSlice', NAMESPACED)],
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    file: 'flowcontrol-v1',
    resources: [
      row('flowschemas', 'FlowSchema', CLUSTER, { subresources: STATUS }),
      row('prioritylevelconfigurations', 'PriorityLevelConfiguration', CLUSTER, {
        subresources: STATUS,
      }),
    ],
  },
  { group: 'resource.k8s.io', version: 'v1', file: 'resource-v1', resources: RESOURCE },
  {
    group: 'storagemigration.k8s.io',
    version: 'v1',
    file: 'storagemigration-v1beta1',
    resources: [
      row('storageversionmigrations', 'StorageVersionMigration', CLUSTER, { subresources: STATUS }),
    ],
  },
]
