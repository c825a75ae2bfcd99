/**
 * Facts of every struct of api/authorization/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/authorization/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.authorization.v1beta1'

export const facts = `
SubjectAccessReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec SubjectAccessReviewSpec 2 !
 status SubjectAccessReviewStatus 3
SelfSubjectAccessReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec SelfSubjectAccessReviewSpec 2 !
 status SubjectAccessReviewStatus 3
LocalSubjectAccessReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec SubjectAccessReviewSpec 2 !
 status SubjectAccessReviewStatus 3
ResourceAttributes
 namespace string 1
 verb string 2
 group string 3
 version string 4
 resource string 5
 subresource string 6
 name string 7
 fieldSelector *authorization-v1.FieldSelectorAttributes 8
 labelSelector *authorization-v1.LabelSelectorAttributes 9
NonResourceAttributes
 path string 1
 verb string 2
SubjectAccessReviewSpec
 resourceAttributes *ResourceAttributes 1
 nonResourceAttributes *NonResourceAttributes 2
 user string 3
 group [string] 4
 extra {[string]} 5
 uid string 6
SelfSubjectAccessReviewSpec
 resourceAttributes *ResourceAttributes 1
 nonResourceAttributes *NonResourceAttributes 2
SubjectAccessReviewStatus
 allowed bool 1 !
 denied bool 4
 reason string 2
 evaluationError string 3
SelfSubjectRulesReview
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec SelfSubjectRulesReviewSpec 2 !
 status SubjectRulesReviewStatus 3
SelfSubjectRulesReviewSpec
 namespace string 1
SubjectRulesReviewStatus
 resourceRules [ResourceRule] 1 !
 nonResourceRules [NonResourceRule] 2 !
 incomplete bool 3 !
 evaluationError string 4
ResourceRule
 verbs [string] 1 !
 apiGroups [string] 2
 resources [string] 3
 resourceNames [string] 4
NonResourceRule
 verbs [string] 1 !
 nonResourceURLs [string] 2
`
