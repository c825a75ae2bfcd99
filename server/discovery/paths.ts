/** The paths that `GET /` lists, and paths as routes compare them. Pure. */
import { apiVersionOf } from '#api/scheme.ts'
import { groupNames, groupVersions, type Table } from './documents.ts'

export const trimmed = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path

/** Sorted. `more` are those of others: health checks and metrics. */
export const pathsOf = (table: Table, more: readonly string[]): readonly string[] =>
  [
    '/api',
    '/apis',
    ...groupNames(table)
      .filter(group => group !== '')
      .map(group => `/apis/${group}`),
    ...groupVersions(table).map(at =>
      at.group === '' ? `/api/${at.version}` : `/apis/${apiVersionOf(at)}`,
    ),
    '/openapi/v2',
    '/openapi/v3',
    '/version',
    ...more,
  ].toSorted()
