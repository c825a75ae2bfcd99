/**
 * TaintNodesByCondition: a node that registers takes no pods until it was seen to be ready.
 *
 * Source: kubernetes plugin/pkg/admission/nodetaint/admission.go
 */
import type { AdmissionPlugin } from '#api/request.ts'
import { isKind, targetOf } from './refusal.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const

export const createTaintNodesByCondition = (): AdmissionPlugin => ({
  name: 'TaintNodesByCondition',
  handles: operation => operation === 'CREATE',
  admit(attributes) {
    const { object: node } = attributes
    if (targetOf(attributes) !== 'nodes' || !isKind('nodes', node)) return undefined
    const taints = node.spec?.taints ?? []
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect))
      return undefined
    return { ...node, spec: { ...node.spec, taints: [...taints, NOT_READY] } }
  },
})
