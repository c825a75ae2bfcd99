/**
 * Facts of every struct of api/certificates/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/certificates/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.certificates.v1beta1'

export const facts = `
CertificateSigningRequest
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CertificateSigningRequestSpec 2 !
 status CertificateSigningRequestStatus 3
CertificateSigningRequestSpec
 request bytes 1 !
 signerName *string 7 implied="kubernetes.io/legacy-unknown"
 expirationSeconds *int32 8
 usages [string] 5 implied=["digital signature","key encipherment"]
 username string 2
 uid string 3
 groups [string] 4
 extra {[string]} 6
CertificateSigningRequestStatus
 conditions [CertificateSigningRequestCondition] 1 list=type
 certificate bytes 2
CertificateSigningRequestCondition
 type string 1 !
 status string 6 . implied="True"
 reason string 2
 message string 3
 lastUpdateTime time 4
 lastTransitionTime time 5
CertificateSigningRequestList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CertificateSigningRequest] 2 !
ClusterTrustBundle
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ClusterTrustBundleSpec 2 !
ClusterTrustBundleSpec
 signerName string 1
 trustBundle string 2 !
ClusterTrustBundleList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ClusterTrustBundle] 2 !
PodCertificateRequest
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PodCertificateRequestSpec 2 !
 status PodCertificateRequestStatus 3
PodCertificateRequestSpec
 signerName string 1 !
 podName string 2 !
 podUID string 3 !
 serviceAccountName string 4 !
 serviceAccountUID string 5 !
 nodeName string 6 !
 nodeUID string 7 !
 maxExpirationSeconds *int32 8 default=86400
 pkixPublicKey bytes 9 .
 proofOfPossession bytes 10 .
 stubPKCS10Request bytes 12 !
 unverifiedUserAnnotations {string} 11
PodCertificateRequestStatus
 conditions [meta-v1.Condition] 1 list=type patch=merge:type
 certificateChain string 2
 notBefore *time 4
 beginRefreshAt *time 5
 notAfter *time 6
PodCertificateRequestList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PodCertificateRequest] 2 !
`
