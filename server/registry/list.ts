/**
 * GET of a collection: which objects, at which revision, from which key on.
 *
 * Throws  StatusError: BadRequest for selectors and tokens that cannot be read, Invalid for contradicting
 *         options, Timeout for a revision from the future, Expired for one that is gone (with a token to go on
 *         inconsistently, when it was a page that was asked for).
 * Source: k8s.io/apiserver pkg/storage/etcd3/errors.go, pkg/storage/interfaces.go ValidateListOptions
 */
import { customOf } from '#api/custom/custom-resource.ts'
import {
  type FieldSelector,
  exactMatchOf,
  parseFieldSelector,
  parseLabelSelector,
} from '#api/selectors.ts'
import { resolveFieldSelector } from '#api/selectable-fields.ts'
import { StatusError, badRequest, isReason } from '#api/status.ts'
import type { CachedPage, PageOptions, Selection } from '#server/cache/cache.ts'
import { tooLarge } from '#server/cache/refusal.ts'
import { prefixOf } from '#server/cache/selecting.ts'
import type { Answer, Call } from './call.ts'
import { LATEST, decodeToken, encodeToken } from './continue-token.ts'
import type { RegistryDeps } from './deps.ts'
import { type ListQuery, listQuery } from './list-options.ts'
import { type Target, targetOf } from './target.ts'

const REVISION_WAIT_MS = 3000
const REVISION_STEP_MS = 20

export function selectionOf(call: Call, target: Target): Selection {
  const labels = call.query.get('labelSelector') ?? ''
  const fields = call.query.get('fieldSelector') ?? ''
  // A name in the path is what the caller was authorized for.
  if (call.name !== '' && fields !== '' && exactMatchOf(fields, 'metadata.name') !== call.name)
    throw badRequest("fieldSelector metadata.name doesn't match requested name")
  const isNamed = call.name !== '' && fields === ''
  const named = isNamed ? `metadata.name=${escaped(call.name)}` : fields
  return {
    groupResource: target.storage,
    namespace: target.namespace,
    ...(labels === '' ? {} : { labels: parseLabelSelector(labels) }),
    ...(named === '' ? {} : { fields: resolvedFields(target, named) }),
  }
}

function resolvedFields({ resource, storage }: Target, text: string): FieldSelector {
  const more = customOf(resource)?.kind.selectableFields
  return resolveFieldSelector(storage, parseFieldSelector(text), more)
}

const escaped = (value: string): string => value.replaceAll(/[\\,=]/g, String.raw`\$&`)

export async function list(deps: RegistryDeps, call: Call): Promise<Answer> {
  const asked = listQuery(call.query)
  const selection = selectionOf(call, targetOf(call))
  if (asked.token !== '') return continued(deps, call, { ...asked, selection })
  const { limit, version } = asked
  if (version.revision !== undefined) await reached(deps, version.revision)
  const options: PageOptions =
    version.isExact && version.revision !== undefined
      ? { limit, atRevision: version.revision }
      : { limit }
  const page = await orExpired(deps.cache.list(selection, options), TOO_OLD)
  return pageAnswer(call, selection, page)
}

const TOO_OLD = 'The resourceVersion for the provided list is too old.'

const pageAnswer = (call: Call, selection: Selection, page: CachedPage): Answer => ({
  kind: 'page',
  resource: call.resource,
  page: {
    page,
    continue:
      page.next === undefined
        ? undefined
        : encodeToken({ revision: page.revision, after: page.next }, keysOf(selection)),
  },
})

const keysOf = ({ groupResource, namespace }: Selection): string =>
  prefixOf(groupResource, namespace)

async function continued(
  deps: RegistryDeps,
  call: Call,
  asked: ListQuery & { readonly selection: Selection },
): Promise<Answer> {
  const { selection, limit, version } = asked
  const keys = keysOf(selection)
  const { revision, after } = decodeToken(asked.token, keys)
  if (version.revision !== undefined && version.revision !== 0)
    throw badRequest('specifying resource version is not allowed when using continue')
  const at = revision === LATEST ? {} : { atRevision: revision }
  const page = await orExpired(
    deps.cache.list(selection, { limit, after, ...at }),
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    encodeToken({ revision: LATEST, after }, keys),
  )
  return pageAnswer(call, selection, page)
}

/** The page, or Expired in the words of the list that asked. */
async function orExpired(
  page: Promise<CachedPage>,
  message: string,
  token?: string,
): Promise<CachedPage> {
  try {
    return await page
  } catch (error) {
    if (!isReason(error, 'Expired')) throw error
    const hint = token === undefined ? {} : { continue: token }
    throw new StatusError('Expired', message, undefined, { cause: error, ...hint })
  }
}

/** Waits a little for a revision that another server, or another connection, has already seen. */
export async function reached(deps: RegistryDeps, revision: number): Promise<void> {
  const deadline = deps.clock.monotonic() + REVISION_WAIT_MS
  while (deps.cache.revision < revision) {
    if (deps.clock.monotonic() >= deadline) throw tooLarge(revision, deps.cache.revision)
    await deps.clock.sleep(REVISION_STEP_MS)
  }
}
