/**
 * What the main thread and the SQLite threads say to each other, and rows packed for the way.
 *
 * Values of one message travel in one buffer of their own, transferred and not copied: a small Node Buffer is a view
 * of a shared 8 kB slab, and posting it as it is would copy the slab.
 */
import type { KeyRange, Opened, Row, StoredRow } from './backend.ts'
import type { StoreErrorCode } from './store.ts'

/** Row without bytes, then where they lie in the message's buffer; a length of -1 means none. */
export type PackedRow = readonly [
  id: number,
  key: string,
  isPut: boolean,
  createRevision: number,
  previous: number,
  expiresAtMs: number | null,
  offset: number,
  length: number,
]

export interface PackedRecord {
  readonly sequence: number
  readonly rows: readonly PackedRow[]
  readonly user: string
  readonly atMs: number
  readonly reserve: number | undefined
  readonly markVolatile: string | undefined
}

export type ThreadData =
  | { readonly role: 'writer'; readonly path: string; readonly synchronous: 'FULL' | 'NORMAL' }
  | { readonly role: 'reader'; readonly path: string }

export type WriterRequest =
  | {
      readonly kind: 'append'
      /** Raised by each failure; records of an older epoch are refused. */
      readonly epoch: number
      readonly records: readonly PackedRecord[]
      readonly values: Uint8Array<ArrayBuffer>
    }
  | { readonly kind: 'compact'; readonly id: number; readonly revision: number }
  | { readonly kind: 'close' }

export type WriterReply =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | {
      readonly kind: 'flushed'
      readonly sequence: number
      readonly finals: readonly (readonly [rowId: number, bytes: Uint8Array<ArrayBuffer>])[]
    }
  | {
      readonly kind: 'failed'
      readonly epoch: number
      readonly code: StoreErrorCode
      readonly message: string
      readonly isFatal: boolean
    }
  | { readonly kind: 'compacted'; readonly id: number }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'closed' }

export type ReaderRequest = { readonly id: number } & KeyRange &
  (
    | { readonly kind: 'list'; readonly atRevision: number; readonly limit: number }
    | { readonly kind: 'history'; readonly after: number; readonly through: number }
  )

export type ReaderReply = { readonly id: number } & (
  | {
      readonly kind: 'rows'
      readonly rows: readonly PackedRow[]
      readonly values: Uint8Array<ArrayBuffer>
      readonly more: boolean
      readonly through: number
    }
  | { readonly kind: 'failed'; readonly message: string }
)

export interface Packed {
  readonly rows: readonly PackedRow[]
  readonly values: Uint8Array<ArrayBuffer>
}

export function packRows(rows: readonly Row[]): Packed {
  const packer = new Packer()
  const packed = rows.map(row => packer.add(row))
  return { rows: packed, values: packer.finish() }
}

/** Lays the bytes of rows one behind the other. */
export class Packer {
  readonly #parts: Buffer[] = []
  #length = 0

  add(row: Row): PackedRow {
    const { id, key, kind, createRevision, previous, expiresAtMs = null, bytes } = row
    const offset = this.#length
    if (bytes !== undefined) {
      this.#parts.push(bytes)
      this.#length += bytes.length
    }
    const isPut = kind === 'put'
    return [id, key, isPut, createRevision, previous, expiresAtMs, offset, bytes?.length ?? -1]
  }

  finish(): Uint8Array<ArrayBuffer> {
    const values = new Uint8Array(this.#length)
    let offset = 0
    for (const part of this.#parts) {
      values.set(part, offset)
      offset += part.length
    }
    return values
  }
}

/**
 * Each row gets memory of its own: one that lives long must not keep its whole page alive.
 */
export function unpackRow(row: PackedRow, values: Uint8Array<ArrayBuffer>): StoredRow {
  const [id, key, isPut, createRevision, previous, expiresAtMs, offset, length] = row
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, length))
  bytes.set(values.subarray(offset, offset + bytes.length))
  return {
    id,
    key,
    kind: isPut ? 'put' : 'delete',
    createRevision,
    previous,
    expiresAtMs: expiresAtMs ?? undefined,
    bytes,
  }
}
