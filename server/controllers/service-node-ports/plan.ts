/**
 * Node ports that several Services hold, or that lie outside the range. Pure.
 *
 * The API gives each once and knows at its start what stored Services hold; what is found here came from an older
 * database, or from a range that was changed.
 * Source: kubernetes pkg/registry/core/service/portallocator/controller/repair.go
 */
import { keyOf } from '#api/object.ts'
import type { Service } from '#api/types/core-v1.ts'

export interface PortFinding {
  readonly service: Service
  readonly reason: 'PortAlreadyAllocated' | 'PortOutOfRange'
  readonly message: string
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** The first Service by name keeps a port; the others are told. */
export function planPorts(services: readonly Service[], range: PortRange): readonly PortFinding[] {
  const held = new Set<number>()
  const ordered = services
    .map(service => ({ service, key: keyOf(service) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
  return ordered.flatMap(({ service }) =>
    portsOf(service).flatMap((port): readonly PortFinding[] => {
      if (port < range.first || port > range.last) {
        const message = `Port ${port} is not within the port range ${range.first}-${range.last}; please recreate service`
        return [{ service, reason: 'PortOutOfRange', message }]
      }
      if (held.has(port)) {
        const message = `Port ${port} was assigned to multiple services; please recreate service`
        return [{ service, reason: 'PortAlreadyAllocated', message }]
      }
      held.add(port)
      return []
    }),
  )
}

/** One entry for a number that several protocols share; a second one where a protocol has it twice. */
function portsOf({ spec }: Service): readonly number[] {
  const seen = new Map<number, Set<string>>()
  const all: number[] = []
  const add = (port: number, protocol: string): void => {
    const protocols = seen.get(port)
    if (port === 0) return
    if (protocols === undefined || protocols.has(protocol)) all.push(port)
    seen.set(port, (protocols ?? new Set()).add(protocol))
  }
  for (const { nodePort = 0, protocol = 'TCP' } of spec?.ports ?? []) add(nodePort, protocol)
  add(spec?.healthCheckNodePort ?? 0, 'TCP')
  return all
}
