/**
 * Changes, and whole rulesets, as nft text. Pure. The output of `renderChanges` is one transaction for `nft -f`.
 */
import type { Chain, NftMap, NftSet, Ruleset } from './objects.ts'
import { type Change, planRuleset, ruleDigest } from './plan.ts'
import { renderRule, unreachable } from './statement.ts'

interface TableName {
  readonly family: string
  readonly table: string
}

export const renderChanges = (changes: readonly Change[], table: TableName): string =>
  changes.map(change => `${renderChange(change, `${table.family} ${table.table}`)}\n`).join('')

/** The transaction that makes the whole ruleset from nothing: for people and for golden files. */
export const renderRuleset = (ruleset: Ruleset): string =>
  renderChanges(planRuleset(undefined, ruleset), ruleset)

function renderChange(change: Change, table: string): string {
  switch (change.kind) {
    case 'add-table':
      return `add table ${table}`
    case 'delete-table':
      return `delete table ${table}`
    case 'add-set':
      return renderSet(change.set, table)
    case 'add-chain':
      return renderChain(change.chain, table)
    case 'flush-chain':
      return `flush chain ${table} ${change.name}`
    case 'add-rule':
      return `add rule ${table} ${change.chain} ${renderRule(change.rule)} comment "${ruleDigest(change.rule)}"`
    case 'delete-elements':
      return `delete element ${table} ${change.container} { ${change.keys.join(', ')} }`
    case 'add-elements':
      return `add element ${table} ${change.container} { ${change.elements.map(renderElement).join(', ')} }`
    case 'delete-chain':
      return `delete chain ${table} ${change.name}`
    case 'delete-set':
      return `delete ${change.of} ${table} ${change.name}`
    default:
      return unreachable(change)
  }
}

const renderElement = ([key, value]: readonly [string, string]): string =>
  value === '' ? key : `${key} : ${value}`

function renderSet(set: NftSet | NftMap, table: string): string {
  if (set.kind === 'map') return `add map ${table} ${set.name} { type ${set.type} : ${set.value}; }`
  const flags = [
    ...(set.interval === true ? ['interval'] : []),
    ...(set.timeoutSeconds === undefined ? [] : ['dynamic', 'timeout']),
  ]
  const timeout = set.timeoutSeconds === undefined ? '' : ` timeout ${set.timeoutSeconds}s;`
  const spec = flags.length === 0 ? '' : ` flags ${flags.join(', ')};`
  return `add set ${table} ${set.name} { type ${set.type};${spec}${timeout} }`
}

const renderChain = ({ name, hook }: Chain, table: string): string =>
  hook === undefined
    ? `add chain ${table} ${name}`
    : `add chain ${table} ${name} { type ${hook.type} hook ${hook.hook} priority ${hook.priority}; policy accept; }`
