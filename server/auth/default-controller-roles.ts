/**
 * The default ClusterRoles of controllers (`system:controller:<name>`), each bound to the service account of that name
 * in kube-system, and the default Roles in namespaces, as data.
 *
 * Source: kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{controller_policy,namespace_policy}.go
 */
import type { PolicyRule } from '#api/types/rbac-v1.ts'
import type { BindingSubject } from './default-roles.ts'
import { ACCESS_REVIEWS, allow, allowNamed, EVENTS, READ } from './policy-rule.ts'

const CERTIFICATES = 'certificates.k8s.io'
const STORAGE = 'storage.k8s.io'
const RESOURCE = 'resource.k8s.io'
const OWN = `create delete ${READ} patch update`

export const CONTROLLER_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    allow('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
    allow(READ, 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('list watch', 'core', 'pods'),
    EVENTS,
    allow(`create delete ${READ}`, STORAGE, 'volumeattachments'),
    allow(READ, STORAGE, 'csidrivers'),
    allow(READ, STORAGE, 'csinodes'),
  ],
  'certificate-controller': [
    allow(`delete ${READ}`, CERTIFICATES, 'certificatesigningrequests'),
    allow(
      'update',
      CERTIFICATES,
      'certificatesigningrequests/approval certificatesigningrequests/status',
    ),
    allowNamed('approve', CERTIFICATES, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    allowNamed(
      'sign',
      CERTIFICATES,
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    ACCESS_REVIEWS,
    EVENTS,
  ],
  'clusterrole-aggregation-controller': [
    allow(`escalate ${READ} patch update`, 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    allow(`${READ} update`, 'batch', 'cronjobs'),
    allow(OWN, 'batch', 'jobs'),
    allow('update', 'batch', 'cronjobs/status'),
    allow('update', 'batch', 'cronjobs/finalizers'),
    allow('delete list watch', 'core', 'pods'),
    EVENTS,
  ],
  'daemon-set-controller': [
    allow(READ, 'apps extensions', 'daemonsets'),
    allow('update', 'apps extensions', 'daemonsets/status'),
    allow('update', 'apps extensions', 'daemonsets/finalizers'),
    allow('list watch', 'core', 'nodes'),
    allow('create delete list patch watch', 'core', 'pods'),
    allow('create', 'core', 'pods/binding'),
    allow(OWN, 'apps', 'controllerrevisions'),
    EVENTS,
  ],
  'deployment-controller': [
    allow(`${READ} update`, 'apps extensions', 'deployments'),
    allow('update', 'apps extensions', 'deployments/status'),
    allow('update', 'apps extensions', 'deployments/finalizers'),
    allow(OWN, 'apps extensions', 'replicasets'),
    allow(`${READ} update`, 'core', 'pods'),
    EVENTS,
  ],
  'device-taint-eviction-controller': [
    allow(`delete ${READ}`, 'core', 'pods'),
    allow('patch update', 'core', 'pods/status'),
    allow(READ, RESOURCE, 'resourceclaims'),
    allow(READ, RESOURCE, 'resourceslices'),
    allow(READ, RESOURCE, 'deviceclasses'),
    EVENTS,
  ],
  'disruption-controller': [
    allow(READ, 'apps extensions', 'deployments'),
    allow(READ, 'apps extensions', 'replicasets'),
    allow(READ, 'core', 'replicationcontrollers'),
    allow(READ, 'policy', 'poddisruptionbudgets'),
    allow(READ, 'apps', 'statefulsets'),
    allow('update', 'policy', 'poddisruptionbudgets/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('get', '*', '*/scale'),
    EVENTS,
  ],
  'endpoint-controller': [
    allow(READ, 'core', 'pods services'),
    allow(`create delete ${READ} update`, 'core', 'endpoints'),
    allow('create', 'core', 'endpoints/restricted'),
    EVENTS,
  ],
  'endpointslice-controller': [
    allow(READ, 'core', 'nodes pods services'),
    allow('update', 'core', 'services/finalizers'),
    allow(`create delete ${READ} update`, 'discovery.k8s.io', 'endpointslices'),
    allow('create', 'discovery.k8s.io', 'endpointslices/restricted'),
    EVENTS,
  ],
  'endpointslicemirroring-controller': [
    allow(READ, 'core', 'endpoints services'),
    allow('update', 'core', 'services/finalizers'),
    allow('update', 'core', 'endpoints/finalizers'),
    allow(`create delete ${READ} update`, 'discovery.k8s.io', 'endpointslices'),
    allow('create', 'discovery.k8s.io', 'endpointslices/restricted'),
    EVENTS,
  ],
  'ephemeral-volume-controller': [
    allow(READ, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow(`create ${READ}`, 'core', 'persistentvolumeclaims'),
    EVENTS,
  ],
  'expand-controller': [
    allow(`${READ} patch update`, 'core', 'persistentvolumes'),
    allow('patch update', 'core', 'persistentvolumeclaims/status'),
    allow(READ, 'core', 'persistentvolumeclaims'),
    EVENTS,
  ],
  'generic-garbage-collector': [allow(`delete ${READ} patch update`, '*', '*'), EVENTS],
  'horizontal-pod-autoscaler': [
    allow(READ, 'autoscaling', 'horizontalpodautoscalers'),
    allow('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    allow('get update', '*', '*/scale'),
    allow('list watch', 'core', 'pods'),
    allow('list watch', 'metrics.k8s.io', 'pods'),
    allow(READ, 'custom.metrics.k8s.io', '*'),
    allow(READ, 'external.metrics.k8s.io', '*'),
    EVENTS,
  ],
  'job-controller': [
    allow(`${READ} patch update`, 'batch', 'jobs'),
    allow('update', 'batch', 'jobs/status'),
    allow('update', 'batch', 'jobs/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS,
  ],
  'legacy-service-account-token-cleaner': [
    allowNamed('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    allow('delete patch', 'core', 'secrets'),
  ],
  'namespace-controller': [
    allow(`delete ${READ}`, 'core', 'namespaces'),
    allow('update', 'core', 'namespaces/finalize namespaces/status'),
    allow(`delete deletecollection ${READ}`, '*', '*'),
  ],
  'node-controller': [
    allow(`delete ${READ} patch update`, 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('patch update', 'core', 'pods/status'),
    allow(`delete ${READ}`, 'core', 'pods'),
    EVENTS,
  ],
  'persistent-volume-binder': [
    allow(`create delete ${READ} update`, 'core', 'persistentvolumes'),
    allow('update', 'core', 'persistentvolumes/status'),
    allow(`${READ} update`, 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow(`create delete ${READ}`, 'core', 'pods'),
    allow(READ, STORAGE, 'storageclasses'),
    allow('list watch', 'core', 'nodes'),
    EVENTS,
    allow('watch', 'core', 'events'),
  ],
  'pod-garbage-collector': [
    allow('delete list watch', 'core', 'pods'),
    allow(READ, 'core', 'nodes'),
    allow('patch', 'core', 'pods/status'),
  ],
  'pv-protection-controller': [allow(`${READ} update`, 'core', 'persistentvolumes'), EVENTS],
  'pvc-protection-controller': [
    allow(`${READ} update`, 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow(READ, 'core', 'pods'),
    EVENTS,
  ],
  'replicaset-controller': [
    allow(`${READ} update`, 'apps extensions', 'replicasets'),
    allow('update', 'apps extensions', 'replicasets/status'),
    allow('update', 'apps extensions', 'replicasets/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS,
  ],
  'replication-controller': [
    allow(`${READ} update`, 'core', 'replicationcontrollers'),
    allow('update', 'core', 'replicationcontrollers/status'),
    allow('update', 'core', 'replicationcontrollers/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS,
  ],
  'resource-claim-controller': [
    allow(READ, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow(`create delete ${READ}`, RESOURCE, 'resourceclaims'),
    allow('patch update', RESOURCE, 'resourceclaims resourceclaims/status'),
    allow('patch update', 'core', 'pods/status'),
    EVENTS,
    allow('patch update', RESOURCE, 'resourceclaims/binding'),
  ],
  'resourcequota-controller': [
    allow('list watch', '*', '*'),
    allow('update', 'core', 'resourcequotas/status'),
    EVENTS,
  ],
  'root-ca-cert-publisher': [allow('create update', 'core', 'configmaps'), EVENTS],
  'route-controller': [
    allow('list watch', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    EVENTS,
  ],
  'selinux-warning-controller': [
    EVENTS,
    allow(READ, 'core', 'persistentvolumes'),
    allow(READ, 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'pods'),
    allow(READ, STORAGE, 'csidrivers'),
  ],
  'service-account-controller': [allow('create', 'core', 'serviceaccounts'), EVENTS],
  'service-cidrs-controller': [
    allow(`${READ} patch update`, 'networking.k8s.io', 'servicecidrs'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    allow(READ, 'networking.k8s.io', 'ipaddresses'),
    EVENTS,
  ],
  'service-controller': [
    allow(READ, 'core', 'services'),
    allow('patch update', 'core', 'services/status'),
    allow('list watch', 'core', 'nodes'),
    EVENTS,
  ],
  'statefulset-controller': [
    allow('list watch', 'core', 'pods'),
    allow(READ, 'apps', 'statefulsets'),
    allow('update', 'apps', 'statefulsets/status'),
    allow('update', 'apps', 'statefulsets/finalizers'),
    allow('create delete get patch update', 'core', 'pods'),
    allow(OWN, 'apps', 'controllerrevisions'),
    allow(`create ${READ}`, 'core', 'persistentvolumeclaims'),
    allow('delete update', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'pods/finalizers'),
    EVENTS,
  ],
  'storage-version-migrator-controller': [
    allow('create list patch watch', '*', '*'),
    allow('update', 'storagemigration.k8s.io', 'storageversionmigrations/status'),
  ],
  'ttl-after-finished-controller': [allow(`delete ${READ}`, 'batch', 'jobs'), EVENTS],
  'ttl-controller': [allow('list patch update watch', 'core', 'nodes'), EVENTS],
  'validatingadmissionpolicy-status-controller': [
    allow(READ, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    allow('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    EVENTS,
  ],
  'volumeattributesclass-protection-controller': [
    allow(READ, 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'persistentvolumes'),
    allow(`${READ} update`, STORAGE, 'volumeattributesclasses'),
    EVENTS,
  ],
}

export interface NamespacedRole {
  readonly namespace: 'kube-system' | 'kube-public'
  readonly name: string
  /** Name of the binding, where it is not the role's. */
  readonly binding?: string
  readonly rules: readonly PolicyRule[]
  /** Empty: no binding. */
  readonly subjects: readonly BindingSubject[]
}

const systemAccount = (name: string): BindingSubject => ({
  kind: 'ServiceAccount',
  name,
  namespace: 'kube-system',
})

const leaderLock = (component: string, ...others: readonly BindingSubject[]): NamespacedRole => ({
  namespace: 'kube-system',
  name: `system::leader-locking-${component}`,
  rules: [
    allow(`create ${READ} update`, 'coordination.k8s.io', 'leases'),
    allow(`create ${READ} update`, 'coordination.k8s.io', 'leasecandidates'),
  ],
  subjects: [{ kind: 'User', name: `system:${component}` }, systemAccount(component), ...others],
})

export const NAMESPACED_ROLES: readonly NamespacedRole[] = [
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    binding: 'system::extension-apiserver-authentication-reader',
    rules: [allowNamed(READ, 'core', 'configmaps', 'extension-apiserver-authentication')],
    subjects: [
      { kind: 'User', name: 'system:kube-controller-manager' },
      { kind: 'User', name: 'system:kube-scheduler' },
    ],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:bootstrap-signer',
    rules: [allow(READ, 'core', 'secrets')],
    subjects: [systemAccount('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:cloud-provider',
    rules: [allow(`create ${READ}`, 'core', 'configmaps')],
    subjects: [systemAccount('cloud-provider')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:token-cleaner',
    rules: [allow(`delete ${READ}`, 'core', 'secrets'), EVENTS],
    subjects: [systemAccount('token-cleaner')],
  },
  leaderLock('kube-controller-manager', systemAccount('leader-election-controller')),
  leaderLock('kube-scheduler'),
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: [
      allow(READ, 'core', 'configmaps'),
      allowNamed('update', 'core', 'configmaps', 'cluster-info'),
      EVENTS,
    ],
    subjects: [systemAccount('bootstrap-signer')],
  },
]
