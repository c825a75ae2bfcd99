/**
 * Types of api/networking/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/networking/v1/types.go (v0.36)
 */
import type { Protocol, TypedLocalObjectReference } from './core-v1.ts'
import type { Condition, LabelSelector } from './meta-v1.ts'
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type PolicyType = 'Egress' | 'Ingress'

export type NetworkPolicy = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: NetworkPolicySpec
}

export type NetworkPolicySpec = {
  readonly podSelector?: LabelSelector
  readonly ingress?: readonly NetworkPolicyIngressRule[]
  readonly egress?: readonly NetworkPolicyEgressRule[]
  readonly policyTypes?: readonly PolicyType[]
}

export type NetworkPolicyIngressRule = {
  readonly ports?: readonly NetworkPolicyPort[]
  readonly from?: readonly NetworkPolicyPeer[]
}

export type NetworkPolicyEgressRule = {
  readonly ports?: readonly NetworkPolicyPort[]
  readonly to?: readonly NetworkPolicyPeer[]
}

export type NetworkPolicyPort = {
  readonly protocol?: Protocol
  readonly port?: number | string
  readonly endPort?: number
}

export type IPBlock = {
  readonly cidr: string
  readonly except?: readonly string[]
}

export type NetworkPolicyPeer = {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
  readonly ipBlock?: IPBlock
}

export type NetworkPolicyList = ObjectList<NetworkPolicy>

export type Ingress = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: IngressSpec
  readonly status?: IngressStatus
}

export type IngressList = ObjectList<Ingress>

export type IngressSpec = {
  readonly ingressClassName?: string
  readonly defaultBackend?: IngressBackend
  readonly tls?: readonly IngressTLS[]
  readonly rules?: readonly IngressRule[]
}

export type IngressTLS = {
  readonly hosts?: readonly string[]
  readonly secretName?: string
}

export type IngressStatus = {
  readonly loadBalancer?: IngressLoadBalancerStatus
}

export type IngressLoadBalancerStatus = {
  readonly ingress?: readonly IngressLoadBalancerIngress[]
}

export type IngressLoadBalancerIngress = {
  readonly ip?: string
  readonly hostname?: string
  readonly ports?: readonly IngressPortStatus[]
}

export type IngressPortStatus = {
  readonly port: number
  readonly protocol: Protocol
  readonly error?: string
}

export type IngressRule = {
  readonly host?: string
  readonly http?: HTTPIngressRuleValue
}

export type IngressRuleValue = {
  readonly http?: HTTPIngressRuleValue
}

export type HTTPIngressRuleValue = {
  readonly paths: readonly HTTPIngressPath[]
}

export type HTTPIngressPath = {
  readonly path?: string
  readonly pathType: string
  readonly backend: IngressBackend
}

export type IngressBackend = {
  readonly service?: IngressServiceBackend
  readonly resource?: TypedLocalObjectReference
}

export type IngressServiceBackend = {
  readonly name: string
  readonly port?: ServiceBackendPort
}

export type ServiceBackendPort = {
  readonly name?: string
  readonly number?: number
}

export type IngressClass = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: IngressClassSpec
}

export type IngressClassSpec = {
  readonly controller?: string
  readonly parameters?: IngressClassParametersReference
}

export type IngressClassParametersReference = {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly scope?: string
  readonly namespace?: string
}

export type IngressClassList = ObjectList<IngressClass>

export type IPAddress = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: IPAddressSpec
}

export type IPAddressSpec = {
  readonly parentRef: ParentReference
}

export type ParentReference = {
  readonly group?: string
  readonly resource: string
  readonly namespace?: string
  readonly name: string
}

export type IPAddressList = ObjectList<IPAddress>

export type ServiceCIDR = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: ServiceCIDRSpec
  readonly status?: ServiceCIDRStatus
}

export type ServiceCIDRSpec = {
  readonly cidrs?: readonly string[]
}

export type ServiceCIDRStatus = {
  readonly conditions?: readonly Condition[]
}

export type ServiceCIDRList = ObjectList<ServiceCIDR>
