/**
 * Defaults that depend on other fields, one small rule per struct. Pure; a rule returns its argument when it has
 * nothing to add. Constant defaults are in the schemas. Adding a rule is adding a row.
 * Source: kubernetes pkg/apis/core/v1/defaults.go, pkg/apis/apps/v1/defaults.go, pkg/apis/rbac/v1/defaults.go
 */
import { quantityMillis, quantityOfMillis } from '#api/quantity.ts'
import { LIMIT_RULES } from './defaulting/limits.ts'
import { OLD_RULES } from '#api/conversion/defaulting.ts'
import {
  podAnnotations,
  serviceAnnotations,
  storageClassAnnotations,
  volumeAnnotations,
} from '#api/conversion/old-annotations.ts'
import { EXTENSION_RULES } from './defaulting/extensions.ts'
import { withPodResources } from './defaulting/pod-resources.ts'
import { WORKLOAD_DEFAULTS } from './defaulting/workloads.ts'
import type { PodSpec } from '#api/types/core-v1.ts'
import { type Fields, isRecord, listOf, recordOf } from '#api/values.ts'

type Rule = (value: Fields) => Fields

const isSet = (value: unknown): boolean => value !== undefined && value !== '' && value !== 0

/** Source: github.com/distribution/reference regexp.go */
const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const PATH_PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const imagePattern = new RegExp(
  `^(?:${DOMAIN}/)?${PATH_PART}(?:/${PATH_PART})*(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>${DIGEST}))?$`,
)
/** Taken for the name of a local image. */
const ID = /^[a-f0-9]{64}$/
/** A name of 255, a tag and a digest; longer texts are no images. */
const IMAGE_MAX = 600

/** `nginx`, `nginx:latest` and `host:5000/nginx` are latest; a digest is not, unless the tag says so. */
function isLatest(image: string): boolean {
  const { groups } = imagePattern.exec(image.slice(0, IMAGE_MAX + 1)) ?? {}
  if (groups === undefined || image.length > IMAGE_MAX || ID.test(image)) return false
  return groups['tag'] === 'latest' || (groups['tag'] ?? groups['digest']) === undefined
}

const pullPolicyFor = (image: unknown): string =>
  typeof image === 'string' && image !== '' && isLatest(image) ? 'Always' : 'IfNotPresent'

const container: Rule = value =>
  isSet(value['imagePullPolicy'])
    ? value
    : { ...value, imagePullPolicy: pullPolicyFor(value['image']) }

const volume: Rule = value => {
  const image = value['image']
  if (isRecord(image) && !isSet(image['pullPolicy'])) {
    return { ...value, image: { ...image, pullPolicy: pullPolicyFor(image['reference']) } }
  }
  return Object.keys(value).some(key => key !== 'name') ? value : { ...value, emptyDir: {} }
}

/** Whoever states only limits asks for as much as the limits; only in pods, not in templates. */
function requestsFromLimits(value: unknown): unknown {
  const { resources } = recordOf(value)
  const { limits, requests } = recordOf(resources)
  if (!isRecord(limits)) return value
  const given = recordOf(requests)
  if (Object.keys(limits).every(name => name in given)) return value
  return {
    ...recordOf(value),
    resources: { ...recordOf(resources), limits, requests: { ...limits, ...given } },
  }
}

/** On the host's network a container port is the host's port. */
function withHostPorts(value: unknown): unknown {
  const container = recordOf(value)
  const ports = mapped(container['ports'], port => {
    const fields = recordOf(port)
    const { containerPort, hostPort } = fields
    return isSet(hostPort) || !isSet(containerPort) ? port : { ...fields, hostPort: containerPort }
  })
  return ports === container['ports'] ? value : { ...container, ports }
}

/** The same value when every field is that already. */
const withFields = (value: Fields, fields: Fields): Fields =>
  Object.entries(fields).every(([name, field]) => value[name] === field)
    ? value
    : { ...value, ...fields }

/** The same list when nothing in it changed. */
function mapped(list: unknown, change: (item: unknown) => unknown): unknown {
  const items = listOf(list)
  const results = items.map(change)
  return results.some((item, index) => item !== items[index]) ? results : list
}

const pod: Rule = value => {
  const spec = recordOf(value['spec'])
  const settle = (container: unknown): unknown =>
    spec['hostNetwork'] === true
      ? withHostPorts(requestsFromLimits(container))
      : requestsFromLimits(container)
  const fields: Record<string, unknown> = { enableServiceLinks: spec['enableServiceLinks'] ?? true }
  for (const name of ['containers', 'initContainers']) {
    if (name in spec) fields[name] = mapped(spec[name], settle)
  }
  const grace = spec['terminationGracePeriodSeconds']
  if (typeof grace === 'number' && grace < 0) fields['terminationGracePeriodSeconds'] = 1
  // Rules see decoded fields only: this one has the types of a pod's.
  return withFields(value, { spec: withPodResources(withFields(spec, fields) as Partial<PodSpec>) })
}

/** Who a pod is, said under the field's old name too; old clients say it there only. */
const podSpec: Rule = value => {
  const name = isSet(value['serviceAccountName'])
    ? value['serviceAccountName']
    : value['serviceAccount']
  return isSet(name) ? withFields(value, { serviceAccountName: name, serviceAccount: name }) : value
}

/** The first address of a pod is said twice; old nodes say it once. */
const podStatus: Rule = value => {
  const { podIP } = value
  const podIPs = listOf(value['podIPs'])
  const first = recordOf(podIPs[0])['ip']
  if (!isSet(podIP)) return isSet(first) ? { ...value, podIP: first } : value
  return podIP === first ? value : { ...value, podIPs: [{ ip: podIP }] }
}

const resourceRequirements: Rule = value => {
  const limits = roundedUp(value['limits'])
  const requests = roundedUp(value['requests'])
  if (limits === value['limits'] && requests === value['requests']) return value
  return {
    ...value,
    ...(limits === undefined ? {} : { limits }),
    ...(requests === undefined ? {} : { requests }),
  }
}

/** Resources finer than a thousandth are rounded up; canonical text shows them by their suffix. */
function roundedUp(list: unknown): unknown {
  const isFine = (value: unknown): value is string =>
    typeof value === 'string' && /[nu]$/.test(value)
  if (!isRecord(list) || !Object.values(list).some(isFine)) return list
  return Object.fromEntries(
    Object.entries(list).map(([name, value]) => [
      name,
      isFine(value) ? quantityOfMillis(quantityMillis(value)) : value,
    ]),
  )
}

/** Three hours, in seconds. */
const SESSION_AFFINITY_SECONDS = 10_800

/** Gone without affinity, complete with it. */
function settledAffinity(spec: Fields): Fields {
  if (spec['sessionAffinity'] !== 'ClientIP') {
    if (!('sessionAffinityConfig' in spec)) return spec
    const { sessionAffinityConfig: _, ...rest } = spec
    return rest
  }
  const { clientIP } = recordOf(spec['sessionAffinityConfig'])
  if (recordOf(clientIP)['timeoutSeconds'] !== undefined) return spec
  const timeoutSeconds = SESSION_AFFINITY_SECONDS
  return { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds } } }
}

/** Reachable from outside the cluster. */
const isExternal = (spec: Fields, type: unknown): boolean =>
  type === 'NodePort' ||
  type === 'LoadBalancer' ||
  (type === 'ClusterIP' && listOf(spec['externalIPs']).length > 0)

const service: Rule = value => {
  const spec = settledAffinity(recordOf(value['spec']))
  const type = isSet(spec['type']) ? spec['type'] : 'ClusterIP'
  const isLoadBalancer = type === 'LoadBalancer'
  const fields: Record<string, unknown> = {}
  if (isExternal(spec, type) && !isSet(spec['externalTrafficPolicy'])) {
    fields['externalTrafficPolicy'] = 'Cluster'
  }
  if (type !== 'ExternalName') {
    fields['internalTrafficPolicy'] = spec['internalTrafficPolicy'] ?? 'Cluster'
  }
  if (isLoadBalancer) {
    fields['allocateLoadBalancerNodePorts'] = spec['allocateLoadBalancerNodePorts'] ?? true
  }
  return withFields(value, {
    spec: withFields(spec, fields),
    ...(isLoadBalancer ? { status: withIngressModes(recordOf(value['status'])) } : {}),
  })
}

function withIngressModes(status: Fields): Fields {
  const loadBalancer = recordOf(status['loadBalancer'])
  const ingress = mapped(loadBalancer['ingress'], item => {
    const fields = recordOf(item)
    return isSet(fields['ip']) && fields['ipMode'] === undefined
      ? { ...fields, ipMode: 'VIP' }
      : item
  })
  if (ingress === undefined) return status
  return withFields(status, { loadBalancer: withFields(loadBalancer, { ingress }) })
}

const servicePort: Rule = value =>
  isSet(value['targetPort']) || !isSet(value['port'])
    ? value
    : { ...value, targetPort: value['port'] }

const NAME_LABEL = 'kubernetes.io/metadata.name'

/** Without a name (generateName) there is nothing to say yet. */
const namespace: Rule = value => {
  const metadata = recordOf(value['metadata'])
  const labels = recordOf(metadata['labels'])
  const { name } = metadata
  if (!isSet(name) || labels[NAME_LABEL] === name) return value
  return { ...value, metadata: { ...metadata, labels: { ...labels, [NAME_LABEL]: name } } }
}

const nodeStatus: Rule = value =>
  value['allocatable'] === undefined && value['capacity'] !== undefined
    ? { ...value, allocatable: value['capacity'] }
    : value

/** Clients that know only `podCIDR` state that alone, and are believed. */
const nodeSpec: Rule = value => {
  const { podCIDR } = value
  const podCIDRs = listOf(value['podCIDRs'])
  if (podCIDRs[0] === podCIDR || (podCIDRs.length === 0 && !isSet(podCIDR))) return value
  return isSet(podCIDR) ? { ...value, podCIDRs: [podCIDR] } : { ...value, podCIDR: podCIDRs[0] }
}

/** stringData is write-only: it becomes base64 data. */
const secret: Rule = value => {
  const { stringData, ...rest } = value
  if (!isRecord(stringData)) return value
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(typeof text === 'string' ? text : '', 'utf8').toString('base64'),
  ])
  return { ...rest, data: { ...recordOf(value['data']), ...Object.fromEntries(encoded) } }
}

const deploymentStrategy: Rule = value => {
  const isRolling = !isSet(value['type']) || value['type'] === 'RollingUpdate'
  return isRolling && value['rollingUpdate'] === undefined ? { ...value, rollingUpdate: {} } : value
}

const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** Users and groups belong to the RBAC group, service accounts to the core group. */
const subject: Rule = value =>
  !isSet(value['apiGroup']) && (value['kind'] === 'User' || value['kind'] === 'Group')
    ? { ...value, apiGroup: RBAC_GROUP }
    : value

/** By OpenAPI name of the struct. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...EXTENSION_RULES,
  ...OLD_RULES,
  'io.k8s.api.core.v1.Container': container,
  'io.k8s.api.core.v1.EphemeralContainer': container,
  'io.k8s.api.core.v1.Namespace': namespace,
  'io.k8s.api.core.v1.NodeSpec': nodeSpec,
  'io.k8s.api.core.v1.NodeStatus': nodeStatus,
  'io.k8s.api.core.v1.PersistentVolume': volumeAnnotations,
  'io.k8s.api.core.v1.PersistentVolumeClaim': volumeAnnotations,
  'io.k8s.api.core.v1.Pod': value => pod(podAnnotations(value)),
  'io.k8s.api.core.v1.PodSpec': podSpec,
  'io.k8s.api.core.v1.PodStatus': podStatus,
  'io.k8s.api.core.v1.ResourceRequirements': resourceRequirements,
  'io.k8s.api.core.v1.Secret': secret,
  'io.k8s.api.core.v1.Service': value => service(serviceAnnotations(value)),
  'io.k8s.api.core.v1.ServicePort': servicePort,
  'io.k8s.api.core.v1.Volume': volume,
  'io.k8s.api.apps.v1.DeploymentStrategy': deploymentStrategy,
  'io.k8s.api.rbac.v1.Subject': subject,
  'io.k8s.api.storage.v1.StorageClass': storageClassAnnotations,
  ...LIMIT_RULES,
  ...WORKLOAD_DEFAULTS,
}
