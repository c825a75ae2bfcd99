/**
 * nodeSelector and node affinity: required terms admit, preferred ones weigh.
 * Source: kubernetes pkg/scheduler/framework/plugins/nodeaffinity, component-helpers scheduling/corev1/nodeaffinity
 */
import type { NodeSelectorRequirement, NodeSelectorTerm, Pod } from '#api/types/core-v1.ts'
import { type FilterPlugin, highestFirst, type ScorePlugin } from '../framework.ts'
import type { NodeInfo } from '../snapshot.ts'

const WHOLE_NUMBER = /^[+-]?\d+$/

/** `value` is undefined when the node has no such label. */
export function requirementHolds(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const bound = values[0]
      if (value === undefined || bound === undefined) return false
      if (!WHOLE_NUMBER.test(value) || !WHOLE_NUMBER.test(bound)) return false
      return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
    default:
      return false
  }
}

/** All requirements of a term hold; a term without any matches nothing. */
function termHolds(term: NodeSelectorTerm, { node, name }: NodeInfo): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every(requirement =>
      requirementHolds(
        requirement,
        Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined,
      ),
    ) &&
    matchFields.every(
      requirement => requirement.key === 'metadata.name' && requirementHolds(requirement, name),
    )
  )
}

function isAdmitted(pod: Pod, node: NodeInfo): boolean {
  const labels = node.node.metadata.labels ?? {}
  const selector = Object.entries(pod.spec?.nodeSelector ?? {})
  if (!selector.every(([key, value]) => labels[key] === value)) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some(term => termHolds(term, node))
}

export const nodeAffinity: FilterPlugin & ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  wakes: ['node-added', 'node-labels'],
  filter: ({ pod }, node) =>
    isAdmitted(pod, node)
      ? undefined
      : { reasons: ["node(s) didn't match Pod's node affinity/selector"], isUnresolvable: true },
  score: ({ pod }, node) => {
    const preferred =
      pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    return preferred.reduce(
      (total, { weight, preference }) => total + (termHolds(preference, node) ? weight : 0),
      0,
    )
  },
  normalize: highestFirst,
}
