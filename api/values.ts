/** What a value of unknown type is, and what it is taken for when it is something else. Pure; never throws. */

export type Fields = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const recordOf = (value: unknown): Fields => (isRecord(value) ? value : {})

/** Without members of these names; the same record when it has none of them. */
export const without = (fields: Fields, ...names: readonly string[]): Fields =>
  names.some(name => Object.hasOwn(fields, name))
    ? Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
    : fields

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
