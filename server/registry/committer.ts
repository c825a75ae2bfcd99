/**
 * Commits to the store for the registry: waits for writes in flight on the same key, and for the cache to show
 * what was acknowledged, so that whoever wrote reads its own write.
 *
 * Throws  StatusError for every failure of the store except `conflict`, which callers turn into a retry or a 409.
 */
import type { Clock } from '#base/clock.ts'
import { assertNever } from '#base/errors.ts'
import { StatusError, internalError } from '#api/status.ts'
import type { Cache } from '#server/cache/cache.ts'
import {
  type Author,
  type Operation,
  type Put,
  type Store,
  StoreError,
} from '#server/store/store.ts'

export interface Committer {
  commit(operations: readonly Operation[], author: Author): Promise<number>
  /** For Lease renewals: see Store.commitVolatile. */
  commitVolatile(operation: Put, author: Author): Promise<number>
  /** Resolves when no write of this process is in flight on `key`. */
  settled(key: string): Promise<void>
  /** `work` when all that came before it for `key` is done. */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T>
}

export const isStoreConflict = (error: unknown): error is StoreError =>
  error instanceof StoreError && error.code === 'conflict'

const CATCH_UP_STEP_MS = 1
const CATCH_UP_MAX_MS = 3000

export function createCommitter(deps: {
  readonly store: Store
  readonly cache: Cache
  readonly clock: Clock
}): Committer {
  const { store, cache, clock } = deps
  const pending = new Map<string, Promise<unknown>>()
  const lines = new Map<string, Promise<unknown>>()

  /** The store tells watchers before it acknowledges, so this hardly ever waits. */
  const shown = async (revision: number): Promise<void> => {
    const deadline = clock.monotonic() + CATCH_UP_MAX_MS
    while (cache.revision < revision && clock.monotonic() < deadline)
      await clock.sleep(CATCH_UP_STEP_MS)
  }

  const track = async (keys: readonly string[], write: Promise<number>): Promise<number> => {
    for (const key of keys) pending.set(key, write)
    try {
      const revision = await write
      if (cache.revision < revision) await shown(revision)
      return revision
    } catch (error) {
      throw translate(error)
    } finally {
      for (const key of keys) if (pending.get(key) === write) pending.delete(key)
    }
  }

  return {
    commit: (operations, author) =>
      track(
        operations.map(operation => operation.key),
        store.commit(operations, author),
      ),
    commitVolatile: (operation, author) =>
      track([operation.key], store.commitVolatile(operation, author)),
    async settled(key) {
      for (let write = pending.get(key); write !== undefined; write = pending.get(key)) {
        // Its own caller reports a failure; here only the end matters.
        await write.catch(() => undefined)
        if (pending.get(key) === write) pending.delete(key)
      }
    },
    async inTurn(key, work) {
      const mine = (lines.get(key) ?? Promise.resolve()).then(work)
      const end = mine.catch(() => undefined)
      lines.set(key, end)
      try {
        return await mine
      } finally {
        if (lines.get(key) === end) lines.delete(key)
      }
    },
  }
}

function translate(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  switch (error.code) {
    case 'disk-full':
      return new StatusError(
        'ServiceUnavailable',
        'the disk of the server is full: make room in its data directory',
        undefined,
        {
          cause: error,
        },
      )
    case 'closed':
      return new StatusError('ServiceUnavailable', 'the server is shutting down', undefined, {
        cause: error,
      })
    case 'failed':
      return internalError('the write could not be stored', error)
    case 'conflict':
    case 'compacted':
    case 'future':
      return error
    default:
      return assertNever(error.code)
  }
}
