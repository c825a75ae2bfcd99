/**
 * Lets pod and service traffic through chains that drop: FORWARD, as Docker makes it, and INPUT, as firewalls do.
 * Decision pure; execution through the iptables programs. Owns: the rules that carry its comment, in every back end
 * found; nothing else.
 *
 * An accept in a table of our own cannot help: every base chain at the hook must accept, and Docker's drops. So the
 * rules go where Docker reserves a place for them, the DOCKER-USER chain, or, where nothing leads there and FORWARD
 * drops (ufw, a plain policy, a last rule that rejects), to the head of FORWARD. INPUT is opened only where it is
 * closed, only for this host's pods, and only for cluster DNS and for what a service sent to this host.
 *
 * Law  `ensure` twice is `ensure` once. Rules found as wanted are left alone. `remove` leaves no rule of ours.
 */
import type { Protocol } from '../model.ts'
import { MASQUERADE_BIT, POD_INTERFACE_PREFIX } from '../nftables/layout.ts'
import { CommandError, type RunCommand } from '../command.ts'

/** Rule comment by which our rules are known. One word, because listings quote anything longer. */
const COMMENT = 'kites'
const DOCKER_CHAIN = 'DOCKER-USER'
const PROGRAMS = ['iptables-nft', 'iptables-legacy', 'iptables'] as const

/** A back end's filter table, as `iptables -S` tells it. */
export interface FilterTable {
  /** Chain -> its rules as argument vectors without `-A chain`. */
  readonly chains: ReadonlyMap<string, readonly (readonly string[])[]>
  /** Of the chains that have one. */
  readonly policies: ReadonlyMap<string, string>
}

type Rules = readonly (readonly string[])[]

/** What shall pass; empty: nothing of ours. */
export interface PassRules {
  readonly forward: Rules
  readonly input: Rules
}

/** Where this host itself answers its pods. */
export interface HostServer {
  readonly address: string
  readonly protocol: Protocol
  readonly port: number
}

export interface ForwardChange {
  readonly kind: 'insert' | 'delete'
  readonly chain: string
  readonly rule: readonly string[]
}

const ACCEPT = ['-m', 'comment', '--comment', COMMENT, '-j', 'ACCEPT']

/**
 * What must pass on: traffic from and to pods, and connections that a service translated towards a host of the cluster,
 * both directions of which carry the connection's mark.
 */
export function forwardRules(clusterNetworks: readonly string[]): Rules {
  const bit = `0x${MASQUERADE_BIT.toString(16)}`
  return [
    ...clusterNetworks.map(network => ['-s', network, ...ACCEPT]),
    ...clusterNetworks.map(network => ['-d', network, ...ACCEPT]),
    ['-m', 'connmark', '--mark', `${bit}/${bit}`, ...ACCEPT],
  ]
}

/** What pods must reach on their own host. */
export function inputRules(servers: readonly HostServer[]): Rules {
  const fromPods = ['-i', `${POD_INTERFACE_PREFIX}+`]
  return [
    ...servers.map(({ address, protocol, port }) => {
      const service = `-p ${protocol} -m ${protocol} --dport ${port}`.split(' ')
      return ['-d', `${address}/32`, ...fromPods, ...service, ...ACCEPT]
    }),
    [...fromPods, '-m', 'conntrack', '--ctstate', 'DNAT', ...ACCEPT],
  ]
}

/** Reads `iptables -S`. Lines that are not rules, chains or policies are ignored. */
export function parseFilterTable(text: string): FilterTable {
  const chains = new Map<string, Rules>()
  const policies = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [verb, name, ...rest] = line.trim().split(/\s+/)
    if (name === undefined) continue
    if (verb === '-P' || verb === '-N') chains.set(name, chains.get(name) ?? [])
    if (verb === '-P') policies.set(name, rest[0] ?? 'ACCEPT')
    if (verb === '-A') chains.set(name, [...(chains.get(name) ?? []), rest])
  }
  return { chains, policies }
}

/** Brings a back end to what is wanted. */
export function planForwardRules(table: FilterTable, wanted: PassRules): readonly ForwardChange[] {
  const homes = homesOf(table, wanted)
  const changes: ForwardChange[] = []
  for (const [chain, rules] of table.chains) {
    const target = homes.get(chain) ?? []
    const missing = new Set(target.map(rule => rule.join(' ')))
    for (const rule of rules.filter(isOurs)) {
      // Deleting from the set what is there: a second copy is then one too many.
      if (!missing.delete(rule.join(' '))) changes.push({ kind: 'delete', chain, rule })
    }
    // Each goes to the head, so the last one first. Order among accepts does not matter to packets, only to readers.
    for (const rule of target.toReversed()) {
      if (missing.has(rule.join(' '))) changes.push({ kind: 'insert', chain, rule })
    }
  }
  return changes
}

/** Chain -> the rules of ours that belong there. */
function homesOf(table: FilterTable, { forward, input }: PassRules): ReadonlyMap<string, Rules> {
  const homes = new Map<string, Rules>()
  // A flush of FORWARD leaves DOCKER-USER behind, with nothing that leads there.
  const isDockers =
    table.chains.has(DOCKER_CHAIN) &&
    table.chains.get('FORWARD')?.some(rule => rule.join(' ') === `-j ${DOCKER_CHAIN}`) === true
  if (isDockers) homes.set(DOCKER_CHAIN, forward)
  else if (isClosed(table, 'FORWARD')) homes.set('FORWARD', forward)
  if (isClosed(table, 'INPUT')) homes.set('INPUT', input)
  return homes
}

/** Whether a chain refuses what nothing in it accepts: by its policy, or by a rule without conditions. */
const isClosed = ({ chains, policies }: FilterTable, chain: string): boolean =>
  policies.get(chain) === 'DROP' ||
  chains.get(chain)?.some(([verb, target]) => verb === '-j' && REFUSALS.has(target ?? '')) === true

const REFUSALS: ReadonlySet<string> = new Set(['DROP', 'REJECT'])

const isOurs = (rule: readonly string[]): boolean => {
  const at = rule.indexOf('--comment')
  return at >= 0 && rule[at + 1] === COMMENT
}

export interface ForwardRulesOptions {
  readonly command: RunCommand
  /** Whether the legacy back end is in use: asking it otherwise would load its kernel modules. */
  readonly isLegacyInUse: () => Promise<boolean>
  readonly clusterNetworks: readonly string[]
  readonly hostServers: readonly HostServer[]
}

/** Brings all back ends to what is wanted. Returns  the number of changes. Throws  Error naming a refused one. */
export const ensureForwardRules = (options: ForwardRulesOptions): Promise<number> =>
  applyForwardRules(options, {
    forward: forwardRules(options.clusterNetworks),
    input: inputRules(options.hostServers),
  })

export const removeForwardRules = (options: ForwardRulesOptions): Promise<number> =>
  applyForwardRules(options, NOTHING)

const NOTHING: PassRules = { forward: [], input: [] }

async function applyForwardRules(options: ForwardRulesOptions, wanted: PassRules): Promise<number> {
  let count = 0
  let hasNamed = false
  const isLegacyInUse = await options.isLegacyInUse()
  for (const program of PROGRAMS) {
    if (program === 'iptables-legacy' && !isLegacyInUse) continue
    // Where the named programs exist, it is one of them under another name.
    if (program === 'iptables' && hasNamed) continue
    const table = await readTable(options, program)
    if (table === undefined) continue
    hasNamed = true
    for (const change of planForwardRules(table, wanted)) {
      await execute(options.command, program, change)
      count += 1
    }
  }
  return count
}

async function readTable(
  { command, isLegacyInUse }: ForwardRulesOptions,
  program: (typeof PROGRAMS)[number],
): Promise<FilterTable | undefined> {
  try {
    if (program === 'iptables') {
      const version = await command([program, '-V'])
      if (!version.stdout.includes('nf_tables') && !(await isLegacyInUse())) return undefined
    }
    const result = await command([program, '-w', '5', '-S'])
    return result.code === 0 ? parseFilterTable(result.stdout) : undefined
  } catch (error) {
    if (error instanceof CommandError && error.code === 'missing') return undefined
    throw error
  }
}

async function execute(
  command: RunCommand,
  program: string,
  { kind, chain, rule }: ForwardChange,
): Promise<void> {
  const argv = [program, '-w', '5', kind === 'insert' ? '-I' : '-D', chain, ...rule]
  const result = await command(argv)
  if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr.trim()}`)
}
