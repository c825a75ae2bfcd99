/**
 * Types of kube-aggregator/pkg/apis/apiregistration/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/types.go (v0.36)
 */
import type { ObjectList, ObjectMeta } from '#api/object.ts'

export type APIServiceList = ObjectList<APIService>

export type ServiceReference = {
  readonly namespace?: string
  readonly name?: string
  readonly port?: number
}

export type APIServiceSpec = {
  readonly service?: ServiceReference
  readonly group?: string
  readonly version?: string
  readonly insecureSkipTLSVerify?: boolean
  readonly caBundle?: string
  readonly groupPriorityMinimum: number
  readonly versionPriority: number
}

export type APIServiceCondition = {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

export type APIServiceStatus = {
  readonly conditions?: readonly APIServiceCondition[]
}

export type APIService = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: APIServiceSpec
  readonly status?: APIServiceStatus
}
