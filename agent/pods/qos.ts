/**
 * Quality of service and what it means for the kernel: class, OOM score, CPU shares and quota. Pure.
 * Source: kubernetes pkg/kubelet/qos/policy.go, pkg/kubelet/cm/helpers_linux.go
 */
import { type QosClass, qosClassOf as classOfSpec } from '#api/pod-qos.ts'
import { quantityMillis, quantityValue } from '#api/quantity.ts'
import type { Container, Pod } from '#api/types/core-v1.ts'
import type { ContainerResources } from '../runtime/runtime.ts'

const SHARES_PER_CPU = 1024
const SHARES_MIN = 2
const SHARES_MAX = 262_144
const QUOTA_PERIOD_MICROSECONDS = 100_000
const QUOTA_MIN_MICROSECONDS = 1000

const GUARANTEED_OOM = -997
const BEST_EFFORT_OOM = 1000

const amount = (text: string | undefined): number => (text === undefined ? 0 : quantityValue(text))

export const qosClassOf = (pod: Pod): QosClass => classOfSpec(pod.spec ?? {})

export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
): ContainerResources {
  const { requests, limits } = container.resources ?? {}
  const cpuRequest = requests?.['cpu'] ?? limits?.['cpu']
  const cpuLimit = limits?.['cpu']
  return {
    cpuShares: cpuRequest === undefined ? SHARES_MIN : cpuShares(quantityMillis(cpuRequest)),
    cpuQuota: cpuLimit === undefined ? 0 : cpuQuota(quantityMillis(cpuLimit)),
    memoryBytes: amount(limits?.['memory']),
    oomScoreAdj: oomScore(pod, container, nodeMemoryBytes),
  }
}

export function cpuShares(millis: number): number {
  const shares = Math.floor((millis * SHARES_PER_CPU) / 1000)
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, shares))
}

export function cpuQuota(millis: number): number {
  if (millis <= 0) return 0
  return Math.max(QUOTA_MIN_MICROSECONDS, Math.floor((millis * QUOTA_PERIOD_MICROSECONDS) / 1000))
}

/** The more memory a burstable container asked for, the later it is killed. */
export function oomScore(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const qos = pod.status?.qosClass ?? qosClassOf(pod)
  const isCritical = (pod.spec?.priority ?? 0) >= 2_000_000_000
  if (isCritical || qos === 'Guaranteed') return GUARANTEED_OOM
  if (qos === 'BestEffort' || nodeMemoryBytes <= 0) return BEST_EFFORT_OOM
  const request = amount(container.resources?.requests?.['memory'])
  const score = 1000 - Math.floor((1000 * request) / nodeMemoryBytes)
  // always above guaranteed pods, always below best-effort ones
  return Math.min(BEST_EFFORT_OOM - 1, Math.max(1000 + GUARANTEED_OOM, score))
}
