/**
 * The default ClusterRoles of people and components, as data. Kinds that are served later are listed already.
 *
 * Source: kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go. Differs: `system:kites-agent` is ours.
 */
import type { PolicyRule } from '#api/types/rbac-v1.ts'
import {
  ACCESS_REVIEWS,
  allow,
  allowNamed,
  allowPaths,
  EVENTS,
  READ,
  TOKEN_REVIEWS,
  WRITE,
} from './policy-rule.ts'

const CERTIFICATES = 'certificates.k8s.io'
const COORDINATION = 'coordination.k8s.io'
const RBAC = 'rbac.authorization.k8s.io'
const STORAGE = 'storage.k8s.io'
const APPS_SCALED = 'deployments deployments/scale replicasets replicasets/scale'

/** Roles whose rules are the sum of those that carry their label. */
export const AGGREGATED_ROLES = ['admin', 'edit', 'view'] as const
export type AggregatedRole = (typeof AGGREGATED_ROLES)[number]

/** Which aggregated role another role (or aggregated role) is part of. */
export const AGGREGATES_TO: Readonly<Record<string, AggregatedRole>> = {
  'system:aggregate-to-admin': 'admin',
  'system:aggregate-to-edit': 'edit',
  'system:aggregate-to-view': 'view',
  edit: 'admin',
  view: 'edit',
}

const leaderElection = (component: string, verbs: string): readonly PolicyRule[] => [
  EVENTS,
  allow('create', COORDINATION, 'leases'),
  allowNamed(verbs, COORDINATION, 'leases', component),
]

const approver = (signer: string): readonly PolicyRule[] => [
  allowNamed('approve', CERTIFICATES, 'signers', `kubernetes.io/${signer}`),
]

/** What the Node authorizer allows every node beside its graph. */
export const NODE_RULES: readonly PolicyRule[] = [
  TOKEN_REVIEWS,
  allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  allow(READ, 'core', 'services'),
  allow(`create ${READ}`, 'core', 'nodes'),
  allow('patch update', 'core', 'nodes/status'),
  allow('patch update', 'core', 'nodes'),
  EVENTS,
  allow(READ, 'core', 'pods'),
  allow('create delete', 'core', 'pods'),
  allow('patch update', 'core', 'pods/status'),
  allow('create', 'core', 'pods/eviction'),
  allow(READ, 'core', 'configmaps secrets'),
  allow('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  allow('get', 'core', 'endpoints'),
  allow(`create ${READ}`, CERTIFICATES, 'certificatesigningrequests'),
  allow('create delete get patch update', COORDINATION, 'leases'),
  allow('get', STORAGE, 'volumeattachments'),
  allow('create', 'core', 'serviceaccounts/token'),
  allow('get patch update', 'core', 'persistentvolumeclaims/status'),
  allow(READ, STORAGE, 'csidrivers'),
  allow('create delete get patch update', STORAGE, 'csinodes'),
  allow(READ, 'node.k8s.io', 'runtimeclasses'),
  allow('get', 'resource.k8s.io', 'resourceclaims'),
  allow('deletecollection', 'resource.k8s.io', 'resourceslices'),
  allow('get', 'core', 'serviceaccounts'),
]

const AGGREGATE_TO_ADMIN: readonly PolicyRule[] = [
  allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
  allow(`${WRITE} ${READ}`, RBAC, 'rolebindings roles'),
]

const AGGREGATE_TO_EDIT: readonly PolicyRule[] = [
  allow(READ, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  allow('impersonate', 'core', 'serviceaccounts'),
  allow(WRITE, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  allow('create', 'core', 'pods/eviction'),
  allow(
    WRITE,
    'core',
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  allow(WRITE, 'core events.k8s.io', 'events'),
  allow('create', 'core', 'serviceaccounts/token'),
  allow(
    WRITE,
    'apps',
    `daemonsets ${APPS_SCALED} deployments/rollback statefulsets statefulsets/scale`,
  ),
  allow(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  allow(WRITE, 'batch', 'cronjobs jobs'),
  allow(
    WRITE,
    'extensions',
    `daemonsets ${APPS_SCALED} deployments/rollback ingresses networkpolicies replicationcontrollers/scale`,
  ),
  allow(WRITE, 'policy', 'poddisruptionbudgets'),
  allow(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
  allow(`${WRITE} ${READ}`, COORDINATION, 'leases'),
  allow(WRITE, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
]

const AGGREGATE_TO_VIEW: readonly PolicyRule[] = [
  allow(
    READ,
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  allow(
    READ,
    'core',
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  allow(READ, 'core events.k8s.io', 'events'),
  allow(READ, 'core', 'namespaces'),
  allow(READ, 'discovery.k8s.io', 'endpointslices'),
  allow(
    READ,
    'apps',
    `controllerrevisions daemonsets daemonsets/status ${APPS_SCALED} deployments/status replicasets/status statefulsets statefulsets/scale statefulsets/status`,
  ),
  allow(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  allow(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  allow(
    READ,
    'extensions',
    `daemonsets daemonsets/status ${APPS_SCALED} deployments/status ingresses ingresses/status networkpolicies replicasets/status replicationcontrollers/scale`,
  ),
  allow(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  allow(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  allow(READ, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
]

const SCHEDULER: readonly PolicyRule[] = [
  ...leaderElection('kube-scheduler', `${READ} update`),
  allow(`${READ} ${WRITE}`, COORDINATION, 'leasecandidates'),
  allow(READ, 'core', 'nodes'),
  allow(`delete ${READ}`, 'core', 'pods'),
  allow('create', 'core', 'bindings pods/binding'),
  allow('patch update', 'core', 'pods/status'),
  allow(READ, 'core', 'replicationcontrollers services'),
  allow(READ, 'apps extensions', 'replicasets'),
  allow(READ, 'apps', 'statefulsets'),
  allow(READ, 'policy', 'poddisruptionbudgets'),
  allow(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
  TOKEN_REVIEWS,
  ACCESS_REVIEWS,
  allow(READ, STORAGE, 'csinodes'),
  allow(READ, 'core', 'namespaces'),
  allow(READ, STORAGE, 'csidrivers'),
  allow(READ, STORAGE, 'csistoragecapacities'),
  allow(READ, STORAGE, 'volumeattachments'),
  allow(READ, 'resource.k8s.io', 'deviceclasses'),
  allow(`${READ} patch update`, 'resource.k8s.io', 'resourceclaims'),
  allow(`${READ} patch update`, 'resource.k8s.io', 'resourceclaims/status'),
  allow('update', 'core', 'pods/finalizers'),
  allow(READ, 'resource.k8s.io', 'resourceslices'),
  allow('create delete', 'resource.k8s.io', 'resourceclaims'),
  allow('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
]

const CONTROLLER_MANAGER: readonly PolicyRule[] = [
  ...leaderElection('kube-controller-manager', 'get update'),
  allow('create', 'core', 'secrets serviceaccounts'),
  allow('delete', 'core', 'secrets'),
  allow('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
  allow('update', 'core', 'secrets serviceaccounts'),
  TOKEN_REVIEWS,
  ACCESS_REVIEWS,
  allow('list watch', '*', '*'),
  allow('create', 'core', 'serviceaccounts/token'),
]

const HEALTH = '/healthz /livez /readyz'
const VERSION_PATHS = '/version /version/'

/** Rules by role name; the aggregated ones are sums of others. */
export const DEFAULT_CLUSTER_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [allow('*', '*', '*'), allowPaths('*', '*')],
  'system:discovery': [
    allowPaths(
      'get',
      `/api /api/* /apis /apis/* ${HEALTH} /openapi /openapi/* /swagger.json ${VERSION_PATHS}`,
    ),
  ],
  'system:monitoring': [
    allowPaths(
      'get',
      '/flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz',
    ),
    allow('get', 'core', 'nodes/metrics'),
  ],
  'system:basic-user': [
    allow('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    allow('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'system:public-info-viewer': [allowPaths('get', `${HEALTH} ${VERSION_PATHS}`)],
  'system:aggregate-to-admin': AGGREGATE_TO_ADMIN,
  'system:aggregate-to-edit': AGGREGATE_TO_EDIT,
  'system:aggregate-to-view': AGGREGATE_TO_VIEW,
  'system:node': NODE_RULES,
  'system:heapster': [
    allow(READ, 'core', 'events namespaces nodes pods'),
    allow(READ, 'extensions', 'deployments'),
  ],
  'system:node-problem-detector': [
    allow('get', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    EVENTS,
  ],
  'system:kubelet-api-admin': [
    allow(READ, 'core', 'nodes'),
    allow('proxy', 'core', 'nodes'),
    allow('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    allow('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
  ],
  'system:node-bootstrapper': [allow(`create ${READ}`, CERTIFICATES, 'certificatesigningrequests')],
  'system:auth-delegator': [TOKEN_REVIEWS, ACCESS_REVIEWS],
  'system:kube-aggregator': [allow(READ, 'core', 'endpoints services')],
  'system:kube-controller-manager': CONTROLLER_MANAGER,
  'system:kube-dns': [allow('list watch', 'core', 'endpoints services')],
  'system:kube-scheduler': SCHEDULER,
  'system:persistent-volume-provisioner': [
    allow(`create delete ${READ}`, 'core', 'persistentvolumes'),
    allow(`${READ} update`, 'core', 'persistentvolumeclaims'),
    allow(READ, STORAGE, 'storageclasses'),
    allow('watch', 'core', 'events'),
    EVENTS,
  ],
  'system:volume-scheduler': [
    allow(`${READ} patch update`, 'core', 'persistentvolumes'),
    allow(READ, STORAGE, 'storageclasses'),
    allow(`${READ} patch update`, 'core', 'persistentvolumeclaims'),
  ],
  'system:node-proxier': [
    allow('list watch', 'core', 'endpoints services'),
    allow(READ, 'core', 'nodes'),
    EVENTS,
    allow('list watch', 'discovery.k8s.io', 'endpointslices'),
    allow('list watch', 'networking.k8s.io', 'servicecidrs'),
  ],
  // One identity per host does what kubelet, kube-proxy and the network add-on do elsewhere.
  'system:kites-agent': [
    allow(READ, 'core', 'endpoints namespaces nodes services'),
    allow(READ, 'discovery.k8s.io', 'endpointslices'),
    allow(READ, 'networking.k8s.io', 'networkpolicies servicecidrs'),
    EVENTS,
  ],
  'system:service-account-issuer-discovery': [
    allowPaths(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    allow('create', CERTIFICATES, 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    allow('create', CERTIFICATES, 'certificatesigningrequests/selfnodeclient'),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': approver('kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': approver(
    'kube-apiserver-client-kubelet',
  ),
  'system:certificates.k8s.io:kubelet-serving-approver': approver('kubelet-serving'),
  'system:certificates.k8s.io:legacy-unknown-approver': approver('legacy-unknown'),
}

export interface BindingSubject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount'
  readonly name: string
  readonly namespace?: string
}

const user = (name: string): BindingSubject => ({ kind: 'User', name })
const group = (name: string): BindingSubject => ({ kind: 'Group', name })

/** Subjects by role name; the binding is called like its role. */
export const DEFAULT_CLUSTER_BINDINGS: Readonly<Record<string, readonly BindingSubject[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:monitoring': [group('system:monitoring')],
  'system:discovery': [group('system:authenticated')],
  'system:basic-user': [group('system:authenticated')],
  'system:public-info-viewer': [group('system:authenticated'), group('system:unauthenticated')],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
  'system:node': [],
  'system:kites-agent': [group('system:nodes')],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
}
