/**
 * Facts of every struct of kube-aggregator/pkg/apis/apiregistration/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1'

export const facts = `
APIServiceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [APIService] 2 !
ServiceReference
 namespace string 1
 name string 2
 port *int32 3 implied=443
APIServiceSpec
 service *ServiceReference 1
 group string 2
 version string 3
 insecureSkipTLSVerify bool 4
 caBundle bytes 5
 groupPriorityMinimum int32 7 !
 versionPriority int32 8 !
APIServiceCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
APIServiceStatus
 conditions [APIServiceCondition] 1 list=type patch=merge:type
APIService
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec APIServiceSpec 2
 status APIServiceStatus 3
`
