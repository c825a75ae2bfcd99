/** Facts that a version has no field for and keeps in an annotation. Pure. */
import { type Fields, recordOf, without } from '#api/values.ts'

export const annotationOf = (object: Fields, name: string): string | undefined => {
  const value = recordOf(recordOf(object['metadata'])['annotations'])[name]
  return typeof value === 'string' ? value : undefined
}

/** Undefined values are not added; a map that becomes empty goes. */
export function withAnnotations(
  object: Fields,
  added: Readonly<Record<string, string | undefined>>,
): Fields {
  const metadata = recordOf(object['metadata'])
  const names = Object.keys(added)
  const kept = without(recordOf(metadata['annotations']), ...names)
  const annotations: Record<string, unknown> = { ...kept }
  for (const name of names) if (added[name] !== undefined) annotations[name] = added[name]
  const rest = without(metadata, 'annotations')
  const isEmpty = Object.keys(annotations).length === 0
  return { ...object, metadata: isEmpty ? rest : { ...rest, annotations } }
}

export const withoutAnnotations = (object: Fields, ...names: readonly string[]): Fields =>
  withAnnotations(object, Object.fromEntries(names.map(name => [name, undefined])))

/** The JSON an annotation holds; undefined when there is none that can be read. */
export function parsedAnnotation(object: Fields, name: string): unknown {
  const text = annotationOf(object, name)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON says nothing, as upstream.
    return undefined
  }
}
