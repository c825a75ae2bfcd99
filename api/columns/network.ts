/**
 * Rows of Services and their endpoints. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import {
  abbreviated,
  AGE,
  ageOf,
  formatLabels,
  NAME,
  nameOf,
  NONE,
  orNone,
  type Printer,
  SELECTOR,
  text,
} from '#api/columns/printer.ts'
import type { Endpoints, Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'

function externalAddress({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? []
  switch (spec?.type) {
    case 'ExternalName':
      return spec.externalName ?? ''
    case 'LoadBalancer': {
      const balanced = (status?.loadBalancer?.ingress ?? []).map(
        ({ ip, hostname }) => ip || (hostname ?? ''),
      )
      const reported = [...new Set(balanced)].filter(address => address !== '').sort()
      const all = [...reported, ...external]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    default:
      return orNone(external.join(','))
  }
}

const portText = (port: number, nodePort: number, protocol: string): string =>
  nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

export const servicePrinter: Printer = {
  columns: [
    NAME,
    text('Type', 'How the service can be reached.'),
    text('Cluster-IP', 'Address inside the cluster; None when clients find the pods themselves.'),
    text('External-IP', 'Addresses from outside the cluster.'),
    text('Port(s)', 'Ports of the service, with their node ports.'),
    AGE,
    SELECTOR,
  ],
  cells(service: Service, now: number) {
    const { spec } = service
    const ports = (spec?.ports ?? []).map(({ port, nodePort = 0, protocol = 'TCP' }) =>
      portText(port, nodePort, protocol),
    )
    return [
      nameOf(service),
      spec?.type ?? '',
      spec?.clusterIPs?.[0] ?? NONE,
      externalAddress(service),
      orNone(ports.join(',')),
      ageOf(service, now),
      formatLabels(spec?.selector),
    ]
  },
}

const hostPort = (ip: string, port: number): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`

export const endpointsPrinter: Printer = {
  columns: [NAME, text('Endpoints', 'Addresses and ports behind the service.'), AGE],
  cells(endpoints: Endpoints, now: number) {
    const { subsets = [] } = endpoints
    const addresses = subsets.flatMap(({ addresses = [], ports = [] }) =>
      ports.length === 0
        ? addresses.map(({ ip }) => ip)
        : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
    )
    const none = subsets.length === 0 ? NONE : ''
    return [nameOf(endpoints), abbreviated(addresses, none), ageOf(endpoints, now)]
  },
}

const UNSET = '<unset>'

export const endpointSlicePrinter: Printer = {
  columns: [
    NAME,
    text('AddressType', 'Family of the addresses.'),
    text('Ports', 'Ports of every endpoint.'),
    text('Endpoints', 'Addresses of the endpoints.'),
    AGE,
  ],
  cells(slice: EndpointSlice, now: number) {
    const ports = (slice.ports ?? []).map(({ port, name }) =>
      port === undefined ? name || '*' : String(port),
    )
    const addresses = (slice.endpoints ?? []).flatMap(endpoint => endpoint.addresses)
    return [
      nameOf(slice),
      slice.addressType,
      abbreviated(ports, UNSET),
      abbreviated(addresses, UNSET),
      ageOf(slice, now),
    ]
  },
}
