/**
 * What a node's packet filter shall do, in plain words: no Kubernetes object, no kernel vocabulary. Types only.
 *
 * A compiler (nftables today; IPVS can share it) turns these tables into what a kernel understands.
 * Addresses are IPv4 text (`10.43.0.1`), networks are CIDR text (`10.42.0.0/16`), ports 1 to 65535.
 */

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** Where clients knock. `node-port` means every address of this node. */
export type Frontend =
  | {
      readonly kind: 'address'
      readonly address: string
      readonly protocol: Protocol
      readonly port: number
    }
  | { readonly kind: 'node-port'; readonly protocol: Protocol; readonly port: number }

export interface Backend {
  readonly address: string
  readonly port: number
  /** Lives behind an interface of this node: only such a one can meet itself (hairpin). */
  readonly local: boolean
}

/**
 * Whose source address is replaced by this node's, so that answers come back the same way:
 * `never`, `outside` (clients that are not in a cluster network, hence this node itself too), `always`.
 */
export type MasqueradePolicy = 'never' | 'outside' | 'always'

export interface VirtualService {
  /** For people, and to settle disputes over a frontend: of the lowest rank, the smallest name wins. */
  readonly name: string
  /** 0 when absent. Higher for addresses that their owner chose freely: they never take one that was allocated. */
  readonly rank?: number
  readonly frontend: Frontend
  readonly backends: readonly Backend[]
  readonly masquerade: MasqueradePolicy
  /**
   * Backends for clients in the cluster networks and on this node, where they differ from everybody else's.
   * Such clients are masqueraded by the `outside` policy.
   */
  readonly insideBackends?: readonly Backend[]
  /** A client keeps its backend for this long after its last new connection. */
  readonly affinitySeconds?: number
  /** Networks whose clients may enter; absent means all. Address frontends only. */
  readonly sourceRanges?: readonly string[]
  /** What meets a client while there is no backend for it. */
  readonly empty: 'reject' | 'drop'
}

/** What does not change with services. */
export interface HostNetworks {
  /** Addresses of this node's own pods. */
  readonly podNetworks: readonly string[]
  /** Addresses of all pods of the cluster. */
  readonly clusterNetworks: readonly string[]
  /** Addresses that only exist as frontends: whoever knocks at an unused one is refused. */
  readonly serviceNetworks: readonly string[]
}

/** One frontend, one identity: `tcp 10.43.0.1:443`, `udp *:30053`. */
export const frontendId = (frontend: Frontend): string =>
  `${frontend.protocol} ${frontend.kind === 'address' ? frontend.address : '*'}:${frontend.port}`

/** Fixed order, so that the same backends always compile to the same rules. */
export const sortBackends = (backends: readonly Backend[]): readonly Backend[] =>
  backends.toSorted(
    (left, right) => compareText(left.address, right.address) || left.port - right.port,
  )

const compareText = (left: string, right: string): number => {
  if (left === right) return 0
  return left < right ? -1 : 1
}
