/**
 * YAML bodies, read as kubectl and the Go libraries read them (YAML 1.1 booleans and octals, no dates). Pure.
 *
 * Throws StatusError(BadRequest) for text that is not YAML or expands beyond reason.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import { badRequest } from '#api/status.ts'
import { messageOf } from '#base/errors.ts'
import * as yaml from 'js-yaml'

const INTEGER = /^([+-]?)(0x[0-9a-fA-F]+|0b[01]+|0o[0-7]+|0[0-7]+|0|[1-9][0-9]*)$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const ALIASES_MAX = 1000
/** Values and characters of a document once every alias stands for a copy of its anchor: as much as a body may have. */
const EXPANDED_MAX = 3 * 1024 * 1024
/** Anchors within anchors nest deeper than the text does. */
const DEPTH_MAX = 1000

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
  if (text.includes('*') && expandedSize(value, EXPANDED_MAX) > EXPANDED_MAX)
    throw badRequest(`${FAULT}: yaml: document contains excessive aliasing`)
  return value
}

const FAULT = 'error converting YAML to JSON'

function load(text: string): unknown {
  try {
    return yaml.load(text, { schema: SCHEMA, maxAliases: ALIASES_MAX })
  } catch (error) {
    throw badRequest(`${FAULT}: yaml: ${faultOf(error)}`)
  }
}

/** One line, without the piece of the text that the library shows. */
function faultOf(error: unknown): string {
  if (!(error instanceof yaml.YAMLException)) return messageOf(error)
  const { reason, mark } = error
  return mark === undefined ? reason : `line ${mark.line + 1}: ${reason}`
}

/** Parsed aliases share their anchor's value, or even contain themselves: counting stops above `max`. */
function expandedSize(value: unknown, max: number, depth = 0): number {
  if (depth > DEPTH_MAX) return Infinity
  if (typeof value === 'string') return 1 + value.length
  if (typeof value !== 'object' || value === null) return 1
  let size = 1
  for (const [key, child] of Object.entries(value)) {
    if (size > max) break
    size += key.length + expandedSize(child, max - size, depth + 1)
  }
  return size
}

export const renderYaml = (value: unknown): string =>
  yaml.dump(value, { schema: SCHEMA, noRefs: true, lineWidth: -1 })
