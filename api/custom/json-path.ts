/**
 * The JSON paths of printer columns (`.status.conditions[?(@.type=="Ready")].status`), parsed once. Pure.
 *
 * Output  `jsonPathOf` gives undefined for text that is no path; a path finds values, none where it leads nowhere or
 *         fits badly (an index of text), or where it would look at more than VISITS_MAX values
 * Source: k8s.io/client-go util/jsonpath. Differs: ranges, which no column can use, are none.
 */
import { propertyOf } from '#api/json.ts'
import { isRecord } from '#api/values.ts'

export type JsonPath = (value: unknown) => readonly unknown[]

type Step = (values: readonly unknown[]) => readonly unknown[]

const LENGTH_MAX = 1000
const VISITS_MAX = 100_000

/** The path does not fit the value. */
class Unfit extends Error {}
/** The text is no path. */
class NoPath extends Error {}

interface Cursor {
  readonly text: string
  at: number
}

export function jsonPathOf(text: string): JsonPath | undefined {
  if (text.length > LENGTH_MAX) return undefined
  try {
    return guarded(stepsOf(text))
  } catch (error) {
    if (error instanceof NoPath) return undefined
    throw error
  }
}

const guarded =
  (steps: readonly Step[]): JsonPath =>
  value => {
    try {
      return follow(steps, [value])
    } catch (error) {
      if (error instanceof Unfit) return []
      throw error
    }
  }

function follow(steps: readonly Step[], values: readonly unknown[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((found, step) => {
    const next = step(found)
    if (next.length > VISITS_MAX) throw new Unfit()
    return next
  }, values)
}

function stepsOf(text: string): Step[] {
  const cursor: Cursor = { text, at: 0 }
  const steps: Step[] = []
  while (cursor.at < text.length) {
    const step = stepAt(cursor)
    if (step !== undefined) steps.push(step)
  }
  return steps
}

const NUMBER = /[+-]?\d[\d.]*/y
const WORD = /[\w\p{L}]+/uy
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y

/** undefined for what stands for the value itself. */
function stepAt(cursor: Cursor): Step | undefined {
  const { text, at } = cursor
  if (text.startsWith('[?(', at)) return filterAt(cursor)
  if (text.startsWith('..', at)) return descentAt(cursor)
  const first = text[at] ?? ''
  if (' @$'.includes(first)) {
    cursor.at += 1
    return undefined
  }
  if (first === '[') return arrayAt(cursor)
  if (first === '.') {
    cursor.at += 1
    return fieldAt(cursor)
  }
  return constant(literalAt(cursor))
}

const constant =
  (literal: unknown): Step =>
  values =>
    values.map(() => literal)

function literalAt(cursor: Cursor): unknown {
  const quoted = taken(cursor, QUOTED)
  if (quoted !== undefined) return quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1')
  const number = taken(cursor, NUMBER)
  if (number !== undefined) return Number(number)
  const word = taken(cursor, WORD)
  if (word === 'true' || word === 'false') return word === 'true'
  throw new NoPath()
}

function taken(cursor: Cursor, form: RegExp): string | undefined {
  form.lastIndex = cursor.at
  const found = form.exec(cursor.text)?.[0]
  if (found !== undefined) cursor.at += found.length
  return found
}

const FIELD = /(?:\\.|[^\s.,[\]$@{}\\])*/suy

function fieldAt(cursor: Cursor): Step {
  const name = (taken(cursor, FIELD) ?? '').replaceAll(/\\(.)/gs, '$1')
  if (/[{}]/.test(cursor.text[cursor.at] ?? '')) throw new NoPath()
  if (name === '') return values => values
  return name === '*' ? values => values.flatMap(childrenOf) : values => fieldOf(values, name)
}

const fieldOf = (values: readonly unknown[], name: string): readonly unknown[] =>
  values.flatMap(value => {
    const member = isRecord(value) ? propertyOf(value, name) : undefined
    return member === undefined ? [] : [member]
  })

const childrenOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : []

function descentAt(cursor: Cursor): Step {
  const { text, at } = cursor
  if (text.startsWith('....', at)) throw new NoPath()
  cursor.at += 2
  const field = /[\w\p{L}]/u.test(text[cursor.at] ?? '') ? fieldAt(cursor) : undefined
  return values => {
    const all: unknown[] = []
    for (const value of values) descend(value, all)
    return field === undefined ? all : field(all)
  }
}

function descend(value: unknown, all: unknown[]): void {
  const children = childrenOf(value)
  if (children.length === 0) return
  all.push(value)
  if (all.length > VISITS_MAX) throw new Unfit()
  for (const child of children) descend(child, all)
}

const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/

function arrayAt(cursor: Cursor): Step {
  const { text, at } = cursor
  const end = text.indexOf(']', at)
  if (end < 0) throw new NoPath()
  cursor.at = end + 1
  const inside = text.slice(at + 1, end)
  const alternatives = inside.split(',')
  if (alternatives.length > 1) {
    const union = alternatives.map(part => stepsOf(`[${part.trim()}]`))
    return values => union.flatMap(steps => follow(steps, values))
  }
  const key = /^'([^']*)'$/.exec(inside)?.[1]
  if (key !== undefined) {
    const steps = stepsOf(`.${key}`)
    return values => follow(steps, values)
  }
  return sliceOf(inside === '*' ? ':' : inside)
}

function sliceOf(text: string): Step {
  const [, from, to, by] = SLICE.exec(text) ?? []
  if (from === undefined || text === '') throw new NoPath()
  const start = Number(from)
  const isOne = to === undefined
  const stop = to === undefined ? start + 1 : to === ':' ? undefined : Number(to.slice(1))
  const step = by === undefined || by === ':' ? 1 : Number(by.slice(1))
  return values =>
    values.flatMap(value => {
      if (value === null) return []
      if (!Array.isArray(value) || step <= 0) throw new Unfit()
      const { length } = value
      const first = start < 0 ? start + length : start
      const isLast = stop !== undefined && (stop < 0 || (stop === 0 && isOne))
      const last = stop === undefined ? length : isLast ? stop + length : stop
      if (first === last) return []
      if (first < 0 || first >= length || last > length || first > last) throw new Unfit()
      return value.slice(first, last).filter((_item, index) => index % step === 0)
    })
}

const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+)$/s

type Compare = (left: unknown, right: unknown) => boolean

const ordered =
  (holds: (order: number) => boolean): Compare =>
  (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return holds(left - right)
    if (typeof left !== 'string' || typeof right !== 'string') throw new Unfit()
    return holds(left < right ? -1 : left > right ? 1 : 0)
  }

const same: Compare = (left, right) => {
  if (typeof left !== typeof right || typeof left === 'object') throw new Unfit()
  return left === right
}

const COMPARISONS: Readonly<Record<string, Compare>> = {
  '==': same,
  '===': same,
  '!=': (left, right) => !same(left, right),
  '<': ordered(order => order < 0),
  '<=': ordered(order => order <= 0),
  '>': ordered(order => order > 0),
  '>=': ordered(order => order >= 0),
}

/** Up to the bracket that ends it, which text in quotes may hold too. */
const FILTER = /\[\?\(((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^)"'])*)\)\]/sy

function filterAt(cursor: Cursor): Step {
  const filter = taken(cursor, FILTER)
  if (filter === undefined) throw new NoPath()
  const condition = conditionOf(filter.slice(3, -2))
  return values =>
    values.flatMap(value => {
      if (!Array.isArray(value)) throw new Unfit()
      return value.filter(condition)
    })
}

function conditionOf(text: string): (item: unknown) => boolean {
  const [, leftText, operator = '', rightText = ''] = COMPARISON.exec(text) ?? []
  if (leftText === undefined) {
    const path = stepsOf(text)
    return item => follow(path, [item]).length > 0
  }
  const [left, right] = [stepsOf(leftText), stepsOf(rightText)]
  const compare = COMPARISONS[operator]
  return item => {
    const [lefts, rights] = [follow(left, [item]), follow(right, [item])]
    if (lefts.length === 0) return false
    if (lefts.length > 1 || rights.length !== 1 || compare === undefined) throw new Unfit()
    return compare(lefts[0], rights[0])
  }
}
