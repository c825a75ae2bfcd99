/**
 * Gives each node its block of pod addresses. Pure.
 *
 *   cluster 10.42.0.0/16, mask 24: 256 nodes, the first gets 10.42.0.0/24, a freed block is used again
 *
 * Law  Two nodes never hold the same block; a block once given is never changed.
 * Source: kubernetes pkg/controller/nodeipam/ipam/range_allocator.go, cidrset
 */
import { formatNetwork, parseNetwork, sizeOfNetwork } from '#api/ipv4.ts'
import type { Node } from '#api/types/core-v1.ts'

export type BlockChoice =
  | { readonly kind: 'none-needed' }
  | { readonly kind: 'give'; readonly podCIDR: string }
  | { readonly kind: 'exhausted' }

/** `taken` are the blocks of all other nodes, and of nodes just served that the cache does not show yet. */
export function chooseBlock(
  node: Node,
  taken: ReadonlySet<string>,
  cluster: { readonly clusterCIDR: string; readonly nodeMaskBits: number },
): BlockChoice {
  if ((node.spec?.podCIDR ?? '') !== '' || node.metadata.deletionTimestamp !== undefined) {
    return { kind: 'none-needed' }
  }
  const { base, bits } = parseNetwork(cluster.clusterCIDR)
  const size = sizeOfNetwork(cluster.nodeMaskBits)
  const count = 2 ** Math.max(0, cluster.nodeMaskBits - bits)
  for (let index = 0; index < count; index += 1) {
    const podCIDR = formatNetwork({ base: base + index * size, bits: cluster.nodeMaskBits })
    if (!taken.has(podCIDR)) return { kind: 'give', podCIDR }
  }
  return { kind: 'exhausted' }
}
