/**
 * DefaultTolerationSeconds: a pod that says nothing about it stays five minutes on a node that is not ready or
 * cannot be reached.
 *
 * Source: kubernetes plugin/pkg/admission/defaulttolerationseconds/admission.go
 */
import type { AdmissionPlugin } from '#api/request.ts'
import type { PodSpec, Toleration } from '#api/types/core-v1.ts'
import { isKind, targetOf } from './refusal.ts'

const SECONDS = 300
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

export const createDefaultTolerationSeconds = (): AdmissionPlugin => ({
  name: 'DefaultTolerationSeconds',
  handles: operation => operation === 'CREATE' || operation === 'UPDATE',
  admit(attributes) {
    const { object: pod } = attributes
    if (targetOf(attributes) !== 'pods' || !isKind('pods', pod) || pod.spec === undefined)
      return undefined
    const missing = missingTolerations(pod.spec)
    if (missing.length === 0) return undefined
    return {
      ...pod,
      spec: { ...pod.spec, tolerations: [...(pod.spec.tolerations ?? []), ...missing] },
    }
  },
})

function missingTolerations(spec: PodSpec): readonly Toleration[] {
  const isSaid = (key: string): boolean =>
    (spec.tolerations ?? []).some(
      toleration =>
        ((toleration.key ?? '') === '' || toleration.key === key) &&
        ((toleration.effect ?? '') === '' || toleration.effect === 'NoExecute'),
    )
  return TAINTS.filter(key => !isSaid(key)).map(key => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: SECONDS,
  }))
}
