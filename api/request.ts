/**
 * The words that authentication, authorization, admission and the registry share about one request. Types only.
 * Source: k8s.io/apiserver pkg/authentication/user, pkg/authorization/authorizer, pkg/admission
 */
import type { AnyObject } from './object.ts'

export interface UserInfo {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** The identity of in-process parts (controllers, scheduler); they name themselves in `userAgent`. */
export const LOOPBACK: UserInfo = {
  name: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'connect'

/** What an authorizer is asked about. Non-resource requests have only `user`, `verb` and `path`. */
export interface RequestAttributes {
  readonly user: UserInfo
  /** A Verb, `connect` for exec-like, or the lower-case HTTP method for non-resource paths. */
  readonly verb: string
  readonly isResource: boolean
  readonly path: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** The query's `fieldSelector` as sent, of list, watch and deletecollection: a node may list only its own pods. */
  readonly fieldSelector?: string
}

export type Decision = 'allow' | 'deny' | 'no-opinion'

export interface Authorization {
  readonly decision: Decision
  readonly reason: string
}

export interface Authorizer {
  authorize(attributes: RequestAttributes): Authorization | Promise<Authorization>
}

/** What the listener knows about the peer before any identity is decided. */
export interface Credentials {
  /** The value of `Authorization` after `Bearer `, untrusted. */
  readonly bearer?: string
  /** User and password of `Authorization: Basic`, untrusted (only the join endpoints take it). */
  readonly basic?: { readonly user: string; readonly password: string }
  /** DER of a client certificate whose chain and dates TLS has verified against the client CA. */
  readonly certificate?: Buffer
  /** A certificate was shown that TLS did not accept (another CA, its dates): whoever shows one is not anonymous. */
  readonly hasRefusedCertificate?: boolean
}

export interface Authenticator {
  /**
   * Returns  the user; undefined when these credentials are not of this authenticator's kind.
   * Throws   StatusError(Unauthorized) when they are, and are wrong.
   */
  authenticate(credentials: Credentials): UserInfo | undefined | Promise<UserInfo | undefined>
}

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

export interface AdmissionAttributes {
  readonly operation: AdmissionOperation
  /** The verb that was authorized: `update` and `patch` are both UPDATE. */
  readonly verb: string
  readonly user: UserInfo
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** The object as it would be stored; undefined on DELETE. */
  readonly object: AnyObject | undefined
  /** The stored object; undefined on CREATE. */
  readonly oldObject: AnyObject | undefined
  /** The verb's options body (DeleteOptions, Eviction, PodExecOptions ...), when it has one. */
  readonly options: unknown
  readonly dryRun: boolean
}

/**
 * One admission plugin. `admit` may return a changed copy of the object; `validate` may only refuse.
 * Both refuse by throwing a StatusError, usually Forbidden.
 */
export interface AdmissionPlugin {
  readonly name: string
  handles(operation: AdmissionOperation): boolean
  admit?(attributes: AdmissionAttributes): AnyObject | undefined | Promise<AnyObject | undefined>
  validate?(attributes: AdmissionAttributes): void | Promise<void>
}
