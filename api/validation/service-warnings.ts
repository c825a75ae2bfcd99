/**
 * What the writer of a Service should know: what is ignored, what is deprecated, what is spelled badly. Pure.
 * Source: kubernetes pkg/api/service/warnings.go
 */
import { cidrWarnings, ipWarnings } from '#api/addresses.ts'
import type { Service, ServiceSpec } from '#api/types/core-v1.ts'

const HINTS = 'service.kubernetes.io/topology-aware-hints'

export function serviceWarnings({ metadata, spec = {} }: Service): readonly string[] {
  const { clusterIPs = [], externalIPs = [], loadBalancerIP = '' } = spec
  const warnings: string[] = []
  if (metadata.annotations?.[HINTS] !== undefined) {
    const instead = 'service.kubernetes.io/topology-mode'
    warnings.push(`annotation ${HINTS} is deprecated, please use ${instead} instead`)
  }
  if ((spec.clusterIP ?? '') !== '' && spec.clusterIP !== 'None') {
    warnings.push(...clusterIPs.flatMap((ip, at) => ipWarnings(`spec.clusterIPs[${at}]`, ip)))
  }
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None'
  if (isHeadless) warnings.push(...headlessWarnings(spec))
  warnings.push(...externalIPs.flatMap((ip, at) => ipWarnings(`spec.externalIPs[${at}]`, ip)))
  if (externalIPs.length > 0 && !isHeadless && spec.type !== 'ExternalName') {
    warnings.push(
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    )
  }
  if (loadBalancerIP !== '') warnings.push(...ipWarnings('spec.loadBalancerIP', loadBalancerIP))
  const ranges = spec.loadBalancerSourceRanges ?? []
  warnings.push(
    ...ranges.flatMap((range, at) => cidrWarnings(`spec.loadBalancerSourceRanges[${at}]`, range)),
  )
  return [...warnings, ...typeWarnings(spec)]
}

/** Without an address there is nothing to reach from outside, and nothing to balance. */
function headlessWarnings(spec: ServiceSpec): string[] {
  const { loadBalancerIP = '', externalIPs = [], sessionAffinity } = spec
  const ignored = {
    loadBalancerIP: loadBalancerIP !== '',
    externalIPs: externalIPs.length > 0,
    SessionAffinity: sessionAffinity !== 'None',
  }
  return Object.entries(ignored)
    .filter(([, isGiven]) => isGiven)
    .map(([name]) => `spec.${name} is ignored for headless services`)
}

function typeWarnings({ type, externalIPs = [], ...spec }: ServiceSpec): string[] {
  const warnings: string[] = []
  if (type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  }
  if (type !== 'ExternalName' && (spec.externalName ?? '') !== '') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return warnings
}
