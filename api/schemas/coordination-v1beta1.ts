/**
 * Facts of every struct of api/coordination/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/coordination/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.coordination.v1beta1'

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
LeaseCandidate
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec LeaseCandidateSpec 2 !?
LeaseCandidateSpec
 leaseName string 1 !
 pingTime *micro-time 2
 renewTime *micro-time 3
 binaryVersion string 4 !
 emulationVersion string 5
 strategy string 6 !?
LeaseCandidateList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [LeaseCandidate] 2 !
`
