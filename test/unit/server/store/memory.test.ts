/** The store in memory keeps the store's contract, and shows how a failing group takes those behind it along. */
import t from 'tap'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { openMemoryStore } from '#server/store/memory.ts'
import { StoreError } from '#server/store/store.ts'
import { codeOf, commit, put, recorder, storeContract } from '#test/support/store-contract.ts'
import { storeModel } from '#test/support/store-model.ts'

const open = () => openMemoryStore({ clock: systemClock, log: silentLogger })

storeContract(t, open)
for (const seed of [1, 2, 3]) storeModel(t, open, seed)

void t.test('a failed group fails what is queued behind it and rolls the head back', async t => {
  const store = await open()
  const kept = await commit(store, put('/a'))
  const seen = recorder()
  store.watch({ prefix: '/', afterRevision: kept }, seen)
  store.failNext(new StoreError('disk-full', 'no space'))
  const codes = await Promise.all([
    codeOf(commit(store, put('/a', 'x', { expected: kept }))),
    codeOf(commit(store, put('/b', 'y', { expected: 0 }))),
  ])
  t.same(codes, ['disk-full', 'disk-full'])
  t.equal(store.revision, kept)
  const next = await commit(
    store,
    put('/a', 'z', { expected: kept }),
    put('/b', 'w', { expected: 0 }),
  )
  t.ok(next > kept + 2, 'numbers that were given out are not given out again')
  t.equal(seen.events.length, 2)
  await store.close()
})
