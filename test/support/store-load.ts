/**
 * A store process under load, to be killed: `node store-load.ts DIR MODE SEED RESUME`.
 *
 * Writes one line per fact to DIR/facts, before it does anything else, and `open` to standard output once it is:
 *   S revision            the store is open at this revision
 *   K key revision value  a key it holds at the start
 *   E revision kind key value   its watch delivered this event (resumed after RESUME)
 *   A revision key=value ...    this commit was acknowledged (`-` for a delete)
 *   V revision key        this volatile commit was acknowledged
 * MODE `mixed` does everything; `power` puts new keys alone and in pairs, with bigger values, until COUNT are written.
 */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { silentLogger } from '#base/logger.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { type Operation, type Store, StoreError } from '#server/store/store.ts'

const WRITERS = 8
const KEYS = 40
const AUTHOR = { user: 'load', atMs: 1 }

const [, , directory = '', mode = 'mixed', seed = '1', resume = '0', count = '0'] = process.argv

/** A file, because what is in it survives a kill, and because a power cut's record can hold it with the rest. */
const output = openSync(join(directory, 'facts'), 'a', 0o600)
const say = (...facts: readonly (string | number)[]): void => {
  writeSync(output, `${facts.join(' ')}\n`)
}

/** Revisions that the watch was told of. */
const seen: number[] = []

const store = await openSqliteStore({
  path: join(directory, 'state.db'),
  clock: systemClock,
  log: silentLogger,
  restamp: bytes => bytes,
  synchronous: mode === 'power-normal' ? 'NORMAL' : 'FULL',
})
if (mode === 'mixed') {
  store.watch(
    { prefix: '', afterRevision: Number(resume) },
    {
      onEvents(events, revision) {
        seen.push(revision)
        for (const { revision, kind, key, bytes } of events)
          say('E', revision, kind, key, String(bytes))
      },
      onEnd: error => say('X', messageOf(error)),
    },
  )
  for (const { key, revision, bytes } of (await store.list({ prefix: '' })).entries) {
    say('K', key, revision, String(bytes))
  }
}
say('S', store.revision)
process.stdout.write('open\n')

const random = seededRandom(Number(seed))
const pick = (below: number): number => Math.floor(random.float() * below)
/** Unique per attempt, so that a value tells which attempt it came from. */
let attempts = 0
const valueOf = (): string => `${seed}.${++attempts}`

const put = (key: string, value: string, filler = ''): Operation => ({
  kind: 'put',
  key,
  expected: undefined,
  encode: () => ({ bytes: Buffer.from(value + filler) }),
})

async function commit(store: Store, facts: readonly string[], operations: readonly Operation[]) {
  const revision = await store.commit(operations, AUTHOR)
  say('A', revision, ...facts)
}

async function mixedStep(random: Random): Promise<void> {
  const key = `/k/${pick(KEYS)}`
  const choice = random.float()
  const value = valueOf()
  if (choice < 0.5) return commit(store, [`${key}=${value}`], [put(key, value)])
  if (choice < 0.65) {
    const pair = [`/pair/${pick(10)}/a`, `/pair/${pick(10)}/b`].map(one => one.replace(/\d+/, '0'))
    const facts = pair.map(one => `${one}=${value}`)
    return commit(
      store,
      facts,
      pair.map(one => put(one, value)),
    )
  }
  if (choice < 0.8)
    return commit(store, [`${key}=-`], [{ kind: 'delete', key, expected: undefined }])
  if (choice < 0.95) {
    const encode = () => ({ bytes: Buffer.from(value) })
    const operation = { kind: 'put' as const, key: '/lease', expected: undefined, encode }
    say('V', await store.commitVolatile(operation, AUTHOR), '/lease')
    return
  }
  // Far enough back that the next life's watch can resume from what this one's has seen.
  await store.compact(seen.at(-500) ?? 0)
}

async function powerStep(): Promise<void> {
  const value = valueOf()
  const filler = 'x'.repeat(1000 + pick(9000))
  const keys = random.float() < 0.2 ? [`/p/${value}/a`, `/p/${value}/b`] : [`/p/${value}`]
  await commit(
    store,
    keys.map(key => `${key}=${value}`),
    keys.map(key => put(key, value, filler)),
  )
}

async function writer(): Promise<void> {
  for (;;) {
    if (mode !== 'mixed' && attempts >= Number(count)) return
    try {
      await (mode === 'mixed' ? mixedStep(random) : powerStep())
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'conflict')) throw error
    }
  }
}

if (mode === 'mixed') await commit(store, ['/lease=first'], [put('/lease', 'first')])
await Promise.all(Array.from({ length: WRITERS }, writer))
await store.close()
