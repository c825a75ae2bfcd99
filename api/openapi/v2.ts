/**
 * The OpenAPI v2 (Swagger) document of everything served, made from the portions of v3. Pure.
 *
 * Lossy as upstream's is: a quantity or int-or-string is text.
 * Source: k8s.io/kube-openapi pkg/builder
 */
import type { Resource } from '#api/scheme.ts'
import type { Portion, Schema } from './portions.ts'
import { openApiV3 } from './v3.ts'
import { isRecord } from '#api/values.ts'

export function* openApiV2(table: readonly Resource[], version: string): Generator<Portion> {
  yield { at: [], entries: { swagger: '2.0', info: { title: 'Kubernetes', version } } }
  for (const { at, entries } of openApiV3(table)) {
    if (at[0] === 'paths') yield { at, entries: mapped(entries, pathItem) }
    if (at[0] === 'components') yield { at: ['definitions'], entries: mapped(entries, definition) }
  }
}

const mapped = (entries: Schema, convert: (value: unknown) => unknown): Schema =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, convert(value)]))

const entriesOf = (value: unknown): [string, unknown][] =>
  isRecord(value) ? Object.entries(value) : []

/** Schemas of v2: no oneOf, no allOf around a reference. */
function definition(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(definition)
  if (!isRecord(schema)) return schema
  const { allOf, oneOf, ...rest } = schema
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
  properties: value =>
    Object.fromEntries(entriesOf(value).map(([name, schema]) => [name, definition(schema)])),
}

const reference = (value: unknown): string =>
  String(value).replace('#/components/schemas/', '#/definitions/')

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete'])

function pathItem(item: unknown): Schema {
  return Object.fromEntries(
    entriesOf(item).map(([key, value]) => [
      key,
      METHODS.has(key) ? operation(value) : parameters(value),
    ]),
  )
}

/** `schema` of a path or query parameter stands in the parameter itself. */
const parameters = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : []).map((parameter: unknown) => {
    const { schema, ...rest } = isRecord(parameter) ? parameter : {}
    return { ...rest, ...(isRecord(schema) ? schema : {}) }
  })

function operation(value: unknown): Schema {
  const { requestBody, responses, parameters: given, ...rest } = isRecord(value) ? value : {}
  const body = contentOf(requestBody)
  const bodyParameter =
    body.schema === undefined ? [] : [{ in: 'body', name: 'body', schema: body.schema }]
  const answers = entriesOf(responses).map(([code, response]) => {
    const { schema } = contentOf(response)
    const { description } = isRecord(response) ? response : {}
    return [code, { description, ...(schema === undefined ? {} : { schema }) }] as const
  })
  return {
    ...rest,
    ...(body.types.length === 0 ? {} : { consumes: body.types }),
    produces: ['application/json', 'application/yaml'],
    schemes: ['https'],
    parameters: [...bodyParameter, ...parameters(given)],
    responses: Object.fromEntries(answers),
  }
}

interface Content {
  readonly types: readonly string[]
  readonly schema: unknown
}

function contentOf(value: unknown): Content {
  const content = entriesOf(isRecord(value) ? value['content'] : undefined)
  const first = content[0]?.[1]
  return {
    types: content.map(([type]) => type),
    schema: isRecord(first) ? definition(first['schema']) : undefined,
  }
}
