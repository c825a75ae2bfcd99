/**
 * YAML bodies, read as kubectl and the Go libraries read them (YAML 1.1 booleans and octals, no dates). Pure.
 *
 * Throws StatusError(BadRequest) for text that is not YAML or expands beyond reason.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import { isUtf8 } from 'node:buffer'
import { isWithin } from '#api/json.ts'
import { JsonFault, type ParsedJson, readJson } from '#api/schema/json.ts'
import { badRequest } from '#api/status.ts'
import { yamlFault } from '#base/errors.ts'
import { YAML_SCHEMA } from '#client/yaml.ts'
import * as yaml from 'js-yaml'

const ALIASES_MAX = 1000
/** Values and characters of a document once every alias stands for a copy of its anchor: as much as a body may have. */
const EXPANDED_MAX = 3 * 1024 * 1024

/** Bytes that are no UTF-8 would be read as other text than was sent. */
export function readYaml(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw badRequest(`${FAULT}: yaml: invalid leading UTF-8 octet`)
  const json = bytes[0] === OPEN_OBJECT ? readPlainJson(bytes) : undefined
  if (json !== undefined) return json.value
  return parseYaml(bytes.toString('utf8'))
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

export function parseYaml(text: string): unknown {
  const value = load(text)
  if (text.includes('*') && !isWithin(value, EXPANDED_MAX))
    throw badRequest(`${FAULT}: yaml: document contains excessive aliasing`)
  return value
}

const FAULT = 'error converting YAML to JSON'

function load(text: string): unknown {
  try {
    return yaml.load(text, { schema: YAML_SCHEMA, maxAliases: ALIASES_MAX })
  } catch (error) {
    throw badRequest(`${FAULT}: yaml: ${yamlFault(error)}`)
  }
}
