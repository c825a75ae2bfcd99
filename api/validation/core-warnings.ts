/**
 * What the writer of core, discovery and networking kinds should know: badly spelled addresses, fields that nobody
 * reads any more, keys that do not fit their certificates. Pure.
 * Source: kubernetes pkg/registry/{core,discovery,networking}/<kind>/strategy.go WarningsOnCreate, WarningsOnUpdate
 */
import { cidrWarnings, ipWarnings } from '#api/addresses.ts'
import { INGRESS_CLASS } from '#api/old-annotations.ts'
import { canonicalQuantity, compareQuantities } from '#api/quantity.ts'
import type { Endpoints, Node, ResourceQuota, Secret, ServiceAccount } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { Ingress, NetworkPolicy, NetworkPolicyPeer } from '#api/types/networking-v1.ts'
import { keyPairFault } from '#api/validation/key-pairs.ts'
import { ownOf } from '#api/validation/quantities.ts'

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets'

export function accountWarnings(account: ServiceAccount, before?: ServiceAccount): string[] {
  const isMarked = ({ metadata }: ServiceAccount): boolean =>
    metadata.annotations?.[MOUNTABLE] !== undefined
  if (!isMarked(account) || (before !== undefined && isMarked(before))) return []
  return [
    `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ]
}

export function secretWarnings({ type, data = {} }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return []
  const text = (key: string): string => Buffer.from(ownOf(data, key) ?? '', 'base64').toString()
  const fault = keyPairFault(text('tls.crt'), text('tls.key'))
  return fault === undefined ? [] : [fault]
}

export function nodeWarnings({ spec = {} }: Node): string[] {
  const warnings: string[] = []
  if (spec.configSource !== undefined) {
    warnings.push('spec.configSource: the feature is removed')
  }
  if ((spec.externalID ?? '') !== '') {
    warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  }
  const ranges = spec.podCIDRs ?? []
  return [
    ...warnings,
    ...ranges.flatMap((range, index) => cidrWarnings(`spec.podCIDRs[${index}]`, range)),
  ]
}

const QUOTA_RESOURCES = ['cpu', 'memory', 'storage', 'ephemeral-storage'] as const

/** Nobody can use up what is requested beyond the limit. */
export function quotaWarnings({ spec }: ResourceQuota): string[] {
  const { hard = {} } = spec ?? {}
  return QUOTA_RESOURCES.flatMap(name => {
    const isShort = name === 'cpu' || name === 'memory'
    const request = [`requests.${name}`, ...(isShort ? [name] : [])].find(key => key in hard)
    const limit = `limits.${name}`
    const [asked, most] = [ownOf(hard, request ?? ''), ownOf(hard, limit)]
    if (request === undefined || asked === undefined || most === undefined) return []
    if (compareQuantities(asked, most) <= 0) return []
    const shown = (key: string, amount: string): string => `${key} (${canonicalQuantity(amount)})`
    return [`ResourceQuota ${shown(request, asked)} should be less than ${shown(limit, most)}`]
  })
}

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const SLICE_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const SLICE_MANAGERS: readonly string[] = [
  'endpointslice-controller.k8s.io',
  'endpointslicemirroring-controller.k8s.io',
]

export function endpointsWarnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.[MANAGED_BY] === 'endpoint-controller') return []
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
    Object.entries({ addresses, notReadyAddresses }).flatMap(([part, list]) =>
      list.flatMap(({ ip }, at) => ipWarnings(`subsets[${index}].${part}[${at}].ip`, ip)),
    ),
  )
}

/** Upstream looks for the type where it is not. */
export function sliceWarnings(slice: EndpointSlice, before?: EndpointSlice): string[] {
  const { metadata, addressType, endpoints = [] } = slice
  const isOld = before === undefined && addressType === 'FQDN'
  const warnings = isOld ? ['spec.addressType: FQDN endpoints are deprecated'] : []
  if (SLICE_MANAGERS.includes(metadata.labels?.[SLICE_MANAGED_BY] ?? '')) return warnings
  const ofAddresses = endpoints.flatMap(({ addresses }, index) =>
    addresses.flatMap((ip, at) => ipWarnings(`endpoints[${index}].addresses[${at}]`, ip)),
  )
  return [...warnings, ...ofAddresses]
}

export function policyWarnings({ spec }: NetworkPolicy): string[] {
  const { ingress = [], egress = [] } = spec ?? {}
  return [
    ...ingress.flatMap(({ from = [] }, at) => blockWarnings(`spec.ingress[${at}].from`, from)),
    ...egress.flatMap(({ to = [] }, at) => blockWarnings(`spec.egress[${at}].to`, to)),
  ]
}

const blockWarnings = (field: string, peers: readonly NetworkPolicyPeer[]): string[] =>
  peers.flatMap(({ ipBlock }, index) => {
    if (ipBlock === undefined) return []
    const place = `${field}[${index}].ipBlock`
    const { cidr, except = [] } = ipBlock
    return [
      ...cidrWarnings(`${place}.cidr`, cidr),
      ...except.flatMap((range, at) => cidrWarnings(`${place}.except[${at}]`, range)),
    ]
  })

export function ingressWarnings({ metadata, spec }: Ingress, before?: Ingress): string[] {
  const isOld =
    before === undefined &&
    metadata.annotations?.[INGRESS_CLASS] !== undefined &&
    spec?.ingressClassName === undefined
  return isOld
    ? [`annotation "${INGRESS_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`]
    : []
}

interface Balanced {
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] }
  }
}

/** Of a write to the status of a Service or an Ingress. */
export const balancerWarnings = ({ status }: Balanced): string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, index) =>
    ip === '' ? [] : ipWarnings(`status.loadBalancer.ingress[${index}]`, ip),
  )
