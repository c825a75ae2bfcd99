/**
 * The grammar of label selectors: text in, requirements out. Pure.
 *
 *   selector    = requirement *( "," requirement )
 *   requirement = [ "!" ] key | key ( "=" | "==" | "!=" | ">" | "<" ) [ value ] | key ( "in" | "notin" ) "(" values ")"
 *
 * Throws  StatusError(BadRequest) with upstream's text, odd spellings included, because clients print it.
 * Source: k8s.io/apimachinery pkg/labels/selector.go Lexer, Parser, NewRequirement
 */
import { labelValueFaults, qualifiedNameFaults } from '#api/names.ts'
import { badRequest, type StatusError } from '#api/status.ts'

/** One condition on one label; `values` is empty for `exists` and `!`, one number for `gt` and `lt`. */
export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'
  readonly values: readonly string[]
  /** One value, but written as a set: `key in (value)`. */
  readonly isSet?: boolean
}

type TokenKind = 'word' | 'end' | 'error' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<'

interface Token {
  readonly kind: TokenKind
  readonly text: string
}

const SYMBOLS: readonly TokenKind[] = ['==', '!=', '=', '!', '(', ')', ',', '>', '<']
const BINARY_OPERATORS = 'in, notin, =, ==, !=, gt, lt'

/** Longest symbol first; words end at blanks and symbols. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const blank = /^[ \t\r\n]+/.exec(rest)
    const symbol = SYMBOLS.find(candidate => rest.startsWith(candidate))
    if (blank !== null) at += blank[0].length
    else if (symbol !== undefined) {
      tokens.push({ kind: symbol, text: symbol })
      at += symbol.length
    } else {
      const end = rest.search(/[=!(),<> \t\r\n]/)
      const word = end === -1 ? rest : rest.slice(0, end)
      tokens.push({ kind: 'word', text: word })
      at += word.length
    }
  }
  return tokens
}

const END: Token = { kind: 'end', text: '' }

class Tokens {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? END
  }

  take(): Token {
    const token = this.peek()
    this.#at += 1
    return token
  }
}

const refuse = (message: string): StatusError => badRequest(message)

export function parseRequirements(text: string): LabelRequirement[] {
  const tokens = new Tokens(tokenize(text))
  const requirements: LabelRequirement[] = []
  for (;;) {
    const first = tokens.peek()
    if (first.kind === 'end') return requirements
    if (first.kind !== 'word' && first.kind !== '!') {
      throw refuse(`found '${first.text}', expected: !, identifier, or 'end of string'`)
    }
    requirements.push(parseRequirement(tokens))
    const next = tokens.take()
    if (next.kind === 'end') return requirements
    if (next.kind !== ',') {
      throw refuse(`found '${next.text}', expected: ',' or 'end of string'`)
    }
    const after = tokens.peek()
    if (after.kind !== 'word' && after.kind !== '!') {
      throw refuse(`found '${after.text}', expected: identifier after ','`)
    }
  }
}

const unparsable = (why: string): StatusError => refuse(`unable to parse requirement: ${why}`)

function parseRequirement(tokens: Tokens): LabelRequirement {
  let key = tokens.take()
  const negated = key.kind === '!'
  if (negated) key = tokens.take()
  if (key.kind !== 'word') throw unparsable(`found '${key.text}', expected: identifier`)
  const faults = qualifiedNameFaults(key.text)
  if (faults.length > 0) {
    throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${faults.join('; ')}`)
  }
  if (negated) return { key: key.text, operator: '!', values: [] }
  const after = tokens.peek()
  if (after.kind === 'end' || after.kind === ',') {
    return { key: key.text, operator: 'exists', values: [] }
  }
  return checked(parseComparison(tokens, key.text))
}

function parseComparison(tokens: Tokens, key: string): LabelRequirement {
  const operator = tokens.take()
  switch (operator.kind === 'word' ? operator.text : operator.kind) {
    case 'in':
      return { key, operator: 'in', values: parseValues(tokens) }
    case 'notin':
      return { key, operator: 'notin', values: parseValues(tokens) }
    case '=':
    case '==':
      return { key, operator: 'in', values: [parseExactValue(tokens)] }
    case '!=':
      return { key, operator: 'notin', values: [parseExactValue(tokens)] }
    case '>':
      return { key, operator: 'gt', values: [parseExactValue(tokens)] }
    case '<':
      return { key, operator: 'lt', values: [parseExactValue(tokens)] }
    default:
      throw unparsable(`found '${operator.text}', expected: ${BINARY_OPERATORS}`)
  }
}

function parseExactValue(tokens: Tokens): string {
  const next = tokens.peek()
  if (next.kind === 'end' || next.kind === ',') return ''
  const value = tokens.take()
  if (value.kind === 'word') return value.text
  throw unparsable(`found '${value.text}', expected: identifier`)
}

/** `(a, b)`, where `(,a)`, `(a,,b)` and `(a,)` hold an empty value as well. */
function parseValues(tokens: Tokens): string[] {
  const open = tokens.take()
  if (open.kind !== '(') throw unparsable(`found '${open.text}' expected: '('`)
  const first = tokens.peek()
  if (first.kind === ')') {
    tokens.take()
    return []
  }
  if (first.kind !== 'word' && first.kind !== ',') {
    throw unparsable(`found '${first.text}', expected: ',', ')' or identifier`)
  }
  const values = new Set<string>()
  let expectsValue = true
  for (;;) {
    const token = tokens.take()
    if (token.kind === 'word' && expectsValue) {
      values.add(token.text)
      expectsValue = false
    } else if (token.kind === ',') {
      if (expectsValue) values.add('')
      expectsValue = true
    } else if (token.kind === ')') {
      if (expectsValue) values.add('')
      return [...values].sort()
    } else {
      const expected = expectsValue ? "',', or identifier" : "',' or ')'"
      throw unparsable(`found '${token.text}', expected: ${expected}`)
    }
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement
  const faults: string[] = []
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    faults.push("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
  }
  for (const [index, value] of values.entries()) {
    const quoted = JSON.stringify(value)
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?[0-9]+$/.test(value)) {
      faults.push(
        `values[${index}]: Invalid value: ${quoted}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    }
    const wrong = labelValueFaults(value)
    if (wrong.length > 0) {
      faults.push(`values[${index}][${key}]: Invalid value: ${quoted}: ${wrong.join('; ')}`)
    }
  }
  if (faults.length === 0) return requirement
  throw unparsable(faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`)
}
