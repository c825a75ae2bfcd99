/**
 * Decides the EndpointSlices that mirror hand-written Endpoints, for Services without a selector. Pure.
 *
 * Law  One slice per address family and set of ports, of at most MAX_ENDPOINTS; slices that fit are kept and changed.
 * Source: kubernetes pkg/controller/endpointslicemirroring (reconciler.go, utils.go)
 */
import { isIPv4 } from 'node:net'
import type { EndpointAddress, Endpoints, EndpointSubset, Service } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '#api/types/discovery-v1.ts'
import { meansTheSame } from '../same.ts'
import { MANAGED_BY, SERVICE_NAME, type SliceAction } from '../service-slices.ts'

export const CONTROLLER_NAME = 'endpointslicemirroring-controller.k8s.io'
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
const MAX_ENDPOINTS = 1000

/** Of the Endpoints object alone. */
const NOT_COPIED: readonly string[] = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]

export interface MirrorView {
  readonly service: Service | undefined
  readonly endpoints: Endpoints | undefined
  /** Ours, of this Service. */
  readonly slices: readonly EndpointSlice[]
}

export function planMirror({ service, endpoints, slices }: MirrorView): readonly SliceAction[] {
  const wanted =
    endpoints !== undefined && isMirrored(service, endpoints) ? slicesOf(endpoints) : []
  const left = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = keyOf(slice)
    left.set(key, [...(left.get(key) ?? []), slice])
  }
  const written = wanted.flatMap((slice): readonly SliceAction[] => {
    const existing = left.get(keyOf(slice))?.shift()
    if (existing === undefined) return [{ kind: 'create-slice', slice }]
    const next = overlaid(existing, slice)
    return meansTheSame(existing, next) ? [] : [{ kind: 'update-slice', slice: next }]
  })
  const gone = [...left.values()]
    .flat()
    .map((slice): SliceAction => ({ kind: 'delete-slice', slice }))
  return [...written, ...gone]
}

const isMirrored = (service: Service | undefined, { metadata }: Endpoints): boolean =>
  service !== undefined &&
  service.spec?.selector === undefined &&
  metadata.deletionTimestamp === undefined &&
  metadata.labels?.[SKIP_MIRROR] !== 'true' &&
  metadata.annotations?.[LEADER] === undefined

/** Slices with the same key can stand for one another. */
const keyOf = ({ addressType, ports = [] }: EndpointSlice): string =>
  JSON.stringify([
    addressType,
    ports.map(({ name = '', port = 0, protocol = 'TCP', appProtocol = '' }) => [
      name,
      port,
      protocol,
      appProtocol,
    ]),
  ])

function overlaid(existing: EndpointSlice, wanted: EndpointSlice): EndpointSlice {
  const { generateName: _prefix, ...metadata } = wanted.metadata
  return { ...existing, ...wanted, metadata: { ...existing.metadata, ...metadata } }
}

function slicesOf(endpoints: Endpoints): readonly EndpointSlice[] {
  const groups = new Map<string, EndpointSlice>()
  for (const subset of endpoints.subsets ?? []) {
    for (const part of partsOf(endpoints, subset)) {
      const key = keyOf(part)
      const before = groups.get(key)
      groups.set(key, before === undefined ? part : merged(before, part))
    }
  }
  return [...groups.values()].flatMap(split)
}

const merged = (left: EndpointSlice, right: EndpointSlice): EndpointSlice => ({
  ...left,
  endpoints: [...(left.endpoints ?? []), ...(right.endpoints ?? [])],
})

function split(slice: EndpointSlice): readonly EndpointSlice[] {
  const { endpoints = [] } = slice
  const count = Math.max(1, Math.ceil(endpoints.length / MAX_ENDPOINTS))
  return Array.from({ length: count }, (_, index) => ({
    ...slice,
    endpoints: endpoints.slice(index * MAX_ENDPOINTS, (index + 1) * MAX_ENDPOINTS),
  }))
}

/** One slice per address family that occurs; of each subset the first MAX_ENDPOINTS addresses. */
function partsOf(endpoints: Endpoints, subset: EndpointSubset): readonly EndpointSlice[] {
  const { addresses = [], notReadyAddresses = [] } = subset
  const seen = new Set<string>()
  const members = [
    ...addresses.map(address => ({ address, ready: true })),
    ...notReadyAddresses.map(address => ({ address, ready: false })),
  ].filter(({ address }) => {
    const isNew = !seen.has(address.ip)
    seen.add(address.ip)
    return isNew
  })
  const bounded = members.slice(0, MAX_ENDPOINTS)
  return (['IPv4', 'IPv6'] as const).flatMap(addressType => {
    const ours = bounded.filter(({ address }) => isIPv4(address.ip) === (addressType === 'IPv4'))
    return ours.length === 0
      ? []
      : [
          {
            ...sliceOf(endpoints, subset),
            addressType,
            endpoints: ours.map(({ address, ready }) => endpointOf(address, ready)),
          },
        ]
  })
}

const endpointOf = (address: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [address.ip],
  conditions: { ready },
  ...(address.hostname === undefined ? {} : { hostname: address.hostname }),
  ...(address.nodeName === undefined ? {} : { nodeName: address.nodeName }),
  ...(address.targetRef === undefined ? {} : { targetRef: address.targetRef }),
})

function sliceOf(
  { metadata }: Endpoints,
  { ports = [] }: EndpointSubset,
): Omit<EndpointSlice, 'addressType' | 'endpoints'> {
  const { name = '', namespace = '', uid = '' } = metadata
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.includes(key)),
  )
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: CONTROLLER_NAME },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Endpoints',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    ports: ports.map(
      ({ name: portName = '', port, protocol = 'TCP', appProtocol }): EndpointPort => ({
        name: portName,
        port,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      }),
    ),
  }
}
