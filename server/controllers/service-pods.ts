/**
 * Which pods stand behind a Service, and on which ports. Pure.
 * Source: kubernetes staging endpointslice/utils.go, pkg/controller/endpoint, pkg/api/v1/pod FindPort
 */
import type { Pod, Service, ServicePort } from '#api/types/core-v1.ts'
import { isTerminal, isTerminating } from './pods.ts'

/** A port of an endpoint: the Service's name for it, and the pod's number. */
export interface TargetPort {
  readonly name: string
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly port: number
  readonly appProtocol?: string
}

export const addressOf = (pod: Pod): string => pod.status?.podIP ?? ''

/** Has an address and may answer. Terminating pods only count where asked for. */
export const isBehind = (
  pod: Pod,
  terminating: 'with-terminating' | 'without-terminating',
): boolean =>
  !isTerminal(pod) &&
  addressOf(pod) !== '' &&
  (terminating === 'with-terminating' || !isTerminating(pod))

export const toleratesUnready = (service: Service): boolean =>
  service.spec?.publishNotReadyAddresses === true ||
  service.metadata.annotations?.['service.alpha.kubernetes.io/tolerate-unready-endpoints'] ===
    'true'

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None'

/** Whether endpoints of this Service are made from pods at all. */
export const isSelecting = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0

/** The number a Service port means in this pod; undefined when the pod has no port of that name. */
function portNumber(pod: Pod, port: ServicePort): number | undefined {
  const { targetPort = port.port, protocol = 'TCP' } = port
  if (typeof targetPort === 'number') return targetPort === 0 ? port.port : targetPort
  const sidecars = (pod.spec?.initContainers ?? []).filter(
    container => container.restartPolicy === 'Always',
  )
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      declared => declared.name === targetPort && (declared.protocol ?? 'TCP') === protocol,
    )
    if (found !== undefined) return found.containerPort
  }
  return undefined
}

/** In the Service's order; ports the pod does not have are left out. */
export function targetPorts(pod: Pod, service: Service): readonly TargetPort[] {
  return (service.spec?.ports ?? []).flatMap(port => {
    const number = portNumber(pod, port)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

/** The name under which a headless Service knows this pod; undefined when it has none there. */
export const hostnameIn = (pod: Pod, service: Service): string | undefined => {
  const { hostname, subdomain } = pod.spec ?? {}
  const isMember = hostname !== undefined && hostname !== '' && subdomain === service.metadata.name
  return isMember ? hostname : undefined
}
