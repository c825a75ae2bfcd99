/** A host port can be taken once per address. Source: kubernetes pkg/scheduler/framework/plugins/nodeports */
import type { ContainerPort } from '#api/types/core-v1.ts'
import type { FilterPlugin } from '../framework.ts'
import { hostPortsOf, type NodeInfo, portId } from '../snapshot.ts'

const ANY = '0.0.0.0'

/** The unspecified address collides with every address. */
function isTaken(port: ContainerPort, node: NodeInfo): boolean {
  if (node.hostPorts.has(portId(port)) || node.hostPorts.has(portId({ ...port, hostIP: ANY })))
    return true
  if ((port.hostIP ?? '') !== '' && port.hostIP !== ANY) return false
  const start = `${port.protocol ?? 'TCP'}|`
  const end = `|${port.hostPort}`
  return [...node.hostPorts.keys()].some(id => id.startsWith(start) && id.endsWith(end))
}

export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  wakes: ['node-added', 'pod-removed'],
  filter: ({ pod }, node) =>
    hostPortsOf(pod).some(port => isTaken(port, node))
      ? {
          reasons: ["node(s) didn't have free ports for the requested pod ports"],
          isUnresolvable: false,
        }
      : undefined,
}
