/**
 * Fields of features that are off: no object gets them, and one that has them already keeps them. Pure; the same
 * object when there is nothing to leave out.
 *
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go, the dropDisabledFields of each
 */
import type { AnyObject } from '#api/object.ts'
import { type Fields, recordOf, without } from '#api/values.ts'

/** What lies at the path; an empty record where it is not. */
export const at = (object: unknown, path: readonly string[]): Fields =>
  recordOf(path.reduce<unknown>((value, name) => recordOf(value)[name], object))

/** The same record when the member is what it was. */
export const withMember = (fields: Fields, name: string, value: unknown): Fields =>
  value === fields[name] ? fields : { ...fields, [name]: value }

function withAt(value: Fields, [name = '', ...path]: readonly string[], part: Fields): Fields {
  if (path.length === 0) return withMember(value, name, part)
  return withMember(value, name, withAt(recordOf(value[name]), path, part))
}

/** The object with `part` at the path. */
export const withPart = (object: AnyObject, path: readonly string[], part: Fields): AnyObject => ({
  ...object,
  ...withAt({ ...object }, path, part),
})

/** `path` leads to the part that bears the fields. */
export function withoutNew(
  object: AnyObject,
  old: AnyObject | undefined,
  path: readonly string[],
  ...names: readonly string[]
): AnyObject {
  const part = at(object, path)
  const before = at(old, path)
  const kept = without(part, ...names.filter(name => !(name in before)))
  return kept === part ? object : withPart(object, path, kept)
}
