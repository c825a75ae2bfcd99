/** Documents out of their portions. Not a test itself. */
import { createJsonWriter, type Portion } from '#api/openapi/portions.ts'
import type { DocumentOptions } from '#api/openapi/v3.ts'
import { isRecord } from '#api/values.ts'

export function textOf(portions: Iterable<Portion>): string {
  const writer = createJsonWriter()
  const pieces = [...portions].map(portion => writer.add(portion))
  return Buffer.concat([...pieces, writer.end()]).toString()
}

/** Pods answer their deletion themselves. */
export const OPTIONS: DocumentOptions = {
  version: '1.36',
  returnsDeleted: ({ plural }) => plural === 'pods',
}

/** A value inside a document, by keys. */
export const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
