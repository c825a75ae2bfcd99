/**
 * GET of a collection: which objects, at which revision, from which key on; and the plan of a watch.
 *
 * Throws  StatusError: BadRequest for selectors and tokens that cannot be read, Invalid for contradicting
 *         options, Timeout for a revision from the future, Expired for one that is gone.
 * Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation, k8s.io/apiserver pkg/storage/continue.go
 */
import { parseFieldSelector, parseLabelSelector } from '#api/selectors.ts'
import { resolveFieldSelector } from '#api/selectable-fields.ts'
import { type FieldError, StatusError, badRequest, invalid, isReason } from '#api/status.ts'
import type { PageOptions, Selection } from '#server/cache/cache.ts'
import type { Answer, Call, WatchPlan } from './call.ts'
import type { RegistryDeps } from './deps.ts'
import { integerOf, isTrue } from './options.ts'
import { type Target, targetOf } from './target.ts'

const REVISION_WAIT_MS = 3000
const REVISION_STEP_MS = 20
const WATCH_TIMEOUT_MIN_MS = 30 * 60_000
/** A longer timer would fire at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1

export function selectionOf(call: Call, target: Target): Selection {
  const labels = call.query.get('labelSelector') ?? ''
  const fields = call.query.get('fieldSelector') ?? ''
  // A name in the path is what the caller was authorized for: other terms may only narrow it.
  const name = call.name === '' ? '' : `metadata.name=${escaped(call.name)}`
  const named = [name, fields].filter(term => term !== '').join(',')
  return {
    groupResource: target.storage,
    namespace: target.namespace,
    ...(labels === '' ? {} : { labels: parseLabelSelector(labels) }),
    ...(named === ''
      ? {}
      : { fields: resolveFieldSelector(target.storage, parseFieldSelector(named)) }),
  }
}

const escaped = (value: string): string => value.replaceAll(/[\\,=]/g, String.raw`\$&`)

export async function list(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const { query } = call
  const version = versionOf(call, false)
  const selection = selectionOf(call, target)
  integerOf(query.get('timeoutSeconds'))
  if (query.get('sendInitialEvents') !== null)
    throw unwantedInitialEvents('sendInitialEvents is forbidden for list')
  const limit = limitOf(query.get('limit'))
  const token = query.get('continue') ?? ''
  if (token !== '') return continued(deps, call, { selection, limit, token, version })
  if (version.revision !== undefined) await reached(deps, version.revision)
  const options: PageOptions =
    version.isExact && version.revision !== undefined
      ? { limit, atRevision: version.revision }
      : { limit }
  const page = await deps.cache.list(selection, options)
  return pageAnswer(call, page)
}

const pageAnswer = (
  call: Call,
  page: Awaited<ReturnType<RegistryDeps['cache']['list']>>,
): Answer => ({
  kind: 'page',
  resource: call.resource,
  page: {
    page,
    continue:
      page.next === undefined
        ? undefined
        : encodeToken({ revision: page.revision, after: page.next }),
  },
})

interface Continuing {
  readonly selection: Selection
  readonly limit: number
  readonly token: string
  readonly version: AskedVersion
}

async function continued(deps: RegistryDeps, call: Call, asked: Continuing): Promise<Answer> {
  if (asked.version.revision !== undefined && asked.version.revision !== 0)
    throw badRequest('specifying resource version is not allowed when using continue')
  const { revision, after } = decodeToken(asked.token)
  const { limit } = asked
  try {
    // -1 stands for "whatever is latest": what a reader gets after its snapshot expired.
    const at = revision < 0 ? {} : { atRevision: revision }
    return pageAnswer(call, await deps.cache.list(asked.selection, { limit, after, ...at }))
  } catch (error) {
    if (!isReason(error, 'Expired')) throw error
    throw new StatusError(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      undefined,
      { cause: error },
    )
  }
}

interface Token {
  readonly revision: number
  readonly after: string
}

const TOKEN_VERSION = 'meta.k8s.io/v1'

const encodeToken = (token: Token): string =>
  Buffer.from(
    JSON.stringify({ v: TOKEN_VERSION, rv: token.revision, start: token.after }),
  ).toString('base64url')

function decodeToken(text: string): Token {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof parsed === 'object' && parsed !== null && 'rv' in parsed && 'start' in parsed) {
      const { rv, start } = parsed
      if (typeof rv === 'number' && Number.isInteger(rv) && typeof start === 'string')
        return { revision: rv, after: start }
    }
  } catch {
    // Falls through to the one refusal below.
  }
  throw badRequest('continue key is not valid')
}

interface AskedVersion {
  /** Undefined: the latest. */
  readonly revision: number | undefined
  readonly isExact: boolean
}

function versionOf(call: Call, isWatch: boolean): AskedVersion {
  const text = call.query.get('resourceVersion') ?? ''
  const match = call.query.get('resourceVersionMatch') ?? ''
  const faults = isWatch ? [] : matchFaults(text, match, (call.query.get('continue') ?? '') !== '')
  if (faults.length > 0)
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, faults)
  if (text === '') return { revision: undefined, isExact: false }
  const revision = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(revision)) {
    const quoted = JSON.stringify(text)
    const why = Number.isNaN(revision) ? 'invalid syntax' : 'value out of range'
    throw badRequest(
      `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
    )
  }
  const isLimited = limitOf(call.query.get('limit')) > 0
  // A limited list at a revision without a match means exactly that revision, for old clients' pagers.
  return { revision, isExact: match === 'Exact' || (match === '' && isLimited && revision > 0) }
}

function matchFaults(version: string, match: string, isContinued: boolean): FieldError[] {
  if (match === '') return []
  const fault = (message: string): FieldError[] => [
    {
      type: 'FieldValueForbidden',
      field: 'resourceVersionMatch',
      message: `Forbidden: ${message}`,
    },
  ]
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return [
      {
        type: 'FieldValueNotSupported',
        field: 'resourceVersionMatch',
        message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
      },
    ]
  if (isContinued) return fault('resourceVersionMatch is forbidden when continue is provided')
  if (version === '')
    return fault('resourceVersionMatch is forbidden unless resourceVersion is provided')
  if (match === 'Exact' && version === '0')
    return fault('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  return []
}

function limitOf(text: string | null): number {
  const limit = integerOf(text) ?? 0
  if (limit >= 0) return limit
  throw badRequest(`limit: Invalid value: ${limit}: must be greater than or equal to 0`)
}

/** Waits a little for a revision that another server, or another connection, has already seen. */
export async function reached(deps: RegistryDeps, revision: number): Promise<void> {
  const deadline = deps.clock.monotonic() + REVISION_WAIT_MS
  while (deps.cache.revision < revision) {
    if (deps.clock.monotonic() >= deadline)
      throw new StatusError(
        'Timeout',
        `Too large resource version: ${revision}, current: ${deps.cache.revision}`,
        {
          retryAfterSeconds: 1,
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        },
      )
    await deps.clock.sleep(REVISION_STEP_MS)
  }
}

export async function watch(deps: RegistryDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  const { query } = call
  const { revision } = versionOf(call, true)
  const sendInitial = query.get('sendInitialEvents')
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  checkInitialEvents(query, sendInitial)
  if (isTrue(sendInitial) && revision !== undefined) await reached(deps, revision)
  const plan: WatchPlan = {
    selection: selectionOf(call, target),
    options: { ...startOf(sendInitial, revision), bookmarks },
    timeoutMs: timeoutOf(query.get('timeoutSeconds'), deps.random.float()),
  }
  return { kind: 'watch', resource: call.resource, watch: plan }
}

function checkInitialEvents(query: Call['query'], sendInitial: string | null): void {
  const match = query.get('resourceVersionMatch') ?? ''
  if (sendInitial !== null && match !== 'NotOlderThan')
    throw unwantedInitialEvents(
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  if (isTrue(sendInitial) && !isTrue(query.get('allowWatchBookmarks')))
    throw unwantedInitialEvents('sendInitialEvents=true requires allowWatchBookmarks=true')
}

const unwantedInitialEvents = (why: string): StatusError =>
  invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, [
    { type: 'FieldValueForbidden', field: 'sendInitialEvents', message: `Forbidden: ${why}` },
  ])

/** Source: upstream's table of watch semantics ("Get State and Start at Any / Most Recent", "Start at Exact"). */
function startOf(
  sendInitial: string | null,
  revision: number | undefined,
): Omit<WatchPlan['options'], 'bookmarks'> {
  if (sendInitial !== null) {
    const initialEvents = isTrue(sendInitial)
    const afterRevision = initialEvents || revision === 0 ? undefined : revision
    return { afterRevision, initialEvents, initialEventsEnd: initialEvents }
  }
  const isResumed = revision !== undefined && revision > 0
  return {
    afterRevision: isResumed ? revision : undefined,
    initialEvents: !isResumed,
    initialEventsEnd: false,
  }
}

/** A random length between one and two half hours spreads reconnects when the client sets none. */
function timeoutOf(text: string | null, random: number): number {
  const seconds = integerOf(text) ?? 0
  if (seconds > 0) return Math.min(seconds * 1000, TIMEOUT_MAX_MS)
  return WATCH_TIMEOUT_MIN_MS * (1 + random)
}
