/**
 * Which taints a pod stands. Pure.
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
