/** A cordoned node takes only pods that tolerate it. Source: kubernetes pkg/scheduler/framework/plugins/nodeunschedulable */
import type { FilterPlugin } from '../framework.ts'
import { tolerates } from '#api/tolerations.ts'

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  wakes: ['node-added', 'node-taints'],
  filter: ({ pod }, { node }) => {
    if (node.spec?.unschedulable !== true) return undefined
    const isTolerated = (pod.spec?.tolerations ?? []).some(toleration =>
      tolerates(toleration, TAINT),
    )
    return isTolerated
      ? undefined
      : { reasons: ['node(s) were unschedulable'], isUnresolvable: true }
  },
}
