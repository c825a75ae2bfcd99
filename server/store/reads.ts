/**
 * Lists at one revision, gathered from bounded pages of the backend, with what only memory has laid over them.
 *
 * The latest state is read as of the newest durable revision; when compaction overtakes the reading, it starts over.
 */
import type { Backend, KeyRange } from './backend.ts'
import { inRange, revisionOf } from './backend.ts'
import { type Entry, type EntryPage, StoreError } from './store.ts'

const PAGE_ROWS = 1000
const ATTEMPTS = 10

export interface Reads {
  readonly backend: Pick<Backend, 'list'>
  readonly refusal: () => StoreError | undefined
  readonly revision: () => number
  readonly compactedRevision: () => number
  readonly volatile: () => ReadonlyMap<string, Entry>
}

export interface ListRequest {
  readonly range: KeyRange
  readonly atRevision: number | undefined
  readonly limit: number | undefined
}

/** Throws StoreError `compacted`, `future`, `closed`, `failed`. */
export async function readList(reads: Reads, request: ListRequest): Promise<EntryPage> {
  const { atRevision } = request
  if (atRevision !== undefined) return readAt(reads, request, atRevision)
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAt(reads, request, reads.revision())
    } catch (error) {
      const overtaken = error instanceof StoreError && error.code === 'compacted'
      if (!overtaken || attempt === ATTEMPTS) throw error
    }
  }
}

async function readAt(reads: Reads, request: ListRequest, revision: number): Promise<EntryPage> {
  if (revision > reads.revision()) {
    throw new StoreError('future', `revision ${revision} is not there yet`)
  }
  const overlay = overlayAt(reads, request.range, revision)
  const wanted = request.limit ?? Number.POSITIVE_INFINITY
  const entries: Entry[] = []
  let { from } = request.range
  let more = true
  while (more && entries.length <= wanted) {
    const refusal = reads.refusal()
    if (refusal !== undefined) throw refusal
    const limit = Math.min(PAGE_ROWS, wanted - entries.length + 1)
    const page = await reads.backend.list({
      from,
      to: request.range.to,
      atRevision: revision,
      limit,
    })
    if (revision < reads.compactedRevision()) {
      throw new StoreError('compacted', `revision ${revision} is gone from history`)
    }
    for (const row of page.rows) {
      const { key, bytes, createRevision } = row
      entries.push(overlay.get(key) ?? { key, bytes, createRevision, revision: revisionOf(row.id) })
    }
    from = `${page.rows.at(-1)?.key ?? ''}\0`
    more = page.more
  }
  return { entries: entries.slice(0, wanted), revision, more: entries.length > wanted }
}

/** Volatile states as of `revision`, taken before the reading starts: later ones belong to later revisions. */
function overlayAt(reads: Reads, range: KeyRange, revision: number): ReadonlyMap<string, Entry> {
  const overlay = new Map<string, Entry>()
  for (const entry of reads.volatile().values()) {
    if (entry.revision <= revision && inRange(entry.key, range)) overlay.set(entry.key, entry)
  }
  return overlay
}
