/** What the tests of printed columns share: a moment, objects of an age, rows as text. Not a test itself. */
import { cellsOf } from '#api/columns/table.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, resourceOf } from '#api/scheme.ts'

export const NOW = Date.parse('2026-01-02T12:00:00Z')
export const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString()

export function resourceNamed(name: string): Resource {
  const [plural = '', ...group] = name.split('.')
  const resource = resourceOf(group.join('.'), 'v1', plural)
  if (resource === undefined) throw new Error(`no resource ${name}`)
  return resource
}

export const build = (fields: object): AnyObject => {
  const { metadata = {}, ...rest } = JSON.parse(JSON.stringify(fields))
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', creationTimestamp: at(65), ...metadata },
    ...rest,
  }
}

export const row = (name: string, fields: object): string =>
  cellsOf(resourceNamed(name), build(fields), NOW).join('|')

export const containers = (...names: string[]): object[] =>
  names.map(name => ({ name, image: `${name}:1` }))
