/**
 * A ruleset as data: one table's chains, sets and maps, and the elements in them. Types, and small constructors.
 *
 * Names are the kernel's: table, chain, rule, set, map, element. All keys and values are nft text, in the one spelling
 * that `parse.ts` also gives back (`10.43.0.1 . tcp . 80`, `goto web-3`, `10.42.0.7 . 8080`).
 */
import type { Rule } from './statement.ts'

export interface BaseHook {
  readonly type: 'nat' | 'filter'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  /** Smaller runs earlier; nat happens at -100 (destination) and 100 (source). */
  readonly priority: number
}

export interface Chain {
  readonly kind: 'chain'
  readonly name: string
  /** Absent for chains that are only jumped to. */
  readonly hook?: BaseHook
  readonly rules: readonly Rule[]
}

export interface NftSet {
  readonly kind: 'set'
  readonly name: string
  /** `ipv4_addr . inet_proto . inet_service` */
  readonly type: string
  readonly interval?: true
  /** Filled by packets: its elements are the kernel's, never planned. Each lives this long. */
  readonly timeoutSeconds?: number
}

export interface NftMap {
  readonly kind: 'map'
  readonly name: string
  readonly type: string
  /** `verdict` or a type. */
  readonly value: string
}

export type NftObject = Chain | NftSet | NftMap

/** Elements of one set or map: key -> value; the value of a set's element is ''. */
export type Elements = ReadonlyMap<string, string>

export interface Ruleset {
  readonly family: 'ip'
  readonly table: string
  /** By name; no two share one, whatever their kinds. */
  readonly objects: ReadonlyMap<string, NftObject>
  /** By set or map name; a name without elements may be absent. */
  readonly elements: ReadonlyMap<string, Elements>
}

export const SERVICE_KEY = 'ipv4_addr . inet_proto . inet_service'
export const NODE_PORT_KEY = 'inet_proto . inet_service'
export const BACKEND_VALUE = 'ipv4_addr . inet_service'

export const chain = (name: string, rules: readonly Rule[], hook?: BaseHook): Chain => ({
  kind: 'chain',
  name,
  ...(hook === undefined ? {} : { hook }),
  rules,
})

export const verdictMap = (name: string, type: string): NftMap => ({
  kind: 'map',
  name,
  type,
  value: 'verdict',
})
