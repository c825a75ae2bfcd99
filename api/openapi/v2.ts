/**
 * The OpenAPI v2 (Swagger) document of everything served. Pure.
 *
 * Lossy as upstream's is: a quantity or int-or-string is text, and nothing has a default. Its schemas are those of v3.
 * Source: k8s.io/kube-openapi pkg/builder, pkg/handler/default_pruning.go
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import type { Resource } from '#api/scheme.ts'
import { formOfV2 } from './forms.ts'
import { kindsOf } from './kinds.ts'
import { pathsOf, resourceListPath } from './paths.ts'
import type { Portion, Schema } from './portions.ts'
import { rootsOf } from './roots.ts'
import { type DocumentOptions, schemasOf, SECURITY, TITLE } from './v3.ts'
import { isRecord } from '#api/values.ts'

export function* openApiV2(
  table: readonly Resource[],
  { version, returnsDeleted }: DocumentOptions,
): Generator<Portion> {
  const form = formOfV2()
  const at = ['paths']
  yield { at: [], entries: { swagger: '2.0', info: { title: TITLE, version } } }
  const builtIn = table.filter(row => !isCustom(row))
  const groups = new Set(builtIn.map(({ group }) => group))
  for (const { paths } of rootsOf([...groups])) yield { at, entries: paths(form) }
  const versions = new Map(builtIn.map(row => [`${row.group}/${row.version}`, row]))
  for (const row of versions.values()) yield { at, entries: resourceListPath(form, row) }
  for (const resource of table) yield { at, entries: pathsOf(resource, { form, returnsDeleted }) }
  const options = { named: form.named, kindsOf: kindsOf(table, true), forV2: true }
  for (const { entries } of schemasOf(table, options))
    yield { at: ['definitions'], entries: mapped(entries, definition) }
  yield { at: ['parameters'], entries: form.shared() }
  yield { at: ['securityDefinitions'], entries: SECURITY }
  yield { at: [], entries: { security: [{ BearerToken: [] }] } }
}

const mapped = (entries: Schema, convert: (value: unknown) => unknown): Schema =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, convert(value)]))

/** Schemas of v2: no default, no oneOf, no allOf around a reference. */
function definition(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(definition)
  if (!isRecord(schema)) return schema
  const { allOf, oneOf, default: _, ...rest } = schema
  const converted: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(rest)) {
    converted[key] = CONVERTED[key]?.(value) ?? definition(value)
  }
  if (oneOf !== undefined) converted['type'] = 'string'
  const [inner] = Array.isArray(allOf) ? allOf : []
  return isRecord(inner) ? { ...converted, $ref: reference(inner['$ref']) } : converted
}

/** Keys whose values are no schemas themselves: a field may well be called `oneOf`. */
const CONVERTED: Readonly<Record<string, (value: unknown) => unknown>> = {
  $ref: value => reference(value),
  enum: value => value,
  properties: value => (isRecord(value) ? mapped(value, definition) : value),
}

const reference = (value: unknown): string =>
  String(value).replace('#/components/schemas/', '#/definitions/')
