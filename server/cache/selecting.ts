/**
 * From a selection to a predicate over items and to its trigger: the one property that finds the watchers a change may
 * concern. Pure.
 */
import type { FieldSelector, LabelSelector } from '#api/selectors.ts'
import type { Selection } from './cache.ts'
import type { Matches } from './changes.ts'
import type { Item } from './item.ts'

export interface KeyParts {
  readonly groupResource: string
  /** '' for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/** `/apps/deployments/default/web` is `deployments.apps`, `default`, `web`. */
export function partsOf(key: string): KeyParts {
  const [, group = '', plural = '', namespace = '', ...name] = key.split('/')
  return {
    groupResource: group === 'core' ? plural : `${plural}.${group}`,
    namespace: namespace === '-' ? '' : namespace,
    name: name.join('/'),
  }
}

/** Where the keys of a resource, or of one namespace of it, begin. */
export function prefixOf(groupResource: string, namespace: string): string {
  const dot = groupResource.indexOf('.')
  const plural = dot === -1 ? groupResource : groupResource.slice(0, dot)
  const group = dot === -1 ? 'core' : groupResource.slice(dot + 1)
  return `/${group}/${plural}/${namespace === '' ? '' : `${namespace}/`}`
}

/** The first key that does not start with `prefix`, which ends in a slash. */
export const endOf = (prefix: string): string => `${prefix.slice(0, -1)}0`

export const isNarrow = (selection: Selection): boolean =>
  requirementsOf(selection.labels) + requirementsOf(selection.fields) > 0

const requirementsOf = (selector: LabelSelector | FieldSelector | undefined): number =>
  selector?.requirements.length ?? 0

export function matcherOf(selection: Selection): Matches {
  const { groupResource, namespace, labels, fields } = selection
  const prefix = prefixOf(groupResource, namespace)
  const inNamespace: Matches = item => namespace === '' || item.key.startsWith(prefix)
  if (!isNarrow(selection)) return inNamespace
  return item =>
    inNamespace(item) &&
    (labels === undefined || labels.matches(item.labels())) &&
    (fields === undefined || fields.matches(field => item.value(field)))
}

const NODE_FIELD = 'spec.nodeName'

/** `label` and `node` read the object; the others only its key. */
export type Trigger =
  | { readonly kind: 'every' }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'name'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'label'; readonly label: string; readonly value: string }

/** The narrowest first. */
export function triggerOf(selection: Selection): Trigger {
  const { namespace } = selection
  const field = (name: string): string | undefined =>
    selection.fields?.requirements.find(one => one.field === name && one.operator === '=')?.value
  const name = field('metadata.name')
  if (name !== undefined) {
    return { kind: 'name', namespace: namespace || (field('metadata.namespace') ?? ''), name }
  }
  const node = field(NODE_FIELD)
  if (node !== undefined) return { kind: 'node', node }
  const equality = selection.labels?.requirements.find(
    one => one.operator === 'in' && one.values.length === 1,
  )
  const value = equality?.values[0]
  if (equality !== undefined && value !== undefined) {
    return { kind: 'label', label: equality.key, value }
  }
  return namespace === '' ? { kind: 'every' } : { kind: 'namespace', namespace }
}

function textOf(trigger: Trigger): string {
  if (trigger.kind === 'every') return '*'
  if (trigger.kind === 'namespace') return `s/${trigger.namespace}`
  if (trigger.kind === 'name') return `m/${trigger.namespace}/${trigger.name}`
  if (trigger.kind === 'node') return `n/${trigger.node}`
  return `l/${trigger.label}=${trigger.value}`
}

/** Watchers by trigger. */
export class TriggerIndex<Watcher> {
  readonly #watchers = new Map<string, Set<Watcher>>()
  /** Label keys that somebody selects by, with how many do. */
  readonly #labels = new Map<string, number>()
  #nodes = 0
  size = 0

  add(trigger: Trigger, watcher: Watcher): void {
    const text = textOf(trigger)
    const set = this.#watchers.get(text) ?? new Set()
    this.#watchers.set(text, set.add(watcher))
    this.#count(trigger, 1)
  }

  remove(trigger: Trigger, watcher: Watcher): void {
    const text = textOf(trigger)
    const set = this.#watchers.get(text)
    if (set?.delete(watcher) !== true) return
    if (set.size === 0) this.#watchers.delete(text)
    this.#count(trigger, -1)
  }

  /** Every watcher that a change between these states may concern, each once. */
  *concerned(key: string, states: readonly Item[]): Generator<Watcher> {
    for (const text of this.#probes(key, states)) {
      const found = this.#watchers.get(text)
      if (found !== undefined) yield* found
    }
  }

  all(): Watcher[] {
    return [...this.#watchers.values()].flatMap(set => [...set])
  }

  #count(trigger: Trigger, by: number): void {
    this.size += by
    if (trigger.kind === 'node') this.#nodes += by
    if (trigger.kind !== 'label') return
    const count = (this.#labels.get(trigger.label) ?? 0) + by
    if (count === 0) this.#labels.delete(trigger.label)
    else this.#labels.set(trigger.label, count)
  }

  /** A watcher has one trigger, so distinct probes find distinct watchers. */
  #probes(key: string, states: readonly Item[]): Set<string> {
    const { namespace, name } = partsOf(key)
    const probes = new Set(['*', `s/${namespace}`, `m/${namespace}/${name}`, `m//${name}`])
    for (const item of states) {
      if (this.#nodes > 0) probes.add(`n/${item.value(NODE_FIELD)}`)
      for (const label of this.#labels.keys()) {
        const value = item.labels()[label]
        if (value !== undefined) probes.add(`l/${label}=${value}`)
      }
    }
    return probes
  }
}
