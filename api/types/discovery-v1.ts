/**
 * Types of api/discovery/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/discovery/v1/types.go (v0.36)
 */
import type { ObjectReference, Protocol } from './core-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type AddressType = 'FQDN' | 'IPv4' | 'IPv6'

export type EndpointSlice = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly addressType: AddressType
  readonly endpoints?: readonly Endpoint[]
  readonly ports?: readonly EndpointPort[]
}

export type Endpoint = {
  readonly addresses: readonly string[]
  readonly conditions?: EndpointConditions
  readonly hostname?: string
  readonly targetRef?: ObjectReference
  readonly deprecatedTopology?: Readonly<Record<string, string>>
  readonly nodeName?: string
  readonly zone?: string
  readonly hints?: EndpointHints
}

export type EndpointConditions = {
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
}

export type EndpointHints = {
  readonly forZones?: readonly ForZone[]
  readonly forNodes?: readonly ForNode[]
}

export type ForZone = {
  readonly name: string
}

export type ForNode = {
  readonly name: string
}

export type EndpointPort = {
  readonly name?: string
  readonly protocol?: Protocol
  readonly port?: number
  readonly appProtocol?: string
}

export type EndpointSliceList = ObjectList<EndpointSlice>
