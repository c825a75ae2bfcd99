/** The store on SQLite: the contract, what survives a stop, who may open it, and what it says about bad files. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { openSqliteStore, type SqliteStoreOptions } from '#server/store/sqlite.ts'
import type { StoreError } from '#server/store/store.ts'
import {
  codeOf,
  commit,
  put,
  recorder,
  remove,
  show,
  storeContract,
} from '#test/support/store-contract.ts'
import { storeModel } from '#test/support/store-model.ts'

const root = mkdtempSync(join(tmpdir(), 'kites-store-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))

let files = 0
const fresh = (): string => join(root, `d${++files}`, 'state.db')
const open = (path: string, more: Partial<SqliteStoreOptions> = {}) =>
  openSqliteStore({ path, clock: systemClock, log: silentLogger, ...more })

storeContract(t, () => open(fresh()))
storeModel(t, () => open(fresh()), Number(process.env['KITES_TEST_SEED'] ?? Date.now() % 1e6))

void t.test('a new start finds what was there, and numbers go on above it', async t => {
  const path = fresh()
  const first = await open(path)
  await commit(first, put('/a', 'a', { expiresAtMs: Date.now() + 200 }))
  await commit(first, put('/b'))
  const deleted = await commit(first, remove('/b'))
  await first.compact(deleted)
  await first.close()
  const second = await open(path)
  t.equal(second.revision, deleted)
  t.equal(second.compactedRevision, deleted)
  t.equal((await second.get('/a'))?.revision, deleted - 2)
  const seen = recorder()
  second.watch({ prefix: '/', afterRevision: deleted }, seen)
  t.ok((await commit(second, put('/c'))) > deleted)
  await seen.until(events => events.some(event => event.kind === 'delete'))
  t.ok(
    seen.events.map(show).some(line => line.startsWith('delete /a ')),
    'expiry survives',
  )
  await second.close()
})

void t.test('volatile keys come back with their durable bytes under a fresh revision', async t => {
  const path = fresh()
  const first = await open(path)
  const created = await commit(first, put('/lease', 'durable'))
  let last = 0
  for (let beat = 0; beat < 3; beat++) {
    const encode = (revision: number) => ({ bytes: Buffer.from(`beat@${revision}`) })
    const operation = { kind: 'put' as const, key: '/lease', expected: undefined, encode }
    last = await first.commitVolatile(operation, { user: 'node', atMs: 1 })
  }
  await first.close()
  const restamp = (bytes: Buffer, revision: number) =>
    Buffer.from(`${String(bytes)} now ${revision}`)
  const second = await open(path, { restamp })
  const entry = await second.get('/lease')
  t.ok((entry?.revision ?? 0) > last, 'above everything that was given out')
  t.equal(String(entry?.bytes), `durable@${created} now ${entry?.revision}`)
  t.equal(entry?.createRevision, created)
  await second.close()
})

void t.test('a watch goes on over starts, whatever gaps they leave in the numbers', async t => {
  const path = fresh()
  const key = (name: string): string => `/core/configmaps/default/${name}`
  const bytes = (name: string): string => JSON.stringify({ metadata: { name } })
  const renew = {
    kind: 'put' as const,
    key: key('lease'),
    expected: undefined,
    encode: () => ({ bytes: Buffer.from(bytes('lease')) }),
  }
  let seen = 0
  for (let start = 0; start < 3; start++) {
    const store = await open(path)
    const cache = await createCache({ store, clock: systemClock, log: silentLogger })
    const after = seen
    if (start > 0) {
      const ended = new Promise<string>(resolve => {
        const options = { initialEvents: false, initialEventsEnd: false, bookmarks: false }
        const watch = cache.watch(
          { groupResource: 'configmaps', namespace: '' },
          { ...options, afterRevision: after },
          {
            onEvents: events => {
              watch.close()
              resolve(`${events[0]?.type} ${events[0]?.item?.key}`)
            },
            onEnd: error => resolve(String(error?.message)),
          },
        )
      })
      t.equal(await ended, `ADDED ${key(`made-${start - 1}`)}`)
    } else await commit(store, put(key('lease'), bytes('lease')))
    seen = await store.commitVolatile(renew, { user: 'node', atMs: 1 })
    await commit(store, put(key(`made-${start}`), bytes(`made-${start}`)))
    await cache.close()
    await store.close()
  }
})

void t.test('a watch from long ago is read from the file', async t => {
  const store = await open(fresh())
  const total = 6000
  for (let done = 0; done < total; done += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, index) => commit(store, put(`/k${index}`))))
  }
  const seen = recorder()
  store.watch({ prefix: '/', afterRevision: 0 }, seen)
  const live = Promise.all(Array.from({ length: 200 }, (_, i) => commit(store, put(`/live${i}`))))
  await seen.until(events => events.length >= total + 200)
  await live
  t.same(
    seen.events.map(event => event.revision),
    Array.from({ length: total + 200 }, (_, index) => index + 1),
  )
  await store.close()
})

void t.test('history is bounded: the file does not grow with rewrites', async t => {
  const path = fresh()
  const store = await open(path)
  const value = 'x'.repeat(4000)
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => commit(store, put(`/k${i}`, value))))
    await store.compact(store.revision)
  }
  t.equal((await store.list({ prefix: '/' })).entries.length, 100)
  const log = statSync(`${path}-wal`).size
  await store.close()
  const bytes = statSync(path).size
  t.ok(log < 20e6, `the write-ahead log has ${log}`)
  t.ok(bytes < 12e6, `16 MB were written, the file has ${bytes}`)
})

void t.test('who and when is kept with each revision', async t => {
  const path = fresh()
  const store = await open(path)
  const revision = await store.commit([put('/a')], { user: 'alice', atMs: 1234 })
  await store.close()
  const db = new Database(path, { readonly: true })
  t.same(db.prepare('select user, at from history where id = ?').get(revision * 4096), {
    user: 'alice',
    at: 1234,
  })
  t.equal(db.pragma('auto_vacuum', { simple: true }), 2)
  db.close()
})

void t.test('only one may open it; files are private', async t => {
  const path = fresh()
  const store = await open(path)
  await t.rejects(open(path), { code: 'failed', message: /in use by another process/ })
  await commit(store, put('/a'))
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
  for (const suffix of ['', '-wal', '-shm']) t.equal(statSync(path + suffix).mode & 0o777, 0o600)
  await store.close()
  await (await open(path)).close()
})

void t.test('an hour of four nodes renewing their leases writes next to nothing', async t => {
  const store = await open(fresh())
  const keys = ['/l/1', '/l/2', '/l/3', '/l/4']
  for (const key of keys) await commit(store, put(key, 'x'.repeat(600)))
  const before = bytesWritten()
  for (let renewal = 0; renewal < 360; renewal++) {
    for (const key of keys) {
      const encode = () => ({ bytes: Buffer.alloc(600, 'y') })
      const operation = { kind: 'put' as const, key, expected: undefined, encode }
      await store.commitVolatile(operation, { user: 'node', atMs: renewal })
    }
  }
  const written = bytesWritten() - before
  t.ok(written < 200_000, `${written} bytes`)
  await store.close()
})

/** What this process has sent to storage so far. */
const bytesWritten = (): number =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])

void t.test('a file that breaks while it is open ends the store, not the process', async t => {
  const path = fresh()
  const first = await open(path)
  const value = 'x'.repeat(30_000)
  await Promise.all(Array.from({ length: 500 }, (_, i) => commit(first, put(`/k${i}`, value))))
  await first.close()
  const fatal = Promise.withResolvers<StoreError>()
  const store = await open(path, { onFatal: fatal.resolve })
  const seen = recorder()
  store.watch({ prefix: '/', afterRevision: store.revision }, seen)
  const size = statSync(path).size
  const handle = openSync(path, 'r+')
  writeSync(handle, Buffer.alloc(size - 8192, 0xff), 0, size - 8192, 8192)
  closeSync(handle)
  // A delete keeps the last bytes, so it has to read them.
  t.equal(await codeOf(commit(store, remove('/k250'))), 'failed')
  t.equal((await fatal.promise).code, 'failed')
  t.equal((await seen.ended).code, 'failed')
  t.equal(await codeOf(commit(store, put('/after'))), 'failed')
  await store.close()
})

void t.test('a damaged file gives one clear line', async t => {
  const path = fresh()
  await (await open(path)).close()
  writeFileSync(path, 'this is not a database at all, but long enough to look like one'.repeat(99))
  await t.rejects(open(path), { code: 'failed', message: /^cannot open the store .*damaged/ })
  const below = join(path, 'below-a-file', 'state.db')
  await t.rejects(open(below), { code: 'failed', message: /^cannot open the store/ })
})
