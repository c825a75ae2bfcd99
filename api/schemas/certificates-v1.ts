/**
 * Facts of every struct of api/certificates/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/certificates/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.certificates.v1'

export const facts = `
enum KeyUsage any|cert sign|client auth|code signing|content commitment|crl sign|data encipherment|decipher only|digital signature|email protection|encipher only|ipsec end system|ipsec tunnel|ipsec user|key agreement|key encipherment|microsoft sgc|netscape sgc|ocsp signing|s/mime|server auth|signing|timestamping
CertificateSigningRequest
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CertificateSigningRequestSpec 2 !
 status CertificateSigningRequestStatus 3
CertificateSigningRequestSpec
 request bytes 1 !
 signerName string 7 !
 expirationSeconds *int32 8
 usages [KeyUsage] 5
 username string 2
 uid string 3
 groups [string] 4
 extra {[string]} 6
CertificateSigningRequestStatus
 conditions [CertificateSigningRequestCondition] 1 list=type
 certificate bytes 2
CertificateSigningRequestCondition
 type string 1 !
 status string 6 !
 reason string 2
 message string 3
 lastUpdateTime time 4
 lastTransitionTime time 5
CertificateSigningRequestList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CertificateSigningRequest] 2 !
`
