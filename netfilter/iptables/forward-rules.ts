/**
 * Lets pod and service traffic through a FORWARD chain that drops, as Docker makes it. Decision pure; execution through
 * the iptables programs. Owns: the rules that carry its comment, in every back end found; nothing else.
 *
 * An accept in a table of our own cannot help: every base chain at the hook must accept, and Docker's drops. So the
 * rules go where Docker reserves a place for them, the DOCKER-USER chain, or, where there is none and FORWARD drops
 * (ufw, a plain policy), to the head of FORWARD.
 *
 * Law  `ensure` twice is `ensure` once. Rules found as wanted are left alone. `remove` leaves no rule of ours.
 */
import { MASQUERADE_BIT } from '../nftables/layout.ts'
import { CommandError, type RunCommand } from '../command.ts'

/** Rule comment by which our rules are known. One word, because listings quote anything longer. */
const COMMENT = 'kites'
const DOCKER_CHAIN = 'DOCKER-USER'
const PROGRAMS = ['iptables-nft', 'iptables-legacy', 'iptables'] as const

/** A back end's filter table, as `iptables -S` tells it. */
export interface FilterTable {
  /** Chain -> its rules as argument vectors without `-A chain`. */
  readonly chains: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly forwardPolicy: string
}

export interface ForwardChange {
  readonly kind: 'insert' | 'delete'
  readonly chain: string
  readonly rule: readonly string[]
}

/**
 * What must pass: traffic from and to pods, and connections that a service translated towards a host of the cluster,
 * both directions of which carry the connection's mark.
 */
export function forwardRules(clusterNetworks: readonly string[]): readonly (readonly string[])[] {
  const bit = `0x${MASQUERADE_BIT.toString(16)}`
  const accept = ['-m', 'comment', '--comment', COMMENT, '-j', 'ACCEPT']
  return [
    ...clusterNetworks.map(network => ['-s', network, ...accept]),
    ...clusterNetworks.map(network => ['-d', network, ...accept]),
    ['-m', 'connmark', '--mark', `${bit}/${bit}`, ...accept],
  ]
}

/** Reads `iptables -S`. Lines that are not rules, chains or policies are ignored. */
export function parseFilterTable(text: string): FilterTable {
  const chains = new Map<string, (readonly string[])[]>()
  let forwardPolicy = 'ACCEPT'
  for (const line of text.split('\n')) {
    const [verb, name, ...rest] = line.trim().split(/\s+/)
    if (name === undefined) continue
    if (verb === '-P' || verb === '-N') chains.set(name, chains.get(name) ?? [])
    if (verb === '-P' && name === 'FORWARD') forwardPolicy = rest[0] ?? 'ACCEPT'
    if (verb === '-A') chains.set(name, [...(chains.get(name) ?? []), rest])
  }
  return { chains, forwardPolicy }
}

/** `wanted` empty: take all of ours away. */
export function planForwardRules(
  table: FilterTable,
  wanted: readonly (readonly string[])[],
): readonly ForwardChange[] {
  const home = table.chains.has(DOCKER_CHAIN)
    ? DOCKER_CHAIN
    : table.forwardPolicy === 'DROP'
      ? 'FORWARD'
      : undefined
  const target = home === undefined ? [] : wanted
  const changes: ForwardChange[] = []
  for (const [chain, rules] of table.chains) {
    const missing = new Set(chain === home ? target.map(rule => rule.join(' ')) : [])
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

const isOurs = (rule: readonly string[]): boolean => {
  const at = rule.indexOf('--comment')
  return at >= 0 && rule[at + 1] === COMMENT
}

export interface ForwardRulesOptions {
  readonly command: RunCommand
  /** Whether the legacy back end is in use: asking it otherwise would load its kernel modules. */
  readonly isLegacyInUse: () => Promise<boolean>
  readonly clusterNetworks: readonly string[]
}

/** Brings all back ends to what is wanted. Returns  the number of changes. Throws  Error naming a refused one. */
export const ensureForwardRules = (options: ForwardRulesOptions): Promise<number> =>
  applyForwardRules(options, forwardRules(options.clusterNetworks))

export const removeForwardRules = (options: ForwardRulesOptions): Promise<number> =>
  applyForwardRules(options, [])

async function applyForwardRules(
  options: ForwardRulesOptions,
  wanted: readonly (readonly string[])[],
): Promise<number> {
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
