/** The view of cluster names over informers: lookups by index, nothing copied. */
import type { Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { Informer } from '#client/informer.ts'
import { parseNetwork } from '#netfilter/networks.ts'
import type { NamesView } from './cluster-names.ts'

export interface InformerViewOptions {
  readonly services: Informer<Service>
  readonly endpointSlices: Informer<EndpointSlice>
  readonly domain: string
  /** Pod and service networks. */
  readonly networks: readonly string[]
}

const INDEX = {
  serviceAddress: 'dns-address',
  serviceNamespace: 'dns-namespace',
  sliceService: 'dns-service',
  sliceAddress: 'dns-address',
} as const

export function createInformerView(options: InformerViewOptions): NamesView {
  const { services, endpointSlices } = options
  services.addIndex(INDEX.serviceAddress, ({ spec }) =>
    (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter(ip => ip !== '' && ip !== 'None'),
  )
  services.addIndex(INDEX.serviceNamespace, ({ metadata }) => [metadata.namespace ?? ''])
  endpointSlices.addIndex(INDEX.sliceService, ({ metadata }) => {
    const name = metadata.labels?.['kubernetes.io/service-name']
    return name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`]
  })
  endpointSlices.addIndex(INDEX.sliceAddress, ({ endpoints }) => [
    ...new Set((endpoints ?? []).flatMap(endpoint => endpoint.addresses)),
  ])
  return {
    domain: options.domain.toLowerCase(),
    networks: options.networks.map(parseNetwork).filter(network => network !== undefined),
    service: key => services.get(key),
    slices: key => endpointSlices.byIndex(INDEX.sliceService, key),
    servicesByAddress: address => services.byIndex(INDEX.serviceAddress, address),
    slicesByAddress: address => endpointSlices.byIndex(INDEX.sliceAddress, address),
    hasServices: namespace => services.byIndex(INDEX.serviceNamespace, namespace).length > 0,
  }
}
