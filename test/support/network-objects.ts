/** Builders of the objects the network reads: each shows only what a test is about. */
import type { Node, Pod, Service } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '#api/types/discovery-v1.ts'

export type ServiceSpec = NonNullable<Service['spec']>

const split = (key: string): { readonly namespace: string; readonly name: string } => {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}

export const aService = (
  key: string,
  spec: Partial<ServiceSpec> = {},
  status: Service['status'] = {},
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: split(key),
  spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  status,
})

/** `10.42.0.5` or `10.42.0.5@node-a`; options for the rest. */
export const anEndpoint = (where: string, rest: Partial<Endpoint> = {}): Endpoint => {
  const [address = '', nodeName] = where.split('@')
  return {
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...rest,
  }
}

export const aSlice = (
  key: string,
  endpoints: readonly (string | Endpoint)[],
  rest: Partial<EndpointSlice> = {},
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: split(key).namespace,
    name: `${split(key).name}-1`,
    labels: { 'kubernetes.io/service-name': split(key).name },
  },
  addressType: 'IPv4',
  ports: [{ port: 80, protocol: 'TCP' }],
  endpoints: endpoints.map(endpoint =>
    typeof endpoint === 'string' ? anEndpoint(endpoint) : endpoint,
  ),
  ...rest,
})

export const aNode = (name: string, podCIDR: string, internalIP: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDR, podCIDRs: [podCIDR] },
  status: { addresses: [{ type: 'InternalIP', address: internalIP }] },
})

export const aPod = (
  key: string,
  spec: Partial<NonNullable<Pod['spec']>>,
  status: Pod['status'] = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: split(key),
  spec: { containers: [], ...spec },
  status,
})
