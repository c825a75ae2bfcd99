/**
 * From what the kernel holds to what it shall hold: the smallest list of changes, to be run as one transaction, or as
 * two when chains are new. Pure.
 *
 * Order is data: new sets and maps, new chains, rules, elements out, elements in, then what is gone; so every name is
 * there before it is used and unused before it goes.
 *
 * Law  apply(plan(listed, wanted)) == wanted; plan(wanted, wanted) is empty; elements that stay are never named.
 *      A chain's rules are replaced as a whole when one differs. Where an object's definition differs (another version
 *      of this program wrote it), the table is replaced, still in one transaction.
 */
import { createHash } from 'node:crypto'
import type { Chain, Elements, NftMap, NftObject, NftSet, Ruleset } from './objects.ts'
import { renderRule, type Rule } from './statement.ts'

export type Change =
  | { readonly kind: 'delete-table' }
  | { readonly kind: 'add-table' }
  | { readonly kind: 'add-set'; readonly set: NftSet | NftMap }
  | { readonly kind: 'add-chain'; readonly chain: Chain }
  | { readonly kind: 'flush-chain'; readonly name: string }
  | { readonly kind: 'add-rule'; readonly chain: string; readonly rule: Rule }
  | {
      readonly kind: 'delete-elements'
      readonly container: string
      readonly keys: readonly string[]
    }
  | {
      readonly kind: 'add-elements'
      readonly container: string
      readonly elements: readonly (readonly [string, string])[]
    }
  | { readonly kind: 'delete-chain'; readonly name: string }
  | { readonly kind: 'delete-set'; readonly of: 'set' | 'map'; readonly name: string }

/** What can be seen of an object in the kernel: enough to tell whether it is the one we want. */
export interface ObjectMark {
  readonly kind: NftObject['kind']
  readonly name: string
  readonly definition: string
  /** Digest of each rule, in order; `''` for a rule that is not ours. */
  readonly rules: readonly string[]
}

export interface ListedRuleset {
  readonly objects: ReadonlyMap<string, ObjectMark>
  readonly elements: ReadonlyMap<string, Elements>
}

/** What a state touched since it was last asked: names, and what was there before (undefined: nothing). */
export interface Touched {
  readonly objects: ReadonlyMap<string, NftObject | undefined>
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string | undefined>>
}

interface ObjectRow {
  readonly name: string
  readonly before: ObjectMark | undefined
  readonly after: NftObject | undefined
}

interface ElementRow {
  readonly key: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Digest that a rule carries as its comment, so that it is known again without understanding nft's spelling of it. */
export const ruleDigest = (rule: Rule): string =>
  createHash('sha256').update(renderRule(rule)).digest('hex').slice(0, 12)

export function markOf(object: NftObject): ObjectMark {
  const { kind, name } = object
  const rules = kind === 'chain' ? object.rules.map(ruleDigest) : []
  return { kind, name, definition: definitionOf(object), rules }
}

export function definitionOf(object: NftObject): string {
  if (object.kind === 'map') return `${object.type} : ${object.value}`
  if (object.kind === 'chain') {
    return object.hook === undefined
      ? ''
      : `${object.hook.type} ${object.hook.hook} ${object.hook.priority}`
  }
  const interval = object.interval === true ? ' interval' : ''
  const timeout = object.timeoutSeconds === undefined ? '' : ` timeout ${object.timeoutSeconds}`
  return `${object.type}${interval}${timeout}`
}

/** Everything: at start and for repair. `listed` is undefined when the kernel has no such table. */
export function planRuleset(listed: ListedRuleset | undefined, wanted: Ruleset): readonly Change[] {
  if (listed === undefined) return [{ kind: 'add-table' }, ...planFrom(NOTHING, wanted)]
  return redefines(listed, wanted)
    ? [{ kind: 'delete-table' }, { kind: 'add-table' }, ...planFrom(NOTHING, wanted)]
    : planFrom(listed, wanted)
}

/**
 * The transactions that changes are run in, one after the other: mostly one. Chains that are new come before the
 * elements that lead to them, because a packet that is on its way through the ruleset while a transaction is committed
 * finds the new elements, and behind them chains that are still empty for it.
 */
export function transactionsOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const added = new Set(
    changes.flatMap(change => (change.kind === 'add-chain' ? [change.chain] : [])),
  )
  const isFirst = changes.some(({ kind }) => kind === 'add-table')
  // With a chain that packets enter by, the whole takes effect at once.
  if (isFirst || added.size === 0 || [...added].some(({ hook }) => hook !== undefined))
    return [changes]
  const names = new Set([...added].map(({ name }) => name))
  const isGround = (change: Change): boolean =>
    change.kind === 'add-set' ||
    change.kind === 'add-chain' ||
    (change.kind === 'add-rule' && names.has(change.chain))
  const rest = changes.filter(change => !isGround(change))
  return rest.length === 0 ? [changes] : [changes.filter(isGround), rest]
}

const NOTHING: ListedRuleset = { objects: new Map(), elements: new Map() }

const redefines = (listed: ListedRuleset, wanted: Ruleset): boolean =>
  [...wanted.objects.values()].some(object => {
    const mark = listed.objects.get(object.name)
    return (
      mark !== undefined && (mark.kind !== object.kind || mark.definition !== definitionOf(object))
    )
  })

function planFrom(listed: ListedRuleset, wanted: Ruleset): readonly Change[] {
  const names = new Set([...wanted.objects.keys(), ...listed.objects.keys()])
  const objects = [...names].map(name => ({
    name,
    before: listed.objects.get(name),
    after: wanted.objects.get(name),
  }))
  const containers = new Set([...wanted.elements.keys(), ...listed.elements.keys()])
  const elements = new Map(
    [...containers].map(name => [
      name,
      compareElements(listed.elements.get(name), wanted.elements.get(name)),
    ]),
  )
  return changes({ objects, elements, wanted })
}

function compareElements(
  before: Elements = new Map(),
  after: Elements = new Map(),
): readonly ElementRow[] {
  const rows: ElementRow[] = []
  for (const [key, value] of after) {
    if (before.get(key) !== value) rows.push({ key, before: before.get(key), after: value })
  }
  for (const [key, value] of before) {
    if (!after.has(key)) rows.push({ key, before: value, after: undefined })
  }
  return rows
}

/** Only what was touched, against the state as it is now. */
export function planTouched(touched: Touched, wanted: Ruleset): readonly Change[] {
  const objects = [...touched.objects].map(([name, before]) => ({
    name,
    before: before === undefined ? undefined : markOf(before),
    after: wanted.objects.get(name),
  }))
  const elements = new Map(
    [...touched.elements].map(([container, rows]) => [
      container,
      [...rows]
        .map(([key, before]) => ({ key, before, after: wanted.elements.get(container)?.get(key) }))
        .filter(row => row.before !== row.after),
    ]),
  )
  return changes({ objects, elements, wanted })
}

interface Comparison {
  readonly objects: readonly ObjectRow[]
  readonly elements: ReadonlyMap<string, readonly ElementRow[]>
  readonly wanted: Ruleset
}

function changes(comparison: Comparison): readonly Change[] {
  const { objects, elements, wanted } = comparison
  const gone = objects.filter(row => row.after === undefined && row.before !== undefined)
  const goneChains = gone.filter(row => row.before?.kind === 'chain')
  return [
    ...objects.flatMap(row => addSet(row)),
    ...objects.flatMap(row => addChain(row)),
    // Chains that go give up their references before anything is deleted.
    ...goneChains.map(({ name }): Change => ({ kind: 'flush-chain', name })),
    ...objects.flatMap(row => replaceRules(row)),
    ...[...elements].flatMap(([container, rows]) => deleteElements(container, rows, wanted)),
    ...[...elements].flatMap(([container, rows]) => addElements(container, rows, wanted)),
    ...goneChains.map(({ name }): Change => ({ kind: 'delete-chain', name })),
    ...gone.flatMap(({ name, before }): readonly Change[] =>
      before === undefined || before.kind === 'chain'
        ? []
        : [{ kind: 'delete-set', of: before.kind, name }],
    ),
  ]
}

function addSet({ before, after }: ObjectRow): readonly Change[] {
  if (before !== undefined || after === undefined || after.kind === 'chain') return []
  return [{ kind: 'add-set', set: after }]
}

function addChain({ before, after }: ObjectRow): readonly Change[] {
  if (before !== undefined || after === undefined || after.kind !== 'chain') return []
  return [{ kind: 'add-chain', chain: after }]
}

function replaceRules({ name, before, after }: ObjectRow): readonly Change[] {
  if (after === undefined || after.kind !== 'chain') return []
  const digests = after.rules.map(ruleDigest)
  if (before !== undefined && isSame(before.rules, digests)) return []
  const rules = after.rules.map((rule): Change => ({ kind: 'add-rule', chain: name, rule }))
  return before === undefined || before.rules.length === 0
    ? rules
    : [{ kind: 'flush-chain', name }, ...rules]
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((text, index) => text === right[index])

/** Elements of sets that packets fill are the kernel's business; those of a set that goes, go with it. */
const isPlanned = (container: string, wanted: Ruleset): boolean => {
  const object = wanted.objects.get(container)
  if (object === undefined || object.kind === 'chain') return false
  return object.kind === 'map' || object.timeoutSeconds === undefined
}

function deleteElements(
  container: string,
  rows: readonly ElementRow[],
  wanted: Ruleset,
): readonly Change[] {
  const keys = rows.filter(row => row.before !== undefined).map(row => row.key)
  if (keys.length === 0) return []
  // Verdicts hold on to chains: a map that goes lets go of them first.
  if (!wanted.objects.has(container)) return [{ kind: 'delete-elements', container, keys }]
  return isPlanned(container, wanted) ? [{ kind: 'delete-elements', container, keys }] : []
}

function addElements(
  container: string,
  rows: readonly ElementRow[],
  wanted: Ruleset,
): readonly Change[] {
  if (!isPlanned(container, wanted)) return []
  const elements = rows.flatMap(({ key, after }) =>
    after === undefined ? [] : [[key, after] as const],
  )
  return elements.length === 0 ? [] : [{ kind: 'add-elements', container, elements }]
}
