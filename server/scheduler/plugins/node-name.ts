/** A pod that names its node goes there or nowhere. Source: kubernetes pkg/scheduler/framework/plugins/nodename */
import type { FilterPlugin } from '../framework.ts'

export const nodeName: FilterPlugin = {
  name: 'NodeName',
  wakes: ['node-added'],
  filter: ({ pod }, node) => {
    const wanted = pod.spec?.nodeName ?? ''
    if (wanted === '' || wanted === node.name) return undefined
    return { reasons: ["node(s) didn't match the requested node name"], isUnresolvable: true }
  },
}
