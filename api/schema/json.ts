/**
 * JSON text as a client sends it: parsed, with what JSON.parse hides. Pure.
 *
 * Input   bytes, bounded by the caller (3 MiB for bodies)
 * Output  the value, and what is said of fields that were written twice (the last one counts)
 * Throws  JsonFault: no UTF-8, no JSON, nested deeper than 1,000
 * Source: sigs.k8s.io/json. Differs: upstream stops at 10,000 levels and replaces bytes that are no UTF-8.
 */
import { isUtf8 } from 'node:buffer'
import { goQuote } from '../go-text.ts'
import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from '../json-bytes.ts'

export class JsonFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JsonFault'
  }
}

export interface ParsedJson {
  readonly value: unknown
  readonly duplicates: readonly string[]
}

/** Deeper values would overflow the stack of whoever walks them; no real object passes 100. */
const DEPTH_MAX = 1000
/** JSON.parse takes a second for three million open brackets, and no time for these. */
const SHALLOW_BYTES = 16 * 1024
const DUPLICATES_MAX = 100
/** Below this many keys a scan of an array is faster than a set. */
const SMALL_OBJECT_KEYS = 24

export function readJson(bytes: Uint8Array): ParsedJson {
  if (!isUtf8(bytes)) throw new JsonFault('invalid UTF-8 in JSON input')
  if (bytes.length > SHALLOW_BYTES) checkDepth(bytes)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const value = parse(text)
  return { value, duplicates: duplicateFields(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new JsonFault(goSyntaxError(text, cause), { cause })
  }
}

/** Counts the brackets of text that need not be JSON. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0
  let isString = false
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at]
    if (isString) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isString = false
    } else if (code === QUOTE) isString = true
    else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (++depth > DEPTH_MAX) throw new JsonFault('exceeded max depth')
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--
  }
}

/** What V8 expected, and how Go says where it is; the last row is for everything else. */
const SYNTAX: readonly (readonly [expected: RegExp, context: string])[] = [
  [/property name/, 'looking for beginning of object key string'],
  [/':' after/, 'after object key'],
  [/after property value/, 'after object key:value pair'],
  [/after array element/, 'after array element'],
  [/[Bb]ad control character/, 'in string'],
  [/escape/, 'in string escape code'],
  [/after JSON/, 'after top-level value'],
  [/(?:)/, 'looking for beginning of value'],
]

/** V8 names a position or the token itself; Go names the character and what it was looking for. */
function goSyntaxError(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const position = /at position (\d+)/.exec(message)?.[1]
  const token = /^Unexpected token '(.)'/su.exec(message)?.[1]
  const character = position === undefined ? token : text[Number(position)]
  if (character === undefined) return 'unexpected end of JSON input'
  const quoted = `'${quotedCharacter(character)}'`
  const context = SYNTAX.find(([expected]) => expected.test(message))?.[1]
  return `invalid character ${quoted} ${context}`
}

/** Go quotes within apostrophes, JSON within quotation marks. */
const quotedCharacter = (character: string): string =>
  character === "'"
    ? String.raw`\'`
    : character === '"'
      ? character
      : goQuote(character).slice(1, -1)

/** One object or array that is open at the current character. */
interface Frame {
  readonly isObject: boolean
  /** Path segments of fields and elements below, made only when a duplicate is reported. */
  key: string
  index: number
  readonly keys: string[]
  manyKeys: Set<string> | undefined
}

/** One pass over text that is known to be JSON. */
function duplicateFields(text: string): readonly string[] {
  const frames: Frame[] = []
  const duplicates: string[] = []
  let top: Frame | undefined
  let atKey = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      if (atKey && top !== undefined) {
        atKey = false
        top.key = keyOf(text.slice(at + 1, end))
        if (!remember(top) && duplicates.length < DUPLICATES_MAX)
          duplicates.push(`duplicate field ${JSON.stringify(pathOf(frames))}`)
      }
      at = end
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (frames.length === DEPTH_MAX) throw new JsonFault('exceeded max depth')
      atKey = code === OPEN_OBJECT
      top = { isObject: atKey, key: '', index: 0, keys: [], manyKeys: undefined }
      frames.push(top)
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      frames.pop()
      top = frames.at(-1)
      atKey = false
    } else if (code === COMMA && top !== undefined) {
      if (top.isObject) atKey = true
      else top.index++
    }
  }
  return duplicates
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (text.charCodeAt(end - 1) === BACKSLASH && isEscaped(text, end))
    end = text.indexOf('"', end + 1)
  return end
}

/** An odd number of backslashes stands before the quote. */
function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1
  while (text.charCodeAt(before) === BACKSLASH) before--
  return (quote - before) % 2 === 0
}

function keyOf(raw: string): string {
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw
}

/** Notes the frame's key; false when it was there already. */
function remember(frame: Frame): boolean {
  const { key, keys } = frame
  if (frame.manyKeys !== undefined) {
    if (frame.manyKeys.has(key)) return false
    frame.manyKeys.add(key)
    return true
  }
  if (keys.includes(key)) return false
  keys.push(key)
  if (keys.length > SMALL_OBJECT_KEYS) frame.manyKeys = new Set(keys)
  return true
}

function pathOf(frames: readonly Frame[]): string {
  let path = ''
  for (const { isObject, key, index } of frames) {
    if (isObject) path = path === '' ? key : `${path}.${key}`
    else path = `${path}[${index}]`
  }
  return path
}
