/**
 * The reading thread's work: pages of lists and of history. Each answer is one statement run to its end, so no read
 * transaction outlives a request and none keeps the write-ahead log from starting over.
 */
import { revisionOf, rowIdOf, type StoredRow } from './backend.ts'
import type { Connection } from './sqlite-file.ts'
import { packRows, type ReaderReply, type ReaderRequest } from './sqlite-messages.ts'

/** Bounds of one page. */
const PAGE_BYTES = 2 * 1024 * 1024
const HISTORY_ROWS = 500

interface Columns {
  readonly id: number
  readonly key: string
  readonly is_put: number
  readonly created: number
  readonly previous: number
  readonly expires_at: number | null
  readonly value: Buffer | null
}

const COLUMNS = 'h.id, h.key, h.is_put, h.created, h.previous, h.expires_at, h.value'

type Rows = Extract<ReaderReply, { readonly kind: 'rows' }>

export class SqliteReader {
  readonly #list
  readonly #history

  constructor(db: Connection) {
    this.#list = db.prepare<[string, string, number, number], Columns>(`
      select ${COLUMNS}
      from (select key, max(id) as id from history
            where key >= ? and key < ? and id < ? group by key order by key) newest
      join history h on h.id = newest.id
      where h.is_put = 1
      order by newest.key
      limit ?`)
    this.#history = db.prepare<[number, number, string, string], Columns>(`
      select ${COLUMNS} from history h
      where id >= ? and id < ? and key >= ? and key < ?
      order by id`)
  }

  answer(request: ReaderRequest): Rows {
    return request.kind === 'list' ? this.#answerList(request) : this.#answerHistory(request)
  }

  #answerList(request: Extract<ReaderRequest, { readonly kind: 'list' }>): Rows {
    const { from, to, atRevision, limit, id } = request
    const end = rowIdOf({ revision: atRevision + 1, position: 0 })
    const rows: StoredRow[] = []
    let bytes = 0
    let more = false
    for (const columns of this.#list.iterate(from, to, end, limit + 1)) {
      more = rows.length === limit || bytes > PAGE_BYTES
      if (more) break
      const row = rowOf(columns)
      bytes += row.bytes.length
      rows.push(row)
    }
    return { kind: 'rows', id, ...packRows(rows), more, through: atRevision }
  }

  #answerHistory(request: Extract<ReaderRequest, { readonly kind: 'history' }>): Rows {
    const { from, to, after, through, id } = request
    const start = rowIdOf({ revision: after + 1, position: 0 })
    const end = rowIdOf({ revision: through + 1, position: 0 })
    const rows: StoredRow[] = []
    let bytes = 0
    for (const columns of this.#history.iterate(start, end, from, to)) {
      const row = rowOf(columns)
      const last = rows.at(-1)
      const isFull = rows.length >= HISTORY_ROWS || bytes > PAGE_BYTES
      if (isFull && last !== undefined && revisionOf(last.id) !== revisionOf(row.id)) {
        return { kind: 'rows', id, ...packRows(rows), more: true, through: revisionOf(last.id) }
      }
      bytes += row.bytes.length
      rows.push(row)
    }
    return { kind: 'rows', id, ...packRows(rows), more: false, through }
  }
}

const rowOf = (columns: Columns): StoredRow => ({
  id: columns.id,
  key: columns.key,
  kind: columns.is_put === 1 ? 'put' : 'delete',
  createRevision: columns.created,
  previous: columns.previous,
  expiresAtMs: columns.expires_at ?? undefined,
  bytes: columns.value ?? Buffer.alloc(0),
})
