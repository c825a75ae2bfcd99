/**
 * Types of api/authentication/v1, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/authentication/v1/types.go (v0.36)
 */
import type { ObjectMeta } from '#api/object.ts'

export type TokenReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec: TokenReviewSpec
  readonly status?: TokenReviewStatus
}

export type TokenReviewSpec = {
  readonly token: string
  readonly audiences?: readonly string[]
}

export type TokenReviewStatus = {
  readonly authenticated?: boolean
  readonly user?: UserInfo
  readonly audiences?: readonly string[]
  readonly error?: string
}

export type UserInfo = {
  readonly username?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export type TokenRequest = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly spec?: TokenRequestSpec
  readonly status?: TokenRequestStatus
}

export type TokenRequestSpec = {
  readonly audiences?: readonly string[]
  readonly expirationSeconds?: number
  readonly boundObjectRef?: BoundObjectReference
}

export type TokenRequestStatus = {
  readonly token?: string
  readonly expirationTimestamp?: string
}

export type BoundObjectReference = {
  readonly kind?: string
  readonly apiVersion?: string
  readonly name?: string
  readonly uid?: string
}

export type SelfSubjectReview = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: ObjectMeta
  readonly status?: SelfSubjectReviewStatus
}

export type SelfSubjectReviewStatus = {
  readonly userInfo?: UserInfo
}
