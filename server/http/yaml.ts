/**
 * YAML bodies, read as kubectl and the Go libraries read them (YAML 1.1 booleans and octals, no dates). Pure.
 *
 * Throws StatusError(BadRequest) for text that is not YAML or expands beyond reason.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import { isUtf8 } from 'node:buffer'
import { isWithin } from '#api/json.ts'
import { JsonFault, type ParsedJson, readJson } from '#api/schema/json.ts'
import { StatusError, badRequest } from '#api/status.ts'
import { yamlFault } from '#base/errors.ts'
import { YAML_SCHEMA } from '#client/yaml.ts'
import * as yaml from 'js-yaml'

const ALIASES_MAX = 1000
/** Values and characters of a document once every alias stands for a copy of its anchor: as much as a body may have. */
const EXPANDED_MAX = 3 * 1024 * 1024

/** Bytes that are no UTF-8 would be read as other text than was sent. */
export function readYaml(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) throw badRequest(`${FAULT}: yaml: invalid leading UTF-8 octet`)
  const json = bytes[0] === OPEN_OBJECT ? readPlainJson(bytes) : undefined
  return json ?? parseYaml(bytes.toString('utf8'))
}

const OPEN_OBJECT = 0x7b

/** Most clients send JSON, which is read faster as what it is; undefined leaves the text to YAML and its words. */
function readPlainJson(bytes: Buffer): ParsedJson | undefined {
  try {
    const parsed = readJson(bytes)
    return parsed.duplicates.length === 0 ? parsed : undefined
  } catch (error) {
    if (error instanceof JsonFault) return undefined
    throw error
  }
}

export function parseYaml(text: string): ParsedJson {
  const parsed = load(text)
  if (text.includes('*') && !isWithin(parsed.value, EXPANDED_MAX))
    throw badRequest(`${FAULT}: yaml: document contains excessive aliasing`)
  return parsed
}

/** The configuration of a server-side apply: its faults are told as those of the patch. */
export function readApplied(bytes: Buffer): ParsedJson {
  try {
    return readYaml(bytes)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    throw badRequest(`error decoding YAML: ${error.message}`)
  }
}

const FAULT = 'error converting YAML to JSON'
const OPTIONS = { schema: YAML_SCHEMA, maxAliases: ALIASES_MAX }

/** Of keys given twice the last one counts, and the first is told of. */
function load(text: string): ParsedJson {
  try {
    return { value: yaml.load(text, OPTIONS), duplicates: [] }
  } catch (error) {
    const fault = duplicateIn(text, error)
    if (fault === undefined) throw refusalOf(error)
    return { value: loadLoosely(text), duplicates: [fault] }
  }
}

function loadLoosely(text: string): unknown {
  try {
    return yaml.load(text, { ...OPTIONS, json: true })
  } catch (error) {
    throw refusalOf(error)
  }
}

const refusalOf = (error: unknown): StatusError => badRequest(`${FAULT}: yaml: ${yamlFault(error)}`)

/** Of a line from a key on, behind its opening quote: up to the closing one, or to its colon. */
const QUOTED_KEY = /^[^"']*/
const PLAIN_KEY = /^.*?(?=\s*:(?:\s|$))/

function duplicateIn(text: string, error: unknown): string | undefined {
  if (!(error instanceof yaml.YAMLException) || error.reason !== 'duplicated mapping key')
    return undefined
  const { line = 0, column = 0 } = error.mark ?? {}
  const rows = text.split('\n')
  const row = rows[line] ?? ''
  const isQuoted = /["']/.test(row.slice(column - 1, column))
  const key = (isQuoted ? QUOTED_KEY : PLAIN_KEY).exec(row.slice(column))?.[0] ?? ''
  return `yaml: unmarshal errors:\n  line ${lineOfValue(rows, line) + 1}: key ${JSON.stringify(key)} already set in map`
}

/** Go names the line of the value: of a block, the first that says something. */
function lineOfValue(rows: readonly string[], line: number): number {
  if (!/:\s*(?:#.*)?$/.test(rows[line] ?? '')) return line
  const next = rows.findIndex((row, index) => index > line && /^\s*[^\s#]/.test(row))
  return next < 0 ? line : next
}
