/**
 * A regular expression of Go as a tree, for a match that is only asked for its yes or no: groups do not capture, and
 * it makes no difference what repetitions prefer. Pure.
 *
 * Takes   an expression in which goRegexpFault finds no fault
 * Source: Go regexp/syntax/parse.go
 */
import {
  ANY,
  ANY_BUT_NEWLINE,
  classText,
  escapedCode,
  posixText,
  rangeText,
} from '#api/validation/go-regexp-classes.ts'

/** What has to be so between two characters. */
export type Assertion = 'text-begin' | 'text-end' | 'line-begin' | 'line-end' | 'word' | 'no-word'

export type Tree =
  | { readonly kind: 'one'; readonly test: RegExp }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'all'; readonly parts: readonly Tree[] }
  | { readonly kind: 'any'; readonly parts: readonly Tree[] }
  /** `max` Infinity without a bound. */
  | { readonly kind: 'repeat'; readonly of: Tree; readonly min: number; readonly max: number }

type Flags = Readonly<Record<'i' | 'm' | 's', boolean>>

interface Cursor {
  readonly text: string
  at: number
  /** Those in force; a group restores them at its end. */
  flags: Flags
}

const NO_FLAGS: Flags = { i: false, m: false, s: false }

export const goRegexpTree = (text: string): Tree => anyAt({ text, at: 0, flags: NO_FLAGS })

/** Up to the end of the group, or of the text. */
function anyAt(cursor: Cursor): Tree {
  const { flags } = cursor
  const parts: Tree[] = [allAt(cursor)]
  while (cursor.text[cursor.at] === '|') {
    cursor.at += 1
    parts.push(allAt(cursor))
  }
  cursor.flags = flags
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts }
}

function allAt(cursor: Cursor): Tree {
  const parts: Tree[] = []
  while (cursor.at < cursor.text.length && !'|)'.includes(cursor.text[cursor.at] ?? '')) {
    const repeated = repetitionAt(cursor)
    const last = parts.at(-1)
    if (repeated !== undefined && last !== undefined) {
      parts[parts.length - 1] = { kind: 'repeat', of: last, ...repeated }
    } else parts.push(...atomAt(cursor))
  }
  return { kind: 'all', parts }
}

const OPERATORS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  '*': { min: 0, max: Infinity },
  '+': { min: 1, max: Infinity },
  '?': { min: 0, max: 1 },
}

const COUNT = /\{(\d+)(?:(,)(\d*))?\}/y

function repetitionAt(cursor: Cursor): { min: number; max: number } | undefined {
  const { text, at } = cursor
  const operator = OPERATORS[text[at] ?? '']
  COUNT.lastIndex = at
  const count = operator === undefined ? COUNT.exec(text) : null
  if (operator === undefined && count === null) return undefined
  const [all = ' ', least = '', comma, most = ''] = count ?? []
  cursor.at += all.length
  if (text[cursor.at] === '?') cursor.at += 1
  if (operator !== undefined) return operator
  const min = Number(least)
  return { min, max: comma === undefined ? min : most === '' ? Infinity : Number(most) }
}

const assertion = (what: Assertion): Tree => ({ kind: 'assert', what })

/** One group, class, escape or character; several for a quotation, none for a change of flags. */
function atomAt(cursor: Cursor): readonly Tree[] {
  const { text, at, flags } = cursor
  const first = text[at] ?? ''
  if (first === '(') return groupAt(cursor)
  if (first === '[') return [classAt(cursor)]
  if (first === '\\') return escapeAt(cursor)
  const code = text.codePointAt(at) ?? 0
  cursor.at += code > 0xff_ff ? 2 : 1
  if (first === '^') return [assertion(flags.m ? 'line-begin' : 'text-begin')]
  if (first === '$') return [assertion(flags.m ? 'line-end' : 'text-end')]
  if (first === '.') return [one(flags.s ? ANY : ANY_BUT_NEWLINE, flags)]
  return [one(rangeText(code, code), flags)]
}

const one = (members: string, { i }: Flags, isNegated = false): Tree => ({
  kind: 'one',
  test: new RegExp(`^[${isNegated ? '^' : ''}${members}]$`, i ? 'iu' : 'u'),
})

const GROUP = /\((?:\?P?<\w+>|\?([imsU]*)(?:-([imsU]*))?([:)]))?/y

function groupAt(cursor: Cursor): readonly Tree[] {
  const { flags: before } = cursor
  GROUP.lastIndex = cursor.at
  const [all = '(', on = '', off = '', end = ''] = GROUP.exec(cursor.text) ?? []
  cursor.at += all.length
  const flags = { ...before }
  for (const name of ['i', 'm', 's'] as const) {
    if (on.includes(name)) flags[name] = true
    if (off.includes(name)) flags[name] = false
  }
  cursor.flags = flags
  if (end === ')') return []
  const inner = anyAt(cursor)
  cursor.at += 1
  cursor.flags = before
  return [inner]
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'text-begin',
  z: 'text-end',
  b: 'word',
  B: 'no-word',
}

const ESCAPE =
  /\\([pP](?:\{[^}]+\}|[^{])|0[0-7]{0,2}|[1-7][0-7]{1,2}|x(?:\{[\da-fA-F]+\}|[\da-fA-F]{2})|.)/suy

function escapeAt(cursor: Cursor): readonly Tree[] {
  const { text, at, flags } = cursor
  if (text[at + 1] === 'Q') {
    const end = text.indexOf('\\E', at)
    cursor.at = end < 0 ? text.length : end + 2
    return Array.from(text.slice(at + 2, end < 0 ? undefined : end), character => {
      const code = character.codePointAt(0) ?? 0
      return one(rangeText(code, code), flags)
    })
  }
  const escape = escapedAt(cursor)
  const what = ASSERTIONS[escape]
  return [what === undefined ? one(memberText(escape), flags) : assertion(what)]
}

/** Steps over an escape; what stands behind its backslash. */
function escapedAt(cursor: Cursor): string {
  ESCAPE.lastIndex = cursor.at
  const [all = '', escape = ''] = ESCAPE.exec(cursor.text) ?? []
  cursor.at += all.length
  return escape
}

const memberText = (escape: string): string => {
  const code = escapedCode(escape)
  return classText(escape) ?? rangeText(code, code)
}

const POSIX = /\[:(\^?[a-z]+):\]/y

function classAt(cursor: Cursor): Tree {
  const { text, flags } = cursor
  const isNegated = text[cursor.at + 1] === '^'
  cursor.at += isNegated ? 2 : 1
  let members = ''
  for (let isFirst = true; isFirst || text[cursor.at] !== ']'; isFirst = false) {
    POSIX.lastIndex = cursor.at
    const [all = '', name = ''] = POSIX.exec(text) ?? []
    cursor.at += all.length
    members += all === '' ? rangeAt(cursor) : posixText(name)
  }
  cursor.at += 1
  return one(members, flags, isNegated)
}

function rangeAt(cursor: Cursor): string {
  const low = memberAt(cursor)
  const { text, at } = cursor
  if (typeof low === 'string') return low
  if (text[at] !== '-' || (text[at + 1] ?? ']') === ']') return rangeText(low, low)
  cursor.at += 1
  const high = memberAt(cursor)
  return typeof high === 'number' ? rangeText(low, high) : ''
}

/** A character's code, or the text of a class of many. */
function memberAt(cursor: Cursor): number | string {
  const { text, at } = cursor
  if (text[at] === '\\') {
    const escape = escapedAt(cursor)
    return classText(escape) ?? escapedCode(escape)
  }
  const code = text.codePointAt(at) ?? 0
  cursor.at += code > 0xff_ff ? 2 : 1
  return code
}
