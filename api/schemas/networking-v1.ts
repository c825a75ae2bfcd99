/**
 * Facts of every struct of api/networking/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/networking/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.networking.v1'

export const facts = `
enum PolicyType Egress|Ingress
NetworkPolicy
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec NetworkPolicySpec 2
NetworkPolicySpec
 podSelector meta-v1.LabelSelector 1 .
 ingress [NetworkPolicyIngressRule] 2
 egress [NetworkPolicyEgressRule] 3
 policyTypes [PolicyType] 4
NetworkPolicyIngressRule
 ports [NetworkPolicyPort] 1
 from [NetworkPolicyPeer] 2
NetworkPolicyEgressRule
 ports [NetworkPolicyPort] 1
 to [NetworkPolicyPeer] 2
NetworkPolicyPort
 protocol *core-v1.Protocol 1 implied="TCP"
 port *int-or-string 2
 endPort *int32 3
IPBlock
 cidr string 1 !
 except [string] 2
NetworkPolicyPeer
 podSelector *meta-v1.LabelSelector 1
 namespaceSelector *meta-v1.LabelSelector 2
 ipBlock *IPBlock 3
NetworkPolicyList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [NetworkPolicy] 2 !
Ingress
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec IngressSpec 2
 status IngressStatus 3
IngressList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Ingress] 2 !
IngressSpec
 ingressClassName *string 4
 defaultBackend *IngressBackend 1
 tls [IngressTLS] 2
 rules [IngressRule] 3
IngressTLS
 hosts [string] 1
 secretName string 2
IngressStatus
 loadBalancer IngressLoadBalancerStatus 1
IngressLoadBalancerStatus
 ingress [IngressLoadBalancerIngress] 1
IngressLoadBalancerIngress
 ip string 1
 hostname string 2
 ports [IngressPortStatus] 4
IngressPortStatus
 port int32 1 !
 protocol core-v1.Protocol 2 !
 error *string 3
IngressRule
 host string 1
 ...IngressRuleValue 2
IngressRuleValue
 http *HTTPIngressRuleValue 1
HTTPIngressRuleValue
 paths [HTTPIngressPath] 1 !
HTTPIngressPath
 path string 1
 pathType *string 3 !
 backend IngressBackend 2 !
IngressBackend
 service *IngressServiceBackend 4
 resource *core-v1.TypedLocalObjectReference 3
IngressServiceBackend
 name string 1 !
 port ServiceBackendPort 2
ServiceBackendPort atomic
 name string 1
 number int32 2
IngressClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec IngressClassSpec 2
IngressClassSpec
 controller string 1
 parameters *IngressClassParametersReference 2
IngressClassParametersReference
 apiGroup *string 1
 kind string 2 !
 name string 3 !
 scope *string 4 . implied="Cluster"
 namespace *string 5
IngressClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [IngressClass] 2 !
IPAddress
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec IPAddressSpec 2 !?
IPAddressSpec
 parentRef *ParentReference 1 !?
ParentReference
 group string 1
 resource string 2 !?
 namespace string 3
 name string 4 !?
IPAddressList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [IPAddress] 2 !
ServiceCIDR
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ServiceCIDRSpec 2
 status ServiceCIDRStatus 3
ServiceCIDRSpec
 cidrs [string] 1
ServiceCIDRStatus
 conditions [meta-v1.Condition] 1 list=type patch=merge:type
ServiceCIDRList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ServiceCIDR] 2 !
`
