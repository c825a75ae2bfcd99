/**
 * What Go says of text that is no moment: the first part of the layout that the text does not have. Pure.
 *
 * Source: Go's time package, format.go parse. Differs: the zeros of microseconds are asked of nobody.
 */
interface Part {
  /** As the layout writes it. */
  readonly name: string
  readonly pattern: RegExp
  readonly range?: readonly [low: number, high: number, name: string]
}

const literal = (name: string): Part => ({ name, pattern: new RegExp(name, 'y') })
const number = (name: string, low: number, high: number, word: string): Part => ({
  name,
  pattern: /\d\d/y,
  range: [low, high, word],
})

const PARTS: readonly Part[] = [
  { name: '2006', pattern: /\d{4}/y },
  literal('-'),
  number('01', 1, 12, 'month'),
  literal('-'),
  // Days are compared with their month, when all is read.
  number('02', 0, 99, 'day'),
  literal('T'),
  number('15', 0, 23, 'hour'),
  literal(':'),
  number('04', 0, 59, 'minute'),
  literal(':'),
  number('05', 0, 59, 'second'),
  { name: '.000000', pattern: /(?:[.,]\d+)?/y },
  { name: 'Z07:00', pattern: /Z|[+-]\d\d:\d\d/y },
]

const quoted = (text: string): string => JSON.stringify(text)

/** `layout`: how such a moment is written. */
export function timeFault(text: string, layout: string): string {
  let at = 0
  for (const { name, pattern, range } of PARTS) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    const rest = quoted(text.slice(at))
    if (found === undefined)
      return `parsing time ${quoted(text)} as ${quoted(layout)}: cannot parse ${rest} as ${quoted(name)}`
    if (range !== undefined && (Number(found) < range[0] || Number(found) > range[1]))
      return `parsing time ${quoted(text)}: ${range[2]} out of range`
    at += found.length
  }
  return at < text.length
    ? `parsing time ${quoted(text)}: extra text: ${quoted(text.slice(at))}`
    : `parsing time ${quoted(text)}: day out of range`
}
