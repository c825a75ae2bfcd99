/**
 * What every store promises, as one suite: `storeContract(t, open)` runs it against one implementation.
 * `open` gives a fresh, empty store each time; the suite closes it.
 */
import type { Test } from 'tap'
import {
  type Operation,
  type Store,
  StoreError,
  type StoreErrorCode,
  type StoreEvent,
  type WatchHandler,
} from '#server/store/store.ts'

const AUTHOR = { user: 'tester', atMs: 1 }

export const put = (
  key: string,
  value = key,
  more: { expected?: number; expiresAtMs?: number } = {},
): Operation => ({
  kind: 'put',
  key,
  expected: more.expected,
  encode: revision => ({ bytes: Buffer.from(`${value}@${revision}`) }),
  ...(more.expiresAtMs === undefined ? {} : { expiresAtMs: more.expiresAtMs }),
})

export const remove = (key: string, expected?: number): Operation => ({
  kind: 'delete',
  key,
  expected,
})

/** `put /a 5 a@5` */
export const show = (event: StoreEvent): string =>
  `${event.kind} ${event.key} ${event.revision}/${event.createRevision} ${String(event.bytes)}`

export const commit = (store: Store, ...operations: Operation[]): Promise<number> =>
  store.commit(operations, AUTHOR)

export async function codeOf(work: Promise<unknown>): Promise<StoreErrorCode | 'none'> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
}

/** Collects what a watch delivers and lets the test wait for it. */
export function recorder(): WatchHandler & {
  readonly events: StoreEvent[]
  readonly ended: Promise<StoreError>
  until(condition: (events: readonly StoreEvent[]) => boolean): Promise<void>
} {
  const events: StoreEvent[] = []
  const ended = Promise.withResolvers<StoreError>()
  let waiting: { condition: (events: readonly StoreEvent[]) => boolean; resolve: () => void }[] = []
  const check = (): void => {
    waiting = waiting.filter(({ condition, resolve }) => {
      if (!condition(events)) return true
      resolve()
      return false
    })
  }
  return {
    events,
    ended: ended.promise,
    onEvents(batch) {
      events.push(...batch)
      check()
    },
    onEnd: error => ended.resolve(error),
    until: condition =>
      new Promise(resolve => {
        waiting.push({ condition, resolve })
        check()
      }),
  }
}

export function storeContract(t: Test, open: () => Promise<Store>): void {
  const law = (name: string, body: (t: Test, store: Store) => Promise<void>): void => {
    void t.test(name, async t => {
      const store = await open()
      // The store's own timers do not keep a process alive.
      const alive = setInterval(() => {}, 1000)
      try {
        await body(t, store)
      } finally {
        clearInterval(alive)
        await store.close()
      }
    })
  }

  law('revisions grow by one per commit and are what encode was given', async (t, store) => {
    const first = await commit(store, put('/a'))
    const second = await commit(store, put('/b'), put('/c'))
    t.equal(second, first + 1)
    t.equal(store.revision, second)
    t.equal(String((await store.get('/c'))?.bytes), `/c@${second}`)
    t.equal((await store.get('/a'))?.createRevision, first)
    t.equal(await store.get('/nothing'), undefined)
  })

  law('expectations are checked against pending writes too', async (t, store) => {
    const first = commit(store, put('/a', 'one', { expected: 0 }))
    t.equal(await codeOf(commit(store, put('/a', 'two', { expected: 0 }))), 'conflict')
    const revision = await first
    const second = commit(store, put('/a', 'two', { expected: revision }))
    t.equal(await codeOf(commit(store, put('/a', 'three', { expected: revision }))), 'conflict')
    await second
    t.match(await store.commit([put('/a', 'x', { expected: 1e6 })], AUTHOR).catch(e => e), {
      code: 'conflict',
      key: '/a',
    })
    t.equal(await codeOf(commit(store, remove('/nothing'))), 'conflict')
  })

  law('a commit of several keys is all or nothing', async (t, store) => {
    await commit(store, put('/a'))
    t.equal(await codeOf(commit(store, put('/b'), put('/a', 'x', { expected: 0 }))), 'conflict')
    t.equal(await store.get('/b'), undefined)
    const both = await commit(store, put('/b'), remove('/a'))
    t.equal((await store.get('/b'))?.revision, both)
    t.equal(await store.get('/a'), undefined)
  })

  law('lists are sorted, paged and can show the past', async (t, store) => {
    for (const key of ['/p/c', '/p/a', '/p/b', '/q/a', '/p/d']) await commit(store, put(key))
    const past = store.revision
    await commit(store, put('/p/b', 'new'), remove('/p/c'))
    const page = await store.list({ prefix: '/p/', limit: 2 })
    t.same(
      page.entries.map(entry => entry.key),
      ['/p/a', '/p/b'],
    )
    t.equal(page.more, true)
    const rest = await store.list({ prefix: '/p/', limit: 2, after: '/p/b' })
    t.same(
      rest.entries.map(entry => entry.key),
      ['/p/d'],
    )
    t.equal(rest.more, false)
    const then = await store.list({ prefix: '/p/', atRevision: past })
    t.same(
      then.entries.map(entry => `${entry.key} ${String(entry.bytes)}`),
      [
        `/p/a /p/a@${past - 3}`,
        `/p/b /p/b@${past - 2}`,
        `/p/c /p/c@${past - 4}`,
        `/p/d /p/d@${past}`,
      ],
    )
    t.equal(await codeOf(store.list({ prefix: '/', atRevision: past + 100 })), 'future')
    t.equal((await store.list({ prefix: '' })).entries.length, 4)
  })

  law('a watch gets history, then what follows, once and in order', async (t, store) => {
    const start = store.revision
    await commit(store, put('/w/a'))
    await commit(store, put('/x'))
    const seen = recorder()
    store.watch({ prefix: '/w/', afterRevision: start }, seen)
    await commit(store, put('/w/b'))
    await commit(store, remove('/w/a'))
    await seen.until(events => events.length >= 3)
    t.same(seen.events.map(show), [
      `put /w/a ${start + 1}/${start + 1} /w/a@${start + 1}`,
      `put /w/b ${start + 3}/${start + 3} /w/b@${start + 3}`,
      `delete /w/a ${start + 4}/${start + 1} /w/a@${start + 1}`,
    ])
    t.throws(() => store.watch({ prefix: '/', afterRevision: store.revision + 1 }, recorder()), {
      code: 'future',
    })
  })

  law('a closed watch is silent; closing the store ends the others', async (t, store) => {
    const closed = recorder()
    const open = recorder()
    const watch = store.watch({ prefix: '/', afterRevision: store.revision }, closed)
    store.watch({ prefix: '/', afterRevision: store.revision }, open)
    watch.close()
    watch.close()
    await commit(store, put('/a'))
    t.equal(closed.events.length, 0)
    t.equal(open.events.length, 1)
    await store.close()
    t.equal((await open.ended).code, 'closed')
    t.equal(await codeOf(commit(store, put('/b'))), 'closed')
    t.equal(await codeOf(store.get('/a')), 'closed')
  })

  law(
    'a writer sees its own write in every watch before its promise resolves',
    async (t, store) => {
      const seen = recorder()
      store.watch({ prefix: '/', afterRevision: store.revision }, seen)
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const revision = await commit(store, put(`/k${index}`))
          t.ok(seen.events.some(event => event.revision === revision))
        }),
      )
    },
  )

  law('compaction forgets the past and keeps the present', async (t, store) => {
    await commit(store, put('/a', 'old'))
    await commit(store, put('/a', 'new'))
    await commit(store, put('/b'))
    const middle = await commit(store, remove('/b'))
    await commit(store, put('/c'))
    await store.compact(middle)
    t.equal(store.compactedRevision, middle)
    t.equal(await codeOf(store.list({ prefix: '/', atRevision: middle - 1 })), 'compacted')
    t.throws(() => store.watch({ prefix: '/', afterRevision: middle - 1 }, recorder()), {
      code: 'compacted',
    })
    const at = await store.list({ prefix: '/', atRevision: middle })
    t.same(
      at.entries.map(entry => String(entry.bytes)),
      [`new@${middle - 2}`],
    )
    const seen = recorder()
    store.watch({ prefix: '/', afterRevision: middle }, seen)
    await seen.until(events => events.length === 1)
    t.equal(seen.events[0]?.key, '/c')
    t.equal(await codeOf(store.compact(store.revision + 1)), 'future')
    await store.compact(store.revision)
    t.equal((await store.list({ prefix: '/' })).entries.length, 2)
  })

  law('volatile commits are seen like any other and keep their order', async (t, store) => {
    const created = await commit(store, put('/lease', 'durable'))
    const seen = recorder()
    store.watch({ prefix: '/', afterRevision: created }, seen)
    const pending = commit(store, put('/other'))
    const revision = await store.commitVolatile(volatilePut('/lease', 'beat', created), AUTHOR)
    t.equal(seen.events.length, 2)
    t.equal(revision, (await pending) + 1)
    t.equal(String((await store.get('/lease'))?.bytes), `beat@${revision}`)
    t.equal((await store.list({ prefix: '/' })).entries[0]?.revision, revision)
    t.equal(
      await codeOf(store.commitVolatile(volatilePut('/lease', 'x', created), AUTHOR)),
      'conflict',
    )
    t.equal(await codeOf(store.commitVolatile(volatilePut('/no', 'x'), AUTHOR)), 'conflict')
    await commit(store, put('/lease', 'holder', { expected: revision }))
    const last = await store.commitVolatile(volatilePut('/lease', 'again'), AUTHOR)
    await commit(store, remove('/lease', last))
    t.equal(String(seen.events.at(-1)?.bytes), `again@${last}`)
  })

  law('more than the queue holds waits its turn', async (t, store) => {
    const value = 'x'.repeat(20_000)
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 2000 }, async (_, index) => {
        order.push(await commit(store, put(`/k${index % 50}`, value)))
      }),
    )
    t.same(
      order,
      Array.from({ length: 2000 }, (_, index) => index + 1),
    )
  })

  law('an encoder that throws changes nothing', async (t, store) => {
    await commit(store, put('/a'))
    const encode = (): never => {
      throw new RangeError('cannot')
    }
    const bad: Operation = { kind: 'put', key: '/b', expected: undefined, encode }
    await t.rejects(commit(store, put('/a', 'x'), bad), RangeError)
    t.match(String((await store.get('/a'))?.bytes), /^\/a@/)
    await commit(store, put('/b', 'fine', { expected: 0 }))
  })

  law('expired keys delete themselves; renewed ones stay', async (t, store) => {
    const now = Date.now()
    const seen = recorder()
    store.watch({ prefix: '/', afterRevision: store.revision }, seen)
    await commit(store, put('/short', 's', { expiresAtMs: now + 30 }))
    await commit(store, put('/renewed', 'r', { expiresAtMs: now + 30 }))
    await commit(store, put('/renewed', 'r', { expiresAtMs: now + 3_600_000 }))
    await seen.until(events => events.some(event => event.kind === 'delete'))
    t.equal(await store.get('/short'), undefined)
    t.ok(await store.get('/renewed'))
  })
}

const volatilePut = (key: string, value: string, expected?: number) => ({
  kind: 'put' as const,
  key,
  expected,
  encode: (revision: number) => ({ bytes: Buffer.from(`${value}@${revision}`) }),
})
