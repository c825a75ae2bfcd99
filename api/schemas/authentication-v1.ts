/**
 * Facts of every struct of api/authentication/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/authentication/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.authentication.v1'

export const facts = `
TokenReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec TokenReviewSpec 2 !
 status TokenReviewStatus 3
TokenReviewSpec
 token string 1 !?
 audiences [string] 2
TokenReviewStatus
 authenticated bool 1
 user UserInfo 2
 audiences [string] 4
 error string 3
UserInfo
 username string 1
 uid string 2
 groups [string] 3
 extra {[string]} 4
TokenRequest
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec TokenRequestSpec 2 .
 status TokenRequestStatus 3
TokenRequestSpec
 audiences [string] 1 .
 expirationSeconds *int64 4 . implied=3600
 boundObjectRef *BoundObjectReference 3 .
TokenRequestStatus
 token string 1 .
 expirationTimestamp time 2 .
BoundObjectReference
 kind string 1
 apiVersion string 2
 name string 3
 uid string 4
SelfSubjectReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 status SelfSubjectReviewStatus 2
SelfSubjectReviewStatus
 userInfo UserInfo 1
`
