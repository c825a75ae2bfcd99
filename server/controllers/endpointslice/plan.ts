/**
 * Decides a Service's EndpointSlices from its pods. Pure.
 *
 * Input   the Service, the pods its selector selects, the slices it owns, the zone of each node
 * Output  slices to create, update and delete
 * Law     An endpoint stays in the slice it is in; room in existing slices is used before a new one is made; a slice
 *         holds at most MAX_ENDPOINTS; a Service without endpoints keeps one empty slice.
 * Source: kubernetes staging/src/k8s.io/endpointslice/reconciler.go, utils.go
 */
import type { Node, Pod, Service } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '#api/types/discovery-v1.ts'
import { controllerReference } from '../ownership.ts'
import { isReady, isTerminating } from '../pods.ts'
import { meansTheSame } from '../same.ts'
import {
  addressOf,
  hostnameIn,
  isBehind,
  isHeadless,
  isSelecting,
  type TargetPort,
  targetPorts,
  toleratesUnready,
} from '../service-pods.ts'
import { MANAGED_BY, SERVICE_NAME, type SliceAction } from '../service-slices.ts'

export const MAX_ENDPOINTS = 100
export const CONTROLLER_NAME = 'endpointslice-controller.k8s.io'
const HEADLESS = 'service.kubernetes.io/headless'
const ZONE = 'topology.kubernetes.io/zone'

export interface SliceInput {
  readonly service: Service
  readonly pods: readonly Pod[]
  /** Only those managed by this controller. */
  readonly slices: readonly EndpointSlice[]
  readonly nodeOf: (name: string) => Node | undefined
}

interface PortGroup {
  readonly ports: readonly EndpointPort[]
  /** By pod uid. */
  readonly endpoints: Map<string, Endpoint>
}

export function planSlices(input: SliceInput): readonly SliceAction[] {
  const { service, slices } = input
  if (service.spec?.type === 'ExternalName') return slices.map(deletion)
  if (!isSelecting(service)) return []
  const groups = groupByPorts(input)
  const byPorts = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const id = slice.addressType === 'IPv4' ? portsId(slice.ports ?? []) : 'other'
    byPorts.set(id, [...(byPorts.get(id) ?? []), slice])
  }
  if (groups.size === 0) return placeholder(service, slices)
  const actions: SliceAction[] = []
  for (const [id, group] of groups) {
    actions.push(...planGroup(service, group, byPorts.get(id) ?? []))
    byPorts.delete(id)
  }
  return [...actions, ...[...byPorts.values()].flat().map(deletion)]
}

const deletion = (slice: EndpointSlice): SliceAction => ({ kind: 'delete-slice', slice })

/** Pods whose named ports differ get slices of their own. */
function groupByPorts({ service, pods, nodeOf }: SliceInput): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup>()
  for (const pod of pods) {
    if (!isBehind(pod, 'with-terminating')) continue
    const ports = targetPorts(pod, service).map(endpointPort)
    const isPortless = ports.length === 0 && (service.spec?.ports ?? []).length > 0
    if (isPortless && !isHeadless(service)) continue
    const id = portsId(ports)
    const group = groups.get(id) ?? { ports, endpoints: new Map<string, Endpoint>() }
    groups.set(id, group)
    const uid = pod.metadata.uid ?? ''
    group.endpoints.set(uid, endpointOf(pod, service, nodeOf(pod.spec?.nodeName ?? '')))
  }
  return groups
}

const endpointPort = ({ name, protocol, port, appProtocol }: TargetPort): EndpointPort => ({
  name,
  protocol,
  port,
  ...(appProtocol === undefined ? {} : { appProtocol }),
})

const portsId = (ports: readonly EndpointPort[]): string =>
  JSON.stringify(
    ports
      .map(({ name = '', protocol = 'TCP', port, appProtocol = '' }) => [
        name,
        protocol,
        port,
        appProtocol,
      ])
      .sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1)),
  )

function endpointOf(pod: Pod, service: Service, node: Node | undefined): Endpoint {
  const terminating = isTerminating(pod)
  const serving = isReady(pod)
  const { name, namespace, uid } = pod.metadata
  const nodeName = pod.spec?.nodeName
  const zone = node?.metadata.labels?.[ZONE]
  const hostname = hostnameIn(pod, service)
  return {
    addresses: [addressOf(pod)],
    conditions: {
      ready: toleratesUnready(service) || (serving && !terminating),
      serving: toleratesUnready(service) || serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(zone === undefined ? {} : { zone }),
  }
}

function planGroup(
  service: Service,
  group: PortGroup,
  slices: readonly EndpointSlice[],
): readonly SliceAction[] {
  const waiting = new Map(group.endpoints)
  const kept = slices.map(slice => {
    const endpoints: Endpoint[] = []
    for (const endpoint of slice.endpoints ?? []) {
      const uid = endpoint.targetRef?.uid ?? ''
      const wanted = waiting.get(uid)
      if (wanted === undefined) continue
      endpoints.push(wanted)
      waiting.delete(uid)
    }
    return { slice, endpoints }
  })
  // The fullest first, so that few slices change.
  const rest = [...waiting.values()]
  const roomy = [...kept].sort((left, right) => right.endpoints.length - left.endpoints.length)
  for (const { endpoints } of roomy) {
    endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - endpoints.length)))
  }
  const actions = kept.flatMap(({ slice, endpoints }) => {
    if (endpoints.length === 0) return [deletion(slice)]
    return updateOf(slice, sliceOf(service, group.ports, endpoints))
  })
  while (rest.length > 0) {
    const slice = sliceOf(service, group.ports, rest.splice(0, MAX_ENDPOINTS))
    actions.push({ kind: 'create-slice', slice })
  }
  return actions
}

/** One empty slice says: the Service exists, nobody answers. */
function placeholder(service: Service, slices: readonly EndpointSlice[]): readonly SliceAction[] {
  const wanted = sliceOf(service, [], [])
  const [first, ...others] = slices
  if (first === undefined) return [{ kind: 'create-slice', slice: wanted }]
  return [...updateOf(first, wanted), ...others.map(deletion)]
}

function updateOf(before: EndpointSlice, wanted: EndpointSlice): SliceAction[] {
  const isSame =
    meansTheSame(before.endpoints, wanted.endpoints) &&
    meansTheSame(before.ports, wanted.ports) &&
    meansTheSame(before.metadata.labels, wanted.metadata.labels)
  if (isSame) return []
  const { generateName: _generateName, ...metadata } = wanted.metadata
  return [
    { kind: 'update-slice', slice: { ...wanted, metadata: { ...before.metadata, ...metadata } } },
  ]
}

function sliceOf(
  service: Service,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const { name = '', namespace } = service.metadata
  const { [HEADLESS]: _headless, ...labels } = service.metadata.labels ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...labels,
        [SERVICE_NAME]: name,
        [MANAGED_BY]: CONTROLLER_NAME,
        ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  }
}
