/**
 * Decides a Service's Endpoints object, the older form of its EndpointSlices. Pure.
 *
 * Law  At most MAX_ADDRESSES addresses, ready ones first, and an annotation that says when some were left out.
 * Source: kubernetes pkg/controller/endpoint/endpoints_controller.go, pkg/api/v1/endpoints/util.go RepackSubsets
 */
import type {
  EndpointAddress,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '#api/types/core-v1.ts'
import { isReady } from '../pods.ts'
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

const MAX_ADDRESSES = 1000
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'
const HEADLESS = 'service.kubernetes.io/headless'
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const CONTROLLER_NAME = 'endpoint-controller'

export type EndpointsAction =
  | { readonly kind: 'create-endpoints'; readonly endpoints: Endpoints }
  | { readonly kind: 'update-endpoints'; readonly endpoints: Endpoints }

interface Member {
  readonly address: EndpointAddress
  readonly ports: readonly TargetPort[]
  readonly isReady: boolean
}

export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  before: Endpoints | undefined,
): EndpointsAction | undefined {
  if (!isSelecting(service)) return undefined
  const members = pods.flatMap(pod => memberOf(pod, service))
  const ranked = [...members].sort((left, right) => Number(right.isReady) - Number(left.isReady))
  const subsets = packed(ranked.slice(0, MAX_ADDRESSES))
  const wanted = endpointsOf(service, subsets, before, members.length > MAX_ADDRESSES)
  if (before === undefined) return { kind: 'create-endpoints', endpoints: wanted }
  const isSame =
    meansTheSame(before.subsets, wanted.subsets) &&
    meansTheSame(before.metadata.labels, wanted.metadata.labels) &&
    meansTheSame(before.metadata.annotations, wanted.metadata.annotations)
  return isSame ? undefined : { kind: 'update-endpoints', endpoints: wanted }
}

function memberOf(pod: Pod, service: Service): readonly Member[] {
  const isTolerant = toleratesUnready(service)
  if (!isBehind(pod, isTolerant ? 'with-terminating' : 'without-terminating')) return []
  const ports = targetPorts(pod, service)
  if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) return []
  const { name, namespace, uid } = pod.metadata
  const nodeName = pod.spec?.nodeName
  const hostname = hostnameIn(pod, service)
  const address: EndpointAddress = {
    ip: addressOf(pod),
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: {
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
    },
  }
  return [{ address, ports, isReady: isTolerant || isReady(pod) }]
}

const byText =
  <T>(text: (item: T) => string) =>
  (left: T, right: T): number =>
    text(left) < text(right) ? -1 : 1

/** Addresses with the same ports share a subset; everything is in a fixed order, so that equal means equal. */
function packed(members: readonly Member[]): readonly EndpointSubset[] {
  const groups = new Map<string, Member[]>()
  for (const member of members) {
    const id = JSON.stringify([...member.ports].sort(byText(port => JSON.stringify(port))))
    groups.set(id, [...(groups.get(id) ?? []), member])
  }
  return [...groups].sort(byText(([id]) => id)).map(([, group]) => {
    const sorted = [...group].sort(
      byText(({ address }) => `${address.ip}/${address.targetRef?.uid}`),
    )
    const ready = sorted.filter(member => member.isReady).map(({ address }) => address)
    const notReady = sorted.filter(member => !member.isReady).map(({ address }) => address)
    const ports = (group[0]?.ports ?? []).map(({ name, ...port }) => ({
      ...(name === '' ? {} : { name }),
      ...port,
    }))
    return {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ...(ports.length === 0 ? {} : { ports }),
    }
  })
}

function endpointsOf(
  service: Service,
  subsets: readonly EndpointSubset[],
  before: Endpoints | undefined,
  isTruncated: boolean,
): Endpoints {
  const { [OVER_CAPACITY]: _over, ...annotations } = before?.metadata.annotations ?? {}
  const { [HEADLESS]: _headless, ...labels } = service.metadata.labels ?? {}
  const { name, namespace } = service.metadata
  const marks = isTruncated ? { ...annotations, [OVER_CAPACITY]: 'truncated' } : annotations
  const { annotations: _annotations, ...metadata } = before?.metadata ?? {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  }
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...metadata,
      ...(Object.keys(marks).length === 0 ? {} : { annotations: marks }),
      labels: {
        ...labels,
        [MANAGED_BY]: CONTROLLER_NAME,
        ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
      },
    },
    subsets,
  }
}
