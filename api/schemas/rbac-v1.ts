/**
 * Facts of every struct of api/rbac/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/rbac/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.rbac.v1'

export const facts = `
PolicyRule
 verbs [string] 1 !
 apiGroups [string] 2
 resources [string] 3
 resourceNames [string] 4
 nonResourceURLs [string] 5
Subject atomic
 kind string 1 !
 apiGroup string 2
 name string 3 !
 namespace string 4
RoleRef atomic
 apiGroup string 1 . implied="rbac.authorization.k8s.io"
 kind string 2 !
 name string 3 !
Role
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 rules [PolicyRule] 2 .
RoleBinding
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 subjects [Subject] 2
 roleRef RoleRef 3 !
RoleBindingList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [RoleBinding] 2 !
RoleList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Role] 2 !
ClusterRole
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 rules [PolicyRule] 2 .
 aggregationRule *AggregationRule 3
AggregationRule
 clusterRoleSelectors [meta-v1.LabelSelector] 1
ClusterRoleBinding
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 subjects [Subject] 2
 roleRef RoleRef 3 !
ClusterRoleBindingList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ClusterRoleBinding] 2 !
ClusterRoleList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ClusterRole] 2 !
`
