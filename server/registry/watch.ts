/**
 * The plan of a watch: what is selected, where it starts, how long it lasts.
 *
 * Throws  StatusError: BadRequest and Invalid for options that cannot be read or contradict each other. A revision
 *         that cannot be reached ends the stream with an ERROR event, as upstream: the plan says so.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/get.go, pkg/storage/cacher/cacher.go Watch
 */
import { StatusError } from '#api/status.ts'
import type { Answer, Call, WatchPlan } from './call.ts'
import type { RegistryDeps } from './deps.ts'
import { reached, selectionOf } from './list.ts'
import { type WatchQuery, watchQuery } from './list-options.ts'
import { targetOf } from './target.ts'

const TIMEOUT_MIN_MS = 30 * 60_000
/** A longer timer would fire at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1

export async function watch(deps: RegistryDeps, call: Call): Promise<Answer> {
  const asked = watchQuery(call.query)
  const selection = selectionOf(call, targetOf(call))
  const refusal = asked.initialEvents === true ? await unreached(deps, asked.revision) : undefined
  const plan: WatchPlan = {
    selection,
    options: startOf(asked),
    timeoutMs: timeoutOf(asked.timeoutSeconds, deps.random.float()),
    refusal,
  }
  return { kind: 'watch', resource: call.resource, watch: plan }
}

async function unreached(
  deps: RegistryDeps,
  revision: number | undefined,
): Promise<StatusError | undefined> {
  try {
    if (revision !== undefined) await reached(deps, revision)
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

/** Without a say about initial events, a watch from nowhere gets them, and one from a revision goes on from there. */
function startOf({ initialEvents, revision, bookmarks }: WatchQuery): WatchPlan['options'] {
  const isFromNowhere = revision === undefined || revision === 0
  const isInitial = initialEvents ?? isFromNowhere
  return {
    afterRevision: isInitial || isFromNowhere ? undefined : revision,
    initialEvents: isInitial,
    initialEventsEnd: isInitial && bookmarks,
    bookmarks,
  }
}

/** A random length between one and two half hours spreads reconnects when the client sets none. */
const timeoutOf = (seconds: number, random: number): number =>
  seconds > 0 ? Math.min(seconds * 1000, TIMEOUT_MAX_MS) : TIMEOUT_MIN_MS * (1 + random)
