/**
 * The database file: how it is opened, locked, laid out, and what its errors mean. Runs in the SQLite threads.
 *
 *   meta      one row: layout, highest reserved revision, compaction's mark and cursor
 *   history   one row per key and revision; the row id orders them (backend.ts), `previous` links to what it replaced
 *   volatile  keys to announce anew at the next start
 *
 * Values are BLOBs: they are bytes at both ends, and a list of 10,000 costs 26 ms of a thread that is not ours.
 * Law  every open sets synchronous itself: this build of SQLite falls back to NORMAL in WAL mode, which loses
 *      acknowledged commits in a power cut.
 */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { codeOf, messageOf } from '#base/errors.ts'
import { StoreError } from './store.ts'

const LAYOUT = 1
const BUSY_MS = 5000

const SCHEMA = `
  create table meta (
    one integer primary key check (one = 1),
    layout integer not null,
    reserved integer not null,
    compacted integer not null,
    compaction_cursor integer not null
  );
  insert into meta values (1, ${LAYOUT}, 0, 0, 0);
  create table history (
    id integer primary key,
    key text not null,
    is_put integer not null,
    created integer not null,
    previous integer not null,
    expires_at integer,
    user text not null,
    at integer not null,
    value blob
  );
  create index history_key on history (key, id);
  create table volatile (key text primary key) without rowid;
`

export type Connection = Database.Database

/** Opens, and when there is none creates, the database for its one writer. Throws StoreError `failed`. */
export function openWriter(path: string, synchronous: 'FULL' | 'NORMAL'): Connection {
  const isNew = prepareFiles(path)
  try {
    const db = new Database(path, { timeout: BUSY_MS })
    if (isNew) db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${synchronous}`)
    // Checkpoints run by themselves between groups: see sqlite-writer.ts.
    db.pragma('wal_autocheckpoint = 0')
    db.pragma(`journal_size_limit = ${16 * 1024 * 1024}`)
    db.pragma('cache_size = -8192')
    createLayout(db, path)
    if (isNew) syncDirectory(path)
    return db
  } catch (error) {
    throw asOpenError(error, path)
  }
}

/** Opens the database for reading beside the writer. */
export function openReader(path: string): Connection {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS })
  db.pragma('cache_size = -2048')
  return db
}

/**
 * Holds a lock that the kernel drops with the process, so there is nothing stale to clean up.
 * Throws  StoreError `failed` when another process has it.
 */
export function lockStore(path: string): Connection {
  const lockPath = `${path}.lock`
  prepareFiles(lockPath)
  const lock = new Database(lockPath, { timeout: 0 })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (codeOf(error)?.startsWith('SQLITE_BUSY') !== true) throw asOpenError(error, lockPath)
    const message = `${path} is in use by another process: stop the other server, or give this one its own data directory`
    throw new StoreError('failed', message, { cause: error })
  }
}

/** What a failed write means to the writer, and whether anything can be trusted afterwards. */
export function asWriteError(error: unknown): {
  readonly error: StoreError
  readonly isFatal: boolean
} {
  const code = codeOf(error) ?? ''
  if (code.startsWith('SQLITE_FULL')) {
    const message = 'no space left on the disk that holds the store'
    return { error: new StoreError('disk-full', message, { cause: error }), isFatal: false }
  }
  // After an error of the disk nobody knows which pages reached it. Reading them back after a start does.
  const isFatal = /^SQLITE_(IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN)/.test(code)
  return { error: new StoreError('failed', messageOf(error), { cause: error }), isFatal }
}

/** Directory 0700, file 0600; SQLite gives its side files the mode of the file. Returns whether it is new. */
function prepareFiles(path: string): boolean {
  const directory = dirname(path)
  try {
    if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    // A start that was cut short leaves an empty file, which still has to be told how it will be laid out.
    return statSync(path).size === 0
  } catch (error) {
    throw asOpenError(error, path)
  }
}

function syncDirectory(path: string): void {
  for (const directory of [dirname(path), dirname(dirname(path))]) {
    const handle = openSync(directory, 'r')
    fsyncSync(handle)
    closeSync(handle)
  }
}

function createLayout(db: Connection, path: string): void {
  const found = db.prepare<[], { n: number }>('select count(*) as n from sqlite_schema').get()
  if ((found?.n ?? 0) === 0) db.transaction(() => db.exec(SCHEMA)).immediate()
  const meta = db.prepare<[], { layout: number }>('select layout from meta').get()
  if (meta?.layout === LAYOUT) return
  throw new StoreError(
    'failed',
    `${path} has layout ${meta?.layout ?? 'none'}, this version of kites knows ${LAYOUT}: start the version that wrote it`,
  )
}

function asOpenError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const code = codeOf(error) ?? ''
  const damaged = /^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(code)
  const advice = damaged
    ? 'the file is damaged or not a store: restore it from a backup, or move it away to start empty'
    : messageOf(error)
  return new StoreError(
    code.startsWith('SQLITE_FULL') || code === 'ENOSPC' ? 'disk-full' : 'failed',
    `cannot open the store ${path}: ${advice}`,
    { cause: error },
  )
}
