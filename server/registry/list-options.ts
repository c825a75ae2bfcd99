/**
 * The query options that lists and watches share: text in, checked values out. Pure.
 *
 * Throws  StatusError: Invalid for options that contradict each other, BadRequest for what cannot be read.
 * Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation, defaults.go
 */
import { type FieldError, badRequest, invalid } from '#api/status.ts'
import type { Query } from './call.ts'
import { integerOf, isTrue } from './options.ts'

export interface AskedVersion {
  /** Undefined: the latest. */
  readonly revision: number | undefined
  readonly isExact: boolean
}

export interface ListQuery {
  readonly version: AskedVersion
  /** 0: no bound. */
  readonly limit: number
  /** '' on the first page. */
  readonly token: string
}

export interface WatchQuery {
  readonly revision: number | undefined
  /** Null: the version alone decides. */
  readonly initialEvents: boolean | null
  readonly bookmarks: boolean
  /** 0: the server chooses. */
  readonly timeoutSeconds: number
}

export function listQuery(query: Query): ListQuery {
  const limit = Math.max(0, integerOf(query.get('limit')) ?? 0)
  integerOf(query.get('timeoutSeconds'))
  const match = query.get('resourceVersionMatch') ?? ''
  refuse([...listMatchFaults(query, match), ...forbiddenInitialEvents(query)])
  const revision = revisionOf(query, 'invalid resource version: ')
  // A limited list at a revision without a match means exactly that revision, for old clients' pagers.
  const isExact = match === 'Exact' || (match === '' && limit > 0 && revision !== 0)
  const token = query.get('continue') ?? ''
  return { version: { revision, isExact: isExact && revision !== undefined }, limit, token }
}

export function watchQuery(query: Query): WatchQuery {
  const sent = query.get('sendInitialEvents')
  const match = query.get('resourceVersionMatch') ?? ''
  integerOf(query.get('limit'))
  const timeoutSeconds = integerOf(query.get('timeoutSeconds')) ?? 0
  refuse(watchMatchFaults(query, match, sent !== null))
  return {
    revision: revisionOf(query),
    initialEvents: sent === null ? null : isTrue(sent),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutSeconds,
  }
}

function refuse(faults: readonly FieldError[]): void {
  if (faults.length > 0)
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, faults)
}

/** Undefined: not asked for. Throws StatusError(BadRequest), its text behind `prefix`. */
export function revisionOf(query: Query, prefix = ''): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  if (text === '') return undefined
  const revision = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(revision)) return revision
  const quoted = JSON.stringify(text)
  const why = Number.isNaN(revision) ? 'invalid syntax' : 'value out of range'
  throw badRequest(
    `${prefix}resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
  )
}

const MATCH = 'resourceVersionMatch'

const forbidden = (field: string, why: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${why}`,
})

const unknownMatch = (match: string, known: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: MATCH,
  message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${known
    .map(one => JSON.stringify(one))
    .join(', ')}`,
})

const isContinued = (query: Query): boolean => (query.get('continue') ?? '') !== ''

function listMatchFaults(query: Query, match: string): FieldError[] {
  if (match === '') return []
  const version = query.get('resourceVersion') ?? ''
  const faults: FieldError[] = []
  if (version === '')
    faults.push(
      forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    )
  if (isContinued(query))
    faults.push(forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided'))
  if (match !== 'Exact' && match !== 'NotOlderThan')
    faults.push(unknownMatch(match, ['Exact', 'NotOlderThan', '']))
  if (match === 'Exact' && version === '0')
    faults.push(
      forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    )
  return faults
}

const forbiddenInitialEvents = (query: Query): FieldError[] =>
  query.get('sendInitialEvents') === null
    ? []
    : [forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')]

function watchMatchFaults(query: Query, match: string, isSent: boolean): FieldError[] {
  const faults: FieldError[] = []
  if (isSent && match !== 'NotOlderThan')
    faults.push(
      forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  if (match === '') return faults
  if (!isSent)
    faults.push(
      forbidden(
        MATCH,
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    )
  if (match !== 'NotOlderThan') faults.push(unknownMatch(match, ['NotOlderThan']))
  if (isContinued(query))
    faults.push(forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided'))
  return faults
}
