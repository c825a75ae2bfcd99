/**
 * The typed client: one handle per kind that our own parts use, and `resource()` for any other.
 *
 *   const client = createClient(transport)
 *   const pod = await client.pods.get({ namespace: 'default', name: 'web' })
 *   await client.pods.createSub({ namespace, name }, 'binding', binding)
 */
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { IPAddress, ServiceCIDR } from '#api/types/networking-v1.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#api/types/rbac-v1.ts'
import type { APIService } from '#api/types/apiregistration-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#api/types/flowcontrol-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import type { KubeObject } from '#api/object.ts'
import { type ResourceClient, type ResourceName, resourceClient } from './resource.ts'
import type { Transport } from './transport.ts'

const inNamespace = (group: string, plural: string, kind: string): ResourceName => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced: true,
})

const inCluster = (group: string, plural: string, kind: string): ResourceName => ({
  ...inNamespace(group, plural, kind),
  namespaced: false,
})

/** Names of the kinds below: what informers are asked for. */
export const RESOURCES = {
  namespaces: inCluster('', 'namespaces', 'Namespace'),
  nodes: inCluster('', 'nodes', 'Node'),
  pods: inNamespace('', 'pods', 'Pod'),
  services: inNamespace('', 'services', 'Service'),
  endpoints: inNamespace('', 'endpoints', 'Endpoints'),
  configMaps: inNamespace('', 'configmaps', 'ConfigMap'),
  secrets: inNamespace('', 'secrets', 'Secret'),
  serviceAccounts: inNamespace('', 'serviceaccounts', 'ServiceAccount'),
  events: inNamespace('', 'events', 'Event'),
  deployments: inNamespace('apps', 'deployments', 'Deployment'),
  replicaSets: inNamespace('apps', 'replicasets', 'ReplicaSet'),
  endpointSlices: inNamespace('discovery.k8s.io', 'endpointslices', 'EndpointSlice'),
  runtimeClasses: inCluster('node.k8s.io', 'runtimeclasses', 'RuntimeClass'),
  ipAddresses: inCluster('networking.k8s.io', 'ipaddresses', 'IPAddress'),
  serviceCIDRs: inCluster('networking.k8s.io', 'servicecidrs', 'ServiceCIDR'),
  leases: inNamespace('coordination.k8s.io', 'leases', 'Lease'),
  roles: inNamespace('rbac.authorization.k8s.io', 'roles', 'Role'),
  roleBindings: inNamespace('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding'),
  clusterRoles: inCluster('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole'),
  clusterRoleBindings: inCluster(
    'rbac.authorization.k8s.io',
    'clusterrolebindings',
    'ClusterRoleBinding',
  ),
  priorityClasses: inCluster('scheduling.k8s.io', 'priorityclasses', 'PriorityClass'),
  flowSchemas: inCluster('flowcontrol.apiserver.k8s.io', 'flowschemas', 'FlowSchema'),
  priorityLevelConfigurations: inCluster(
    'flowcontrol.apiserver.k8s.io',
    'prioritylevelconfigurations',
    'PriorityLevelConfiguration',
  ),
  apiServices: inCluster('apiregistration.k8s.io', 'apiservices', 'APIService'),
  certificateSigningRequests: inCluster(
    'certificates.k8s.io',
    'certificatesigningrequests',
    'CertificateSigningRequest',
  ),
} as const satisfies Readonly<Record<string, ResourceName>>

/** The type of each kind above. */
export interface Kinds {
  readonly namespaces: Namespace
  readonly nodes: Node
  readonly pods: Pod
  readonly services: Service
  readonly endpoints: Endpoints
  readonly configMaps: ConfigMap
  readonly secrets: Secret
  readonly serviceAccounts: ServiceAccount
  readonly events: Event
  readonly deployments: Deployment
  readonly replicaSets: ReplicaSet
  readonly endpointSlices: EndpointSlice
  readonly runtimeClasses: RuntimeClass
  readonly ipAddresses: IPAddress
  readonly serviceCIDRs: ServiceCIDR
  readonly leases: Lease
  readonly roles: Role
  readonly roleBindings: RoleBinding
  readonly clusterRoles: ClusterRole
  readonly clusterRoleBindings: ClusterRoleBinding
  readonly priorityClasses: PriorityClass
  readonly flowSchemas: FlowSchema
  readonly priorityLevelConfigurations: PriorityLevelConfiguration
  readonly apiServices: APIService
  readonly certificateSigningRequests: CertificateSigningRequest
}

export type Handles = { readonly [Name in keyof Kinds]: ResourceClient<Kinds[Name]> }

export interface Client extends Handles {
  readonly transport: Transport
  /** Any other resource; T is the caller's promise about its kind. */
  resource<T extends KubeObject>(resource: ResourceName): ResourceClient<T>
}

export function createClient(transport: Transport): Client {
  const resource = <T extends KubeObject>(name: ResourceName): ResourceClient<T> =>
    resourceClient<T>(transport, name)
  const entries = Object.entries(RESOURCES).map(([name, of]) => [name, resource(of)] as const)
  // The seam: each handle gets the type that `Kinds` states for its name.
  const handles = Object.fromEntries(entries) as unknown as Handles
  return { ...handles, transport, resource }
}
