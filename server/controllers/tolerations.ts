/**
 * Which taints a pod stands, and for how long. Pure.
 * Source: k8s.io/component-helpers scheduling/corev1/helpers.go, k8s.io/api/core/v1/toleration.go
 */
import type { Taint, Toleration } from '#api/types/core-v1.ts'

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '', key = '', operator = 'Equal', value = '' } = toleration
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  if (operator === 'Exists') return true
  // An empty key is only valid with Exists.
  return operator === 'Equal' && key !== '' && value === (taint.value ?? '')
}

/**
 * How long a pod may stay on a node with these NoExecute taints.
 * Returns  0 = go now; Infinity = stay; otherwise milliseconds, counted from the taint's beginning.
 */
export function staysMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let shortest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const matching = tolerations.filter(toleration => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds === undefined) continue
      shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000)
    }
  }
  return shortest
}
