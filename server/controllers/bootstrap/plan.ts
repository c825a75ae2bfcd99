/**
 * What every cluster has from its first second: system namespaces, priority classes, an APIService per group and
 * version, and the Services of the API and of DNS with the API's endpoints. Pure.
 *
 * Output  objects to create, and corrections of those that exist but say something else
 * Law     A user's additions (labels, annotations) stay; only what is named here is put right.
 * Source: kubernetes pkg/controlplane/controller (kubernetesservice, systemnamespaces), pkg/registry/scheduling/rest
 */
import type { KubeObject } from '#api/object.ts'
import { AUTO_UPDATE } from '#api/flow-control.ts'
import { hostAddress } from '#api/ipv4.ts'
import { servedResources } from '#api/scheme.ts'
import type { FieldError } from '#api/status.ts'
import type { APIService } from '#api/types/apiregistration-v1.ts'
import type { Endpoints, Namespace, Service } from '#api/types/core-v1.ts'
import { isRecord } from '#api/values.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import { refuseSpecialAddress } from '#api/validation/endpoints.ts'
import type { ClusterConfig } from '../deps.ts'

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

/** False for an address that only means this host: Endpoints may not name it. */
export function isAdvertisable({ advertiseAddress }: ClusterConfig): boolean {
  const faults: FieldError[] = []
  refuseSpecialAddress(faults, 'ip', advertiseAddress)
  return faults.length === 0
}

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

/** An administrator may take a suggested object over; it is left alone then. */
export const isOurs = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[AUTO_UPDATE] !== 'false'

/** Where a group stands among the others; those without a row come after all of these. */
const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'resource.k8s.io': 16_200,
  'storagemigration.k8s.io': 15_800,
}
const OTHER_GROUPS = 9000
/** Newer versions of a group come first. */
const VERSION_PRIORITIES: Readonly<Record<string, number>> = { v1: 15, v2: 30 }
/** Where upstream left room between versions. */
const SPREAD_PRIORITIES: Readonly<Record<string, number>> = {
  'v1.flowcontrol.apiserver.k8s.io': 21,
  'v1.resource.k8s.io': 21,
}
const OTHER_VERSIONS = 9

/** Marks what was made here. */
export const AUTO_MANAGED = 'kube-aggregator.kubernetes.io/automanaged'

const apiService = (group: string, version: string): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: {
    name: `${version}.${group}`,
    labels: { [AUTO_MANAGED]: 'onstart' },
  },
  spec: {
    ...(group === '' ? {} : { group }),
    version,
    groupPriorityMinimum: GROUP_PRIORITIES[group] ?? OTHER_GROUPS,
    versionPriority:
      group === ''
        ? 1
        : (SPREAD_PRIORITIES[`${version}.${group}`] ??
          VERSION_PRIORITIES[version] ??
          OTHER_VERSIONS),
  },
})

/** One for each group and version that this server answers for itself; their own group is not among them. */
export function apiServices(hidesOld: boolean): readonly APIService[] {
  const served = servedResources(hidesOld).filter(({ group }) => group !== 'apiregistration.k8s.io')
  const names = new Map(served.map(row => [`${row.version}.${row.group}`, row]))
  return [...names.values()].map(({ group, version }) => apiService(group, version))
}

/** Names of those for what this server could serve and does not. */
export const retiredApiServices = (hidesOld: boolean): readonly string[] => {
  const left = new Set(apiServices(hidesOld).map(({ metadata }) => metadata.name))
  return apiServices(false).flatMap(({ metadata: { name } }) =>
    name === undefined || left.has(name) ? [] : [name],
  )
}

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

/** Maps are merged, everything else is replaced. */
function overlay(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) merged[key] = overlay(below[key], value)
  return merged
}
