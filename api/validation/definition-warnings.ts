/**
 * What the writer of a CustomResourceDefinition should know: formats in its schemas that nobody will check. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go WarningsOnCreate
 */
import { equalJson } from '#api/json.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { formatOf } from '#api/validation/schema-scalars.ts'
import { namedAt, type Schema, schemaAt, schemasAt } from '#api/validation/structural-schemas.ts'

/** With an older definition: only what it did not have. */
export function definitionWarnings(
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition | undefined,
): readonly string[] {
  const known = new Set(before === undefined ? [] : formatsIn(before))
  return formatsIn(definition)
    .filter(format => !known.has(format))
    .map(format => `unrecognized format ${JSON.stringify(format)}`)
}

/** A schema that all versions share is looked at once. */
function formatsIn({ spec }: CustomResourceDefinition): readonly string[] {
  const schemas = spec.versions.map(({ schema }) => schema?.openAPIV3Schema ?? {})
  const [first] = schemas
  const isShared = schemas.every(schema => equalJson(schema, first))
  return (isShared ? schemas.slice(0, 1) : schemas).flatMap(schema => unknownFormats({ ...schema }))
}

function unknownFormats(schema: Schema): readonly string[] {
  const { format } = schema
  const isUnknown = typeof format === 'string' && format !== '' && formatOf(schema) === ''
  const single = ['items', 'not', 'additionalProperties'].map(name => schemaAt(schema, name))
  const below = [
    ...single.filter(one => one !== undefined),
    ...['items', 'allOf', 'anyOf', 'oneOf'].flatMap(name => schemasAt(schema, name)),
    ...namedAt(schema, 'properties').map(([, one]) => one),
  ]
  return [...(isUnknown ? [format] : []), ...below.flatMap(unknownFormats)]
}
