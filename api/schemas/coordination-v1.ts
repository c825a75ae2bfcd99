/**
 * Facts of every struct of api/coordination/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/coordination/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.coordination.v1'

export const facts = `
Lease
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec LeaseSpec 2
LeaseSpec
 holderIdentity *string 1
 leaseDurationSeconds *int32 2
 acquireTime *micro-time 3
 renewTime *micro-time 4
 leaseTransitions *int32 5
 strategy *string 6
 preferredHolder *string 7
LeaseList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Lease] 2 !
`
