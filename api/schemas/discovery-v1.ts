/**
 * Facts of every struct of api/discovery/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/discovery/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.discovery.v1'

export const facts = `
enum AddressType FQDN|IPv4|IPv6
EndpointSlice
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 addressType AddressType 4 !
 endpoints [Endpoint] 2 .
 ports [EndpointPort] 3 .
Endpoint
 addresses [string] 1 ! list=set
 conditions EndpointConditions 2
 hostname *string 3
 targetRef *core-v1.ObjectReference 4
 deprecatedTopology {string} 5
 nodeName *string 6
 zone *string 7
 hints *EndpointHints 8
EndpointConditions
 ready *bool 1
 serving *bool 2
 terminating *bool 3
EndpointHints
 forZones [ForZone] 1
 forNodes [ForNode] 2
ForZone
 name string 1 !
ForNode
 name string 1 !
EndpointPort atomic
 name *string 1 implied=""
 protocol *core-v1.Protocol 2 implied="TCP"
 port *int32 3
 appProtocol *string 4
EndpointSliceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [EndpointSlice] 2 !
`
