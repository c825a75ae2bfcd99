/**
 * Whether a pattern is a regular expression as Go's engine takes them: RE2, which has no look-around and no
 * back-references, so that matching never back-tracks. Pure; one pass over the text, nothing is compiled.
 *
 * Output  the fault in Go's words; undefined when there is none
 * Source: Go regexp/syntax/parse.go. Differs: 64 Ki characters are the most instead of a program of 128 MB.
 */
import { escapedCode, unicodeText } from '#api/validation/go-regexp-classes.ts'

const REPEAT_MAX = 1000
const DEPTH_MAX = 1000
/** Characters; scanned within a few milliseconds. */
const LENGTH_MAX = 64 * 1024

/** Where the scan stands. */
interface Cursor {
  readonly text: string
  /** Where the last named class may end; -1 when none does. */
  readonly lastPosix: number
  at: number
  depth: number
  /** Something is there that can be repeated. */
  hasOperand: boolean
  /** Where the repetition began that ends here; -1 when none does. */
  repeatedFrom: number
}

class PatternFault extends Error {}

const fail = (what: string, part: string): never => {
  throw new PatternFault(`error parsing regexp: ${what}: \`${part}\``)
}

export function goRegexpFault(text: string): string | undefined {
  if (text.length > LENGTH_MAX) return 'error parsing regexp: expression too large'
  const lastPosix = text.lastIndexOf(':]')
  const cursor: Cursor = { text, lastPosix, at: 0, depth: 0, hasOperand: false, repeatedFrom: -1 }
  try {
    while (cursor.at < text.length) step(cursor)
    if (cursor.depth > 0) fail('missing closing )', text)
    return undefined
  } catch (error) {
    if (error instanceof PatternFault) return error.message
    throw error
  }
}

function step(cursor: Cursor): void {
  const { text, at } = cursor
  const character = text[at] ?? ''
  const repeat = repetitionAt(cursor)
  if (repeat > 0) {
    repeatOperand(cursor, repeat)
    return
  }
  cursor.repeatedFrom = -1
  if (character === '(') openGroup(cursor)
  else if (character === ')') closeGroup(cursor)
  else if (character === '|') {
    cursor.at += 1
    cursor.hasOperand = false
  } else {
    if (character === '[') classAt(cursor)
    else if (character === '\\') escapeAt(cursor, true)
    else cursor.at += characterLength(text, at)
    cursor.hasOperand = true
  }
}

const characterLength = (text: string, at: number): number =>
  (text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1

const COUNT = /\{(\d+)(?:(,)(\d*))?\}/y

/** Length of the repetition operator that begins here, 0 without one; a brace that is no count stands for itself. */
function repetitionAt({ text, at }: Cursor): number {
  const character = text[at] ?? ''
  if ('*+?'.includes(character)) return 1
  if (character !== '{') return 0
  COUNT.lastIndex = at
  const count = COUNT.exec(text)
  if (count === null) return 0
  const [all, least = '', comma, most = ''] = count
  const min = Number(least)
  const max = comma === undefined || most === '' ? min : Number(most)
  if (min > REPEAT_MAX || max > REPEAT_MAX || max < min) fail('invalid repeat count', all)
  return all.length
}

function repeatOperand(cursor: Cursor, length: number): void {
  const { text, at } = cursor
  const end = at + length + (text[at + length] === '?' ? 1 : 0)
  if (!cursor.hasOperand) {
    fail('missing argument to repetition operator', text.slice(at, end))
  }
  if (cursor.repeatedFrom >= 0) {
    fail('invalid nested repetition operator', text.slice(cursor.repeatedFrom, end))
  }
  cursor.repeatedFrom = at
  cursor.at = end
}

const NAMED = /\(\?P?<(\w+)>/y
const FLAGS = /\(\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)?([:)])/y

function openGroup(cursor: Cursor): void {
  const { text, at } = cursor
  let length = 1
  let isOpen = true
  if (text[at + 1] === '?') {
    const isNamed = /^\(\?P?<./.test(text.slice(at, at + 5))
    const form = isNamed ? NAMED : FLAGS
    form.lastIndex = at
    const found = form.exec(text)
    if (found === null) throw isNamed ? badName(text.slice(at)) : badFlags(text.slice(at))
    length = found[0].length
    isOpen = isNamed || found[1] === ':'
  }
  cursor.at = at + length
  if (!isOpen) return
  cursor.depth += 1
  if (cursor.depth > DEPTH_MAX) fail('expression nests too deeply', text)
  cursor.hasOperand = false
}

function badName(rest: string): PatternFault {
  const end = rest.indexOf('>')
  return fail('invalid named capture', end < 0 ? rest : rest.slice(0, end + 1))
}

function badFlags(rest: string): PatternFault {
  const known = /^\(\?[imsU-]*/.exec(rest)?.[0] ?? ''
  if (known.length === rest.length) return fail('missing closing )', rest)
  return fail('invalid or unsupported Perl syntax', rest.slice(0, known.length + 1))
}

function closeGroup(cursor: Cursor): void {
  if (cursor.depth === 0) fail('unexpected )', cursor.text)
  cursor.depth -= 1
  cursor.at += 1
  cursor.hasOperand = true
}

const ANYWHERE =
  /\\(?:[pP](?:\{[^}]+\}|[^{])|[dDsSwW]|0[0-7]{0,2}|[1-7][0-7]{1,2}|x(?:\{[\da-fA-F]+\}|[\da-fA-F]{2})|[afnrtv]|[^\w\u0080-\uffff])/sy
const OUTSIDE = /\\(?:[AbBz]|Q.*?(?:\\E|$))/sy

function escapeAt(cursor: Cursor, isOutside: boolean): void {
  const { text, at } = cursor
  if (at + 1 >= text.length) fail('trailing backslash at end of expression', '')
  for (const form of isOutside ? [ANYWHERE, OUTSIDE] : [ANYWHERE]) {
    form.lastIndex = at
    const found = form.exec(text)
    if (found === null) continue
    cursor.at = at + found[0].length
    requireClass(found[0])
    return
  }
  fail('invalid escape sequence', text.slice(at, at + 1 + characterLength(text, at + 1)))
}

/** Categories and scripts are those that Unicode has. */
function requireClass(escape: string): void {
  if (!/^\\p/i.test(escape) || unicodeText(escape.slice(1)) !== undefined) return
  fail('invalid character class range', escape)
}

const POSIX =
  /\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/y

function classAt(cursor: Cursor): void {
  const { text, at: start } = cursor
  cursor.at += text[start + 1] === '^' ? 2 : 1
  for (let isFirst = true; isFirst || text[cursor.at] !== ']'; isFirst = false) {
    if (cursor.at >= text.length) fail('missing closing ]', text.slice(start))
    const from = cursor.at
    if (text.startsWith('[:', from) && cursor.lastPosix >= from + 2) {
      posixAt(cursor)
      continue
    }
    const low = memberAt(cursor)
    const isRange = text[cursor.at] === '-' && (text[cursor.at + 1] ?? ']') !== ']'
    if (low === undefined || !isRange) continue
    cursor.at += 1
    const high = memberAt(cursor)
    if (high === undefined || high < low) {
      fail('invalid character class range', text.slice(from, cursor.at))
    }
  }
  cursor.at += 1
}

function posixAt(cursor: Cursor): void {
  const { text, at } = cursor
  POSIX.lastIndex = at
  const end = text.indexOf(':]', at) + 2
  if (!POSIX.test(text)) fail('invalid character class range', text.slice(at, end))
  cursor.at = end
}

/** Steps over one member; its code point, or undefined for a class of many (`\d`). */
function memberAt(cursor: Cursor): number | undefined {
  const { text, at } = cursor
  if (text[at] !== '\\') {
    cursor.at += characterLength(text, at)
    return text.codePointAt(at)
  }
  escapeAt(cursor, false)
  const escape = text.slice(at + 1, cursor.at)
  return /^[dDsSwWpP]/.test(escape) ? undefined : escapedCode(escape)
}
