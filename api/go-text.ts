/**
 * Values as Go prints them into messages that clients read: `%q`, `%v`, `%#v`, `%T`, and what its JSON decoder calls
 * them. Pure.
 *
 * Source: Go strconv.Quote, fmt, encoding/json
 */
import { isList } from '#api/json.ts'
import { isRecord } from '#api/values.ts'

const PLAIN = /^[\x20-\x7e]*$/
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  ' ': ' ',
}

/** `"a\x00b"`: text in quotes, with what cannot be printed escaped. */
export const goQuote = (text: string): string =>
  PLAIN.test(text) ? JSON.stringify(text) : `"${Array.from(text, quoteCharacter).join('')}"`

function quoteCharacter(character: string): string {
  const named = NAMED[character]
  if (named !== undefined) return named
  if (!UNPRINTABLE.test(character)) return character
  const code = (character.codePointAt(0) ?? 0).toString(16)
  if (character.length > 1) return `\\U${code.padStart(8, '0')}`
  return code.length <= 2 && character < '\x80'
    ? `\\x${code.padStart(2, '0')}`
    : `\\u${code.padStart(4, '0')}`
}

/** A value as Go prints maps and lists: `map[spec:map[replicas:two]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (isList(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value === 'string') return value
  if (!isRecord(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${key}:${goText(value[key])}`)
  return `map[${members.join(' ')}]`
}

/** `%T` of what JSON was decoded into. */
export function goTypeOf(value: unknown): string {
  if (isList(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'object' ? 'map[string]interface {}' : jsonKindOf(value)
}

/** `%#v` of what JSON was decoded into. */
export function goSyntax(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (isList(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (!isRecord(value)) return goText(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${goQuote(key)}:${goSyntax(value[key])}`)
  return `map[string]interface {}{${members.join(', ')}}`
}

/** `cannot unmarshal bool`: what Go's encoding/json calls a JSON value. */
export const jsonKindOf = (value: unknown): string =>
  isList(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
