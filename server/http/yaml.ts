/**
 * YAML bodies, read as kubectl and the Go libraries read them (YAML 1.1 booleans and octals, no dates). Pure.
 *
 * Throws StatusError(BadRequest) for text that is not YAML or expands beyond reason.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import { isWithin } from '#api/json.ts'
import { badRequest } from '#api/status.ts'
import { yamlFault } from '#base/errors.ts'
import { YAML_SCHEMA } from '#client/yaml.ts'
import * as yaml from 'js-yaml'

const ALIASES_MAX = 1000
/** Values and characters of a document once every alias stands for a copy of its anchor: as much as a body may have. */
const EXPANDED_MAX = 3 * 1024 * 1024

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
