/** Small steps that conversions are made of: reading fields of unknown type, leaving out what is undefined. Pure. */
import { type Fields, isRecord, listOf, recordOf } from '#api/values.ts'

/** Without members that are undefined. */
export const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** With its names changed; names that the map does not hold stay. */
export const renamed = (fields: Fields, names: ReadonlyMap<string, string>): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [names.get(name) ?? name, value] as const),
  )

export const inverse = (names: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...names].map(([from, to]) => [to, from] as const))

/** A list member by member; undefined stays undefined. */
export const mapped = (value: unknown, change: (item: Fields) => unknown): unknown =>
  value === undefined ? undefined : listOf(value).map(item => change(recordOf(item)))

/** The object with one field, when it has it, changed. */
export const changed = (
  fields: Fields,
  name: string,
  change: (value: Fields) => unknown,
): Fields => {
  const value = fields[name]
  return isRecord(value) ? { ...fields, [name]: change(value) } : fields
}
