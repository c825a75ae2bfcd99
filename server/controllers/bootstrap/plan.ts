/**
 * What every cluster has from its first second: system namespaces, priority classes, and the Services of the API and
 * of DNS with the API's endpoints. Pure.
 *
 * Output  objects to create, and corrections of those that exist but say something else
 * Law     A user's additions (labels, annotations) stay; only what is named here is put right.
 * Source: kubernetes pkg/controlplane/controller (kubernetesservice, systemnamespaces), pkg/registry/scheduling/rest
 */
import type { KubeObject } from '#api/object.ts'
import type { Endpoints, Namespace, Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import type { ClusterConfig } from '../deps.ts'
import { hostAddress } from '../ipv4.ts'

export const SYSTEM_NAMESPACES = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
] as const

export const namespaceOf = (name: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
})

const priorityClass = (name: string, value: number, description: string): PriorityClass => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description,
})

export const PRIORITY_CLASSES: readonly PriorityClass[] = [
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
  priorityClass(
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
]

const KUBERNETES = { name: 'kubernetes', namespace: 'default' }

export function kubernetesService(config: ClusterConfig): Service {
  const clusterIP = hostAddress(config.serviceCIDR, 1)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...KUBERNETES, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: config.advertisePort }],
    },
  }
}

/** DNS is answered by every node itself: the Service has an address and ports, and no pods. */
export const dnsService = (config: ClusterConfig): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'kube-dns',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
  },
  spec: {
    type: 'ClusterIP',
    clusterIP: config.clusterDNS,
    clusterIPs: [config.clusterDNS],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
    ],
  },
})

export const kubernetesEndpoints = (config: ClusterConfig): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { ...KUBERNETES, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [
    {
      addresses: [{ ip: config.advertiseAddress }],
      ports: [{ name: 'https', port: config.advertisePort, protocol: 'TCP' }],
    },
  ],
})

export const kubernetesSlice = (config: ClusterConfig): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...KUBERNETES, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [config.advertiseAddress], conditions: { ready: true } }],
  ports: [{ name: 'https', protocol: 'TCP', port: config.advertisePort }],
})

/**
 * The existing object with `wanted`'s top-level fields, labels included; undefined when they are all there already.
 * Fields inside `spec` that `wanted` does not name stay.
 */
export function corrected<T extends KubeObject>(
  existing: T,
  wanted: T,
  isSame: (left: unknown, right: unknown) => boolean,
): T | undefined {
  const merged = overlay(existing, wanted) as T
  return isSame(existing, merged) ? undefined : merged
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Maps are merged, everything else is replaced. */
function overlay(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) merged[key] = overlay(below[key], value)
  return merged
}
