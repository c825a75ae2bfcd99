/**
 * Character classes of Go's regular expressions, as JavaScript regular expressions for one character; and characters
 * by their escapes. Pure.
 *
 * Output  the inside of a class (`0-9A-F\p{Lu}`), for the flags `u` or `iu`
 * Source: Go regexp/syntax/{parse,perl_groups}.go
 */

type Range = readonly [low: number, high: number]

const LAST = 0x10_ff_ff

const range = (low: string, high: string): Range => [low.charCodeAt(0), high.charCodeAt(0)]
const single = (character: string): Range => range(character, character)

const DIGIT = [range('0', '9')]
const UPPER = [range('A', 'Z')]
const LOWER = [range('a', 'z')]
const ALPHA = [...UPPER, ...LOWER]
const WORD = [...DIGIT, ...UPPER, single('_'), ...LOWER]
const BLANKS = [range('\t', '\n'), range('\f', '\r'), single(' ')]

/** In ascending order, so that complements can be read off. */
const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: [...DIGIT, ...ALPHA],
  alpha: ALPHA,
  ascii: [[0, 127]],
  blank: [single('\t'), single(' ')],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: DIGIT,
  graph: [range('!', '~')],
  lower: LOWER,
  print: [range(' ', '~')],
  punct: [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')],
  space: [range('\t', '\r'), single(' ')],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, range('A', 'F'), range('a', 'f')],
}

const PERL: Readonly<Record<string, readonly Range[]>> = { d: DIGIT, s: BLANKS, w: WORD }

const character = (code: number): string => `\\u{${code.toString(16)}}`

export const rangeText = (low: number, high: number): string =>
  low === high ? character(low) : `${character(low)}-${character(high)}`

const rangesText = (ranges: readonly Range[]): string =>
  ranges.map(([low, high]) => rangeText(low, high)).join('')

export const ANY = rangesText([[0, LAST]])
export const ANY_BUT_NEWLINE = rangesText(complementOf([single('\n')]))

export const isWord = (code: number): boolean =>
  WORD.some(([low, high]) => low <= code && code <= high)

function complementOf(ranges: readonly Range[]): Range[] {
  const rest: Range[] = []
  let next = 0
  for (const [low, high] of ranges) {
    if (low > next) rest.push([next, low - 1])
    next = high + 1
  }
  if (next <= LAST) rest.push([next, LAST])
  return rest
}

/** `[:alpha:]`, `[:^alpha:]`. */
export function posixText(name: string): string {
  const isNegated = name.startsWith('^')
  const ranges = POSIX[isNegated ? name.slice(1) : name] ?? []
  return rangesText(isNegated ? complementOf(ranges) : ranges)
}

/** What stands behind a backslash for many characters: `d`, `W`, `pL`, `P{Greek}`; undefined for anything else. */
export function classText(escape: string): string | undefined {
  const first = escape[0] ?? ''
  const ranges = PERL[first.toLowerCase()]
  if (ranges !== undefined) return rangesText(first in PERL ? ranges : complementOf(ranges))
  return first === 'p' || first === 'P' ? unicodeText(escape) : undefined
}

/** undefined for a name that Unicode does not have: of a category, or of a script. */
export function unicodeText(escape: string): string | undefined {
  const [, kind = 'p', isNegated = '', name = ''] = /^([pP])\{?(\^?)([^{}]+)\}?$/.exec(escape) ?? []
  const letter = (kind === 'P') === (isNegated === '') ? 'P' : 'p'
  return [`\\${letter}{gc=${name}}`, `\\${letter}{sc=${name}}`, `\\${letter}{${name}}`].find(
    (text, at) => (at < 2 || name === 'Any') && isClass(text),
  )
}

function isClass(text: string): boolean {
  try {
    return new RegExp(`[${text}]`, 'u').source !== ''
  } catch {
    return false
  }
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** The character that an escape stands for: `x41`, `007`, `n`, `.`. */
export function escapedCode(escape: string): number {
  const hex = /^x\{?([\da-fA-F]+)/.exec(escape)?.[1]
  if (hex !== undefined) return Number.parseInt(hex, 16)
  if (/^[0-7]/.test(escape)) return Number.parseInt(escape, 8)
  return CONTROLS[escape] ?? escape.codePointAt(0) ?? 0
}
