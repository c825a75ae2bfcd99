/**
 * YAML bodies, read as kubectl and the Go libraries read them (YAML 1.1 booleans and octals, no dates). Pure.
 *
 * Throws StatusError(BadRequest) for text that is not YAML or expands beyond reason.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import { isWithin } from '#api/json.ts'
import { badRequest } from '#api/status.ts'
import { yamlFault } from '#base/errors.ts'
import * as yaml from 'js-yaml'

const INTEGER = /^([+-]?)(0x[0-9a-fA-F]+|0b[01]+|0o[0-7]+|0[0-7]+|0|[1-9][0-9]*)$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const ALIASES_MAX = 1000
/** Values and characters of a document once every alias stands for a copy of its anchor: as much as a body may have. */
const EXPANDED_MAX = 3 * 1024 * 1024

const goInt = yaml.defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: Array.from('+-0123456789'),
  resolve: source => {
    const match = INTEGER.exec(source.replaceAll('_', ''))
    const [, sign, digits] = match ?? []
    if (digits === undefined) return yaml.NOT_RESOLVED
    const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
    return sign === '-' ? -value : value
  },
  identify: value => Number.isInteger(value),
  represent: value => String(value),
})

const goFloat = yaml.defineScalarTag('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: Array.from('+-.0123456789'),
  resolve: source => {
    const text = source.replaceAll('_', '')
    const value = FLOAT.test(text) ? Number(text) : Number.NaN
    return Number.isFinite(value) ? value : yaml.NOT_RESOLVED
  },
  identify: value => typeof value === 'number',
  represent: value => String(value),
})

const SCHEMA = new yaml.Schema([
  yaml.strTag,
  yaml.seqTag,
  yaml.mapTag,
  yaml.nullYaml11Tag,
  yaml.boolYaml11Tag,
  goInt,
  goFloat,
  yaml.mergeTag,
])

export function parseYaml(text: string): unknown {
  const value = load(text)
  if (text.includes('*') && !isWithin(value, EXPANDED_MAX))
    throw badRequest(`${FAULT}: yaml: document contains excessive aliasing`)
  return value
}

const FAULT = 'error converting YAML to JSON'

function load(text: string): unknown {
  try {
    return yaml.load(text, { schema: SCHEMA, maxAliases: ALIASES_MAX })
  } catch (error) {
    throw badRequest(`${FAULT}: yaml: ${yamlFault(error)}`)
  }
}

export const renderYaml = (value: unknown): string =>
  yaml.dump(value, { schema: SCHEMA, noRefs: true, lineWidth: -1 })
