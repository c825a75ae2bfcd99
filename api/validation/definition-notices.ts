/** What of a CustomResourceDefinition this server stores without acting on it, for its writer to know. Pure. */
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { namedAt, type Schema, schemaAt, schemasAt } from '#api/validation/structural-schemas.ts'
import { isRecord, listOf } from '#api/values.ts'

const RULES = 'x-kubernetes-validations'
const UNCONVERTED =
  'spec.conversion.strategy: conversion webhooks are not called: objects are served in the version they are stored in only'

export function definitionNotices({ spec }: CustomResourceDefinition): readonly string[] {
  const ruled = spec.versions.flatMap(({ schema }, index) => {
    const root: unknown = schema?.openAPIV3Schema
    const field = `spec.versions[${index}].schema.openAPIV3Schema`
    return isRecord(root) && hasRules(root)
      ? [`${field}: rules of ${RULES} are stored and not evaluated`]
      : []
  })
  return spec.conversion?.strategy === 'Webhook' ? [...ruled, UNCONVERTED] : ruled
}

const hasRules = (schema: Schema): boolean =>
  listOf(schema[RULES]).length > 0 || belowOf(schema).some(hasRules)

const belowOf = (schema: Schema): readonly Schema[] => [
  ...namedAt(schema, 'properties').map(([, below]) => below),
  ...['items', 'additionalProperties', 'not']
    .map(name => schemaAt(schema, name))
    .filter(below => below !== undefined),
  ...['allOf', 'anyOf', 'oneOf'].flatMap(name => schemasAt(schema, name)),
]
