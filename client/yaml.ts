/**
 * YAML as kubectl and the Go libraries read and write it: YAML 1.1 booleans and octals (`mode: 0644` is 420, `yes` is
 * true), no dates. For manifests and request bodies; config files and kubeconfigs hold no such values.
 * Source: sigs.k8s.io/yaml (go-yaml v2 resolve rules)
 */
import * as yaml from 'js-yaml'

const INTEGER = /^([+-]?)(0x[0-9a-fA-F]+|0b[01]+|0o[0-7]+|0[0-7]+|0|[1-9][0-9]*)$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/

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

const TAGS = [
  yaml.strTag,
  yaml.seqTag,
  yaml.mapTag,
  yaml.nullYaml11Tag,
  yaml.boolYaml11Tag,
  goInt,
  goFloat,
  yaml.mergeTag,
]

export const YAML_SCHEMA = new yaml.Schema(TAGS)

/** Text that other readers would take for a time is quoted. */
const WRITING = new yaml.Schema([...TAGS, yaml.timestampTag])

/** In the layout of the Go libraries: double quotes, lists not indented, no folded lines. */
export const renderYaml = (value: unknown): string =>
  yaml.dump(value, {
    schema: WRITING,
    noRefs: true,
    sortKeys: true,
    lineWidth: -1,
    seqNoIndent: true,
    quoteStyle: 'double',
  })
