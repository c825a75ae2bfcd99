/**
 * Walks one packet through a ruleset and says what becomes of it. Pure.
 *
 * It reads the same statements that are rendered, and throws on what it does not know: a rule that the tracer cannot
 * follow is a rule nobody has thought about. Draws (numgen) are followed on every branch, so the answer is the set of
 * all that can happen.
 */
import { networkContains, parseAddress, parseNetwork } from '#netfilter/networks.ts'
import type { Chain, Ruleset } from '#netfilter/nftables/objects.ts'
import {
  type Field,
  type Rule,
  type Statement,
  unreachable,
} from '#netfilter/nftables/statement.ts'

export interface Packet {
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  /** `lo` for what stays on the host. */
  readonly in: string
  readonly out: string
}

interface State extends Packet {
  readonly isMarked: boolean
  readonly isMasqueraded: boolean
}

type Verdict = { readonly kind: 'accept' | 'drop' | 'reject' | 'next'; readonly state: State }

export interface World {
  readonly ruleset: Ruleset
  /** Addresses of the host itself. */
  readonly hostAddresses: ReadonlySet<string>
  /** An address that is routed elsewhere than where packets from it come in. */
  readonly spoofed?: string
  /** Clients that affinity sets know: set name -> addresses. */
  readonly known?: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * What can become of a packet that enters at `entry`: sorted, e.g. `10.42.0.2:80`, `10.42.0.2:80 masqueraded`,
 * `refused`, `dropped`.
 */
export function trace(world: World, entry: 'prerouting' | 'output', packet: Packet): string[] {
  const start: State = { ...packet, isMarked: false, isMasqueraded: false }
  const outcomes = hookOf(world, entry, start).flatMap(after => {
    if (after.kind !== 'accept') return [show(after)]
    const isHere = world.hostAddresses.has(after.state.to)
    const rest =
      entry === 'output' ? ['postrouting'] : isHere ? ['input'] : ['forward', 'postrouting']
    return throughHooks(world, rest, after.state).map(show)
  })
  return [...new Set(outcomes)].sort()
}

function throughHooks(world: World, hooks: readonly string[], state: State): Verdict[] {
  const [hook, ...rest] = hooks
  if (hook === undefined) return [{ kind: 'accept', state }]
  return hookOf(world, hook, state).flatMap(after =>
    after.kind === 'accept' ? throughHooks(world, rest, after.state) : [after],
  )
}

const show = ({ kind, state }: Verdict): string => {
  if (kind === 'drop') return 'dropped'
  if (kind === 'reject') return 'refused'
  return `${state.to}:${state.port}${state.isMasqueraded ? ' masqueraded' : ''}`
}

/** All base chains at a hook, by priority. */
function hookOf(world: World, hook: string, state: State): Verdict[] {
  const chains = [...world.ruleset.objects.values()]
    .filter((object): object is Chain => object.kind === 'chain' && object.hook?.hook === hook)
    .sort((left, right) => (left.hook?.priority ?? 0) - (right.hook?.priority ?? 0))
  let verdicts: Verdict[] = [{ kind: 'accept', state }]
  for (const each of chains) {
    verdicts = verdicts.flatMap(verdict =>
      verdict.kind === 'accept'
        ? chainOf(world, each, verdict.state).map(after =>
            after.kind === 'next' ? { ...after, kind: 'accept' as const } : after,
          )
        : [verdict],
    )
  }
  return verdicts
}

function chainOf(world: World, { rules }: Chain, state: State): Verdict[] {
  let verdicts: Verdict[] = [{ kind: 'next', state }]
  for (const rule of rules) {
    verdicts = verdicts.flatMap(verdict =>
      verdict.kind === 'next' ? ruleOf(world, rule, verdict.state) : [verdict],
    )
  }
  return verdicts
}

function ruleOf(world: World, rule: Rule, state: State): Verdict[] {
  const [statement, ...rest] = rule
  if (statement === undefined) return [{ kind: 'next', state }]
  const verdicts = statementOf(world, statement, state)
  if (verdicts === undefined) return [{ kind: 'next', state }]
  return verdicts.flatMap(verdict =>
    verdict.kind === 'next' ? ruleOf(world, rest, verdict.state) : [verdict],
  )
}

/** undefined: the statement did not match, the rule ends here. */
function statementOf(world: World, statement: Statement, state: State): Verdict[] | undefined {
  const next: Verdict[] = [{ kind: 'next', state }]
  switch (statement.kind) {
    case 'match':
      return matches(world, statement, state) === (statement.not !== true) ? next : undefined
    case 'in-set':
      return isInSet(world, statement, state) === (statement.not !== true) ? next : undefined
    case 'verdict-map': {
      const verdict = elementsOf(world, statement.map).get(fieldOf(statement.field, state))
      return verdict === undefined ? undefined : goTo(world, verdict.replace(/^goto /, ''), state)
    }
    case 'spread':
      return statement.chains.flatMap(name => goTo(world, name, state))
    case 'goto':
      return goTo(world, statement.chain, state)
    case 'dnat-map': {
      const value = elementsOf(world, statement.map).get(fieldOf(statement.field, state))
      if (value === undefined) return undefined
      const [to = '', port = ''] = value.split(' . ')
      return [{ kind: 'accept', state: { ...state, to, port: Number(port) } }]
    }
    case 'dnat':
      if (state.protocol !== statement.protocol) return undefined
      return [{ kind: 'accept', state: { ...state, to: statement.address, port: statement.port } }]
    case 'remember-source':
      return next
    case 'set-mark':
      return [{ kind: 'next', state: { ...state, isMarked: true } }]
    case 'has-mark':
      return state.isMarked ? next : undefined
    case 'masquerade':
      return [{ kind: 'accept', state: { ...state, isMasqueraded: true } }]
    case 'reject':
      return [{ kind: 'reject', state }]
    case 'drop':
      return [{ kind: 'drop', state }]
    default:
      return unreachable(statement)
  }
}

/** After a goto nothing comes back; the end of the chain is the base chain's policy. */
function goTo(world: World, name: string, state: State): Verdict[] {
  const target = world.ruleset.objects.get(name)
  if (target?.kind !== 'chain') throw new Error(`no chain ${name}`)
  return chainOf(world, target, state).map(verdict =>
    verdict.kind === 'next' ? { ...verdict, kind: 'accept' as const } : verdict,
  )
}

const elementsOf = (world: World, name: string): ReadonlyMap<string, string> => {
  if (!world.ruleset.objects.has(name)) throw new Error(`no map ${name}`)
  return world.ruleset.elements.get(name) ?? new Map()
}

type Match = Extract<Statement, { kind: 'match' }>

function matches(world: World, { field, value }: Match, state: State): boolean {
  if (field === 'fib daddr type' && value === 'local') {
    return world.hostAddresses.has(state.to) || state.to.startsWith('127.')
  }
  // Every packet here opens a connection.
  if (field === 'ct state' && value === 'new') return true
  if (field === 'meta l4proto') return state.protocol === value
  // Packets here come from whom they say.
  if (field === 'fib saddr . iif oif' && value === 'missing') return world.spoofed === state.from
  if (field === 'iifname') return isInterface(value, state.in)
  if (field === 'oifname') return `"${state.out}"` === value
  if (field === 'ip saddr' || field === 'ip daddr') return isWithin(value, fieldOf(field, state))
  throw new Error(`the tracer does not know ${field} ${value}`)
}

const isInterface = (value: string, name: string): boolean => {
  const wanted = value.replaceAll('"', '')
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted
}

type InSet = Extract<Statement, { kind: 'in-set' }>

function isInSet(world: World, { field, set }: InSet, state: State): boolean {
  const object = world.ruleset.objects.get(set)
  if (object?.kind !== 'set') throw new Error(`no set ${set}`)
  if (object.timeoutSeconds !== undefined) return world.known?.get(set)?.has(state.from) === true
  const elements = elementsOf(world, set)
  const value = fieldOf(field, state)
  if (object.interval !== true) return elements.has(value)
  const address = value.split(' . ').at(-1) ?? ''
  const head = value.slice(0, value.length - address.length)
  return [...elements.keys()].some(
    key => key.startsWith(head) && isWithin(key.slice(head.length), address),
  )
}

const isWithin = (text: string, address: string): boolean => {
  const network = parseNetwork(text)
  const value = parseAddress(address)
  return network !== undefined && value !== undefined && networkContains(network, value)
}

function fieldOf(field: Field, { from, to, protocol, port }: State): string {
  switch (field) {
    case 'ip saddr':
      return from
    case 'ip daddr':
      return to
    case 'ip saddr . ip daddr':
      return `${from} . ${to}`
    case 'ip daddr . meta l4proto . th dport':
      return `${to} . ${protocol} . ${port}`
    case 'ip daddr . meta l4proto . th dport . ip saddr':
      return `${to} . ${protocol} . ${port} . ${from}`
    case 'meta l4proto . th dport':
      return `${protocol} . ${port}`
    default:
      throw new Error(`the tracer cannot read ${field}`)
  }
}
