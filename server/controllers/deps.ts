/** What every controller is handed. Types only. */
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { EventRecorder } from '#client/events.ts'
import type { Informers } from '#client/informers.ts'

export interface ClusterConfig {
  /** `10.42.0.0/16`: pod addresses, cut into one `/nodeMaskBits` per node. */
  readonly clusterCIDR: string
  readonly nodeMaskBits: number
  /** `10.43.0.0/16` */
  readonly serviceCIDR: string
  readonly nodePorts: { readonly first: number; readonly last: number }
  /** `10.43.0.10` */
  readonly clusterDNS: string
  /** Where this server is reached: the endpoints of default/kubernetes. */
  readonly advertiseAddress: string
  readonly advertisePort: number
  /** How long a node may be silent before it counts as lost; 50 s when absent. */
  readonly nodeMonitorGraceMs?: number
  /** PEM of the CA that signed the API server's certificate. */
  readonly rootCA: string
  /** Old group-versions are not served; they are when absent. */
  readonly hidesOldVersions?: boolean
}

/** What a PKCS#10 request asks for. */
export interface RequestFacts {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
}

/** The cluster's certificate authority, as far as the certificates controller needs it. */
export interface CertificateAuthority {
  /** `request` is PEM. Throws when it is malformed or its signature is wrong. */
  inspect(request: string): RequestFacts | Promise<RequestFacts>
  /** Returns PEM: the certificate, followed by its chain. */
  sign(request: CertificateSigningRequest): Promise<string>
}

export interface ControllerDeps {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly config: ClusterConfig
  /** Absent: CertificateSigningRequests are left to others. */
  readonly certificates?: CertificateAuthority
  /** The Secret in kube-system that holds a node's password; undefined = none is kept. */
  readonly nodePasswordSecret?: (nodeName: string) => string
}

/** Deps of one controller that tells events. */
export interface RecordingDeps extends ControllerDeps {
  readonly events: EventRecorder
}
