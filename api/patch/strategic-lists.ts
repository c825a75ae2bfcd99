/**
 * The lists of a strategic merge patch: merging by key or value, and the order of what comes out. Pure.
 *
 * Order: the elements named by the patch keep the patch's order, elements only the server has keep theirs, and the two
 * interleave by the server's order where both know it; elsewhere the patch's come first. Original `a b`, patch `c`
 * gives `c a b`; with `$setElementOrder: a c` it gives `a c b`, because nothing says where `b` stands beside `c`.
 * Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go mergeSlice, normalizeElementOrder, mergeSortedSlice
 */

import { goText } from '#api/go-text.ts'
import { isList, type JsonObject, propertyOf } from '#api/json.ts'
import { isElementDirective } from '#api/patch/strategic-directives.ts'
import { badRequest, StatusError } from '#api/status.ts'
import { isRecord } from '#api/values.ts'

type List = readonly unknown[]

/** How the elements of one list are told apart and merged. */
export interface Elements {
  /** undefined for lists of scalars. */
  readonly mergeKey: string | undefined
  readonly merge: (present: JsonObject, patch: JsonObject) => JsonObject
  /** An element, or a whole list, that is new: without directives and nulls. */
  readonly plain: (value: unknown) => unknown
}

/** Merges two lists whose strategy is `merge`. */
export function mergeLists(original: List, patch: List, elements: Elements): List {
  const { mergeKey } = elements
  if ([...original, ...patch].some(isList)) throw unmergeable('lists of lists are not supported')
  if (![...original, ...patch].some(isRecord)) {
    return interleave([...new Set([...original, ...patch])], patch, original, undefined)
  }
  if (mergeKey === undefined) throw unmergeable('cannot merge lists without merge key')
  const plan = resolveDirectives(original, patch, mergeKey)
  const merged = [...plan.original]
  const places = new Map<unknown, number>()
  for (const [at, item] of merged.entries()) {
    const key = keyValue(item, mergeKey)
    if (!places.has(key)) places.set(key, at)
  }
  for (const item of plan.patch) {
    const key = keyValue(item, mergeKey)
    const at = places.get(key) ?? merged.length
    const present = merged[at]
    places.set(key, at)
    if (isRecord(present)) merged[at] = elements.merge(present, item)
    else merged.push(elements.plain(item))
  }
  return interleave(merged, plan.patch, plan.original, mergeKey)
}

/** Upstream hides the reason of these as well. */
const unmergeable = (reason: string): StatusError =>
  new StatusError(
    'Invalid',
    'the server rejected our request due to an error in our request',
    {},
    { cause: new Error(reason) },
  )

function keyValue(item: unknown, mergeKey: string): unknown {
  const value = isRecord(item) ? propertyOf(item, mergeKey) : undefined
  if (value === undefined) {
    throw badRequest(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`)
  }
  return value
}

interface ListPlan {
  readonly original: List
  readonly patch: readonly JsonObject[]
}

/** Takes `$patch: delete` and `$patch: replace` elements out of the patch and does what they say. */
function resolveDirectives(original: List, patch: List, mergeKey: string): ListPlan {
  const elements: JsonObject[] = []
  const deleted = new Set<unknown>()
  let replaces = false
  for (const item of patch) {
    if (!isRecord(item)) throw badRequest(`expected a map, got: ${JSON.stringify(item)}`)
    const directive = propertyOf(item, '$patch')
    if (directive === undefined) elements.push(item)
    else if (directive === 'delete') deleted.add(keyValue(item, mergeKey))
    else if (directive === 'replace') replaces = true
    else if (directive === 'merge') {
      throw badRequest('merging lists cannot yet be specified in the patch')
    } else {
      throw badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`)
    }
  }
  if (replaces) return { original: [], patch: elements }
  return {
    original: original.filter(item => !deleted.has(keyValue(item, mergeKey))),
    patch: elements,
  }
}

/** What identifies an element: its merge key, or itself when it is a scalar. */
const identity = (item: unknown, mergeKey: string | undefined): unknown =>
  mergeKey === undefined || !isRecord(item) ? item : keyValue(item, mergeKey)

/** `all` in the order that `named` (patch or order list) and `server` (the list as it was) ask for. */
function interleave(all: List, named: List, server: List, mergeKey: string | undefined): List {
  const rank = (list: List): Map<unknown, number> => {
    const ranks = new Map<unknown, number>()
    for (const item of list) {
      const key = identity(item, mergeKey)
      if (!ranks.has(key)) ranks.set(key, ranks.size)
    }
    return ranks
  }
  const namedRank = rank(named)
  const serverRank = rank(server)
  const sorted = (items: List, ranks: Map<unknown, number>): List =>
    items.toSorted(
      (a, b) => (ranks.get(identity(a, mergeKey)) ?? 0) - (ranks.get(identity(b, mergeKey)) ?? 0),
    )
  const isNamed = (item: unknown): boolean => namedRank.has(identity(item, mergeKey))
  const ours = sorted(all.filter(isNamed), namedRank)
  const theirs = sorted(
    all.filter(item => !isNamed(item)),
    serverRank,
  )
  return zip(theirs, ours, item => serverRank.get(identity(item, mergeKey)))
}

/** Keeps the order inside both lists; an element of `left` comes first only if its rank is known to be lower. */
function zip(left: List, right: List, rankOf: (item: unknown) => number | undefined): List {
  const zipped: unknown[] = []
  let l = 0
  let r = 0
  while (l < left.length && r < right.length) {
    const leftRank = rankOf(left[l])
    const rightRank = rankOf(right[r])
    const leftFirst = leftRank !== undefined && rightRank !== undefined && leftRank < rightRank
    zipped.push(leftFirst ? left[l++] : right[r++])
  }
  return [...zipped, ...left.slice(l), ...right.slice(r)]
}

export interface OrderedMerge {
  readonly original: List | undefined
  readonly patch: List | undefined
  /** The value of `$setElementOrder`: scalars, or maps that hold only the merge key. */
  readonly order: List
  readonly elements: Elements
  readonly merges: boolean
}

/** Merges, then puts the elements that `order` names into that order. */
export function orderElements(options: OrderedMerge): List {
  const { original, patch, order, elements, merges } = options
  const { mergeKey } = elements
  if (patch !== undefined) requireSameOrder(patch, order, mergeKey)
  const server = serverOrder(original ?? [], merges ? patch : undefined, mergeKey)
  return interleave(mergedOf(), order, server, mergeKey)

  function mergedOf(): List {
    if (patch === undefined) return original ?? []
    if (original === undefined) {
      return patch.filter(item => !isElementDirective(item)).map(elements.plain)
    }
    return merges ? mergeLists(original, patch, elements) : patch
  }
}

/** Upstream deletes in place and appends: what is new stands in the server's order where something was deleted. */
function serverOrder(original: List, patch: List | undefined, mergeKey: string | undefined): List {
  if (mergeKey === undefined || patch === undefined) return original
  const plan = resolveDirectives(original, patch, mergeKey)
  if (plan.original.length === original.length) return original
  const kept = new Set(plan.original.map(item => keyValue(item, mergeKey)))
  const added = plan.patch.filter(item => !kept.has(keyValue(item, mergeKey)))
  return [...plan.original, ...added].slice(0, original.length)
}

/** The patch's elements must appear in `order`, in the same sequence. */
function requireSameOrder(patch: List, order: List, mergeKey: string | undefined): void {
  const named = order.map(item => identity(item, mergeKey))
  let from = 0
  for (const item of patch) {
    if (isRecord(item) && propertyOf(item, '$patch') !== undefined) continue
    const at = named.indexOf(identity(item, mergeKey), from)
    if (at === -1) {
      throw badRequest(
        `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
      )
    }
    from = at + 1
  }
}
