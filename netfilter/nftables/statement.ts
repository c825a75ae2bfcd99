/**
 * The statements our rules are made of, as data, and their nft text. Pure.
 *
 * Only what this library uses: whoever needs another statement adds a case here, and the compiler then names every
 * place (renderer, packet tracer) that must learn it.
 */
import type { Protocol } from '../model.ts'

/** Packet properties that rules look at, in nft's own spelling. */
export type Field =
  | 'ip saddr'
  | 'ip daddr'
  | 'ip saddr . ip daddr'
  | 'ip daddr . meta l4proto . th dport'
  | 'ip daddr . meta l4proto . th dport . ip saddr'
  | 'meta l4proto . th dport'
  | 'meta l4proto'
  | 'fib daddr type'
  | 'fib saddr . iif oif'
  | 'ct state'
  | 'iifname'
  | 'oifname'

export type Statement =
  | { readonly kind: 'match'; readonly field: Field; readonly not?: true; readonly value: string }
  | { readonly kind: 'in-set'; readonly field: Field; readonly not?: true; readonly set: string }
  | { readonly kind: 'verdict-map'; readonly field: Field; readonly map: string }
  /** Picks one of the chains, all equally likely. */
  | { readonly kind: 'spread'; readonly chains: readonly string[] }
  | { readonly kind: 'goto'; readonly chain: string }
  | { readonly kind: 'dnat-map'; readonly field: Field; readonly map: string }
  | {
      readonly kind: 'dnat'
      readonly protocol: Protocol
      readonly address: string
      readonly port: number
    }
  /** Puts the client's address into a set, or refreshes it there. */
  | { readonly kind: 'remember-source'; readonly set: string }
  | { readonly kind: 'set-mark'; readonly bit: number }
  | { readonly kind: 'has-mark'; readonly bit: number }
  | { readonly kind: 'masquerade' }
  | { readonly kind: 'reject'; readonly with: 'tcp reset' | 'icmp port-unreachable' }
  | { readonly kind: 'drop' }

export type Rule = readonly Statement[]

export const renderRule = (rule: Rule): string => rule.map(renderStatement).join(' ')

function renderStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'match':
      return `${statement.field} ${not(statement)}${statement.value}`
    case 'in-set':
      return `${statement.field} ${not(statement)}@${statement.set}`
    case 'verdict-map':
      return `${statement.field} vmap @${statement.map}`
    case 'spread':
      return `numgen random mod ${statement.chains.length} vmap { ${statement.chains
        .map((chain, index) => `${index} : goto ${chain}`)
        .join(', ')} }`
    case 'goto':
      return `goto ${statement.chain}`
    case 'dnat-map':
      // nft wants to see a transport protocol before a port may be mapped.
      return `meta l4proto { tcp, udp, sctp } dnat ip to ${statement.field} map @${statement.map}`
    case 'dnat':
      return `meta l4proto ${statement.protocol} dnat to ${statement.address}:${statement.port}`
    case 'remember-source':
      return `update @${statement.set} { ip saddr }`
    case 'set-mark':
      return `ct mark set ct mark | ${hex(statement.bit)}`
    case 'has-mark':
      return `ct mark & ${hex(statement.bit)} == ${hex(statement.bit)}`
    case 'masquerade':
      return 'masquerade fully-random'
    case 'reject':
      return `reject with ${statement.with}`
    case 'drop':
      return 'drop'
    default:
      return unreachable(statement)
  }
}

const not = (statement: { readonly not?: true }): string => (statement.not === true ? '!= ' : '')
const hex = (bit: number): string => `0x${bit.toString(16)}`

export function unreachable(value: never): never {
  throw new Error(`unknown statement: ${JSON.stringify(value)}`)
}
