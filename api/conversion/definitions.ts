/**
 * CustomResourceDefinitions of apiextensions.k8s.io/v1beta1: what all versions shared stood at the top. Pure.
 * Source: kubernetes apiextensions-apiserver pkg/apis/apiextensions/{v1,v1beta1}/conversion.go
 */
import { equalJson } from '#api/json.ts'
import type { FieldError } from '#api/status.ts'
import { forbidden, wrong } from '#api/validation/fault.ts'
import type { Conversion } from './conversion.ts'
import { changed, defined, inverse, mapped, renamed } from './fields.ts'
import { type Fields, listOf, recordOf, textOf, without } from '#api/values.ts'

/** Field at the top of v1beta1's spec, field of v1's versions. */
const PER_VERSION = [
  ['validation', 'schema'],
  ['subresources', 'subresources'],
  ['additionalPrinterColumns', 'additionalPrinterColumns'],
  ['selectableFields', 'selectableFields'],
] as const

const COLUMN: ReadonlyMap<string, string> = new Map([['JSONPath', 'jsonPath']])

const columns = (value: unknown, names: ReadonlyMap<string, string>): unknown =>
  mapped(value, column => renamed(column, names))

function storedConversion(value: unknown): unknown {
  if (value === undefined) return undefined
  const { webhookClientConfig: clientConfig, conversionReviewVersions, ...rest } = recordOf(value)
  const webhook = defined({ clientConfig, conversionReviewVersions })
  return rest['strategy'] === 'Webhook' || clientConfig !== undefined ? { ...rest, webhook } : rest
}

function shownConversion(value: unknown): unknown {
  if (value === undefined) return undefined
  const { webhook, ...rest } = recordOf(value)
  const { clientConfig, conversionReviewVersions } = recordOf(webhook)
  return defined({ ...rest, webhookClientConfig: clientConfig, conversionReviewVersions })
}

const TOP = PER_VERSION.map(([top]) => top)

/** One version, when only its name was given. */
const versionsOf = (spec: Fields): unknown =>
  listOf(spec['versions']).length === 0 && typeof spec['version'] === 'string'
    ? [{ name: spec['version'], served: true, storage: true }]
    : spec['versions']

const isSaid = (value: unknown): boolean =>
  value !== undefined && !(Array.isArray(value) && value.length === 0)

/** What no definition of v1 can say: a version that is not the first one, one thing at the top and in a version. */
function contradictions(definition: Fields): readonly FieldError[] {
  const spec = recordOf(definition['spec'])
  const versions = listOf(spec['versions']).map(recordOf)
  const [first] = versions
  const version = textOf(spec['version'])
  const twice = PER_VERSION.filter(
    ([top, own]) => isSaid(spec[top]) && versions.some(one => isSaid(one[own])),
  )
  const faults: FieldError[] = twice.map(([top]) =>
    forbidden(
      `spec.${top}`,
      `top-level and per-version ${top === 'validation' ? 'schemas' : top} are mutually exclusive`,
    ),
  )
  if (version === '' || first === undefined || first['name'] === version) return faults
  const detail = 'must match the first version in spec.versions'
  return [...faults, wrong('spec.version', version, detail)]
}

function storedSpec(spec: Fields): Fields {
  const shared = Object.fromEntries(PER_VERSION.map(([top, own]) => [own, spec[top]] as const))
  const versions = mapped(versionsOf(spec), version => {
    const merged = { ...defined(shared), ...version }
    return defined({
      ...merged,
      additionalPrinterColumns: columns(merged['additionalPrinterColumns'], COLUMN),
    })
  })
  return defined({
    ...without(spec, ...TOP, 'version'),
    scope: textOf(spec['scope']) === '' ? 'Namespaced' : spec['scope'],
    versions,
    preserveUnknownFields: spec['preserveUnknownFields'] === false ? undefined : true,
    conversion: storedConversion(spec['conversion']),
  })
}

/** What every version has in common moves to the top, where old clients look for it. */
function shownSpec(spec: Fields): Fields {
  const versions = listOf(spec['versions']).map(version => {
    const fields = recordOf(version)
    const shown = columns(fields['additionalPrinterColumns'], inverse(COLUMN))
    return defined({ ...fields, additionalPrinterColumns: shown })
  })
  const [first] = versions
  const common = PER_VERSION.filter(([, own]) =>
    versions.every(version => equalJson(version[own], first?.[own])),
  )
  const names = common.map(([, own]) => own)
  return defined({
    ...spec,
    // Left out, it would mean true here.
    preserveUnknownFields: spec['preserveUnknownFields'] === true,
    version: first?.['name'],
    versions: versions.map(version => without(version, ...names)),
    ...Object.fromEntries(common.map(([top, own]) => [top, first?.[own]] as const)),
    conversion: shownConversion(spec['conversion']),
  })
}

export const DEFINITION: Conversion = {
  toStorage: definition => changed(definition, 'spec', storedSpec),
  fromStorage: definition => changed(definition, 'spec', shownSpec),
  contradictions,
}
