/**
 * Facts of every struct of api/authentication/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/authentication/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.authentication.v1beta1'

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
SelfSubjectReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 status SelfSubjectReviewStatus 2
SelfSubjectReviewStatus
 userInfo authentication-v1.UserInfo 1
`
