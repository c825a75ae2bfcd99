/** Expiry on a clock of its own: order, batches, renewals, and trying again after a failure. */
import t from 'tap'
import type { Clock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { Expiry } from '#server/store/expiry.ts'
import { type Operation, StoreError } from '#server/store/store.ts'

function handClock() {
  let now = 1000
  let timers: { atMs: number; task: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(delayMs, task) {
      const timer = { atMs: now + delayMs, task }
      timers.push(timer)
      return { cancel: () => (timers = timers.filter(one => one !== timer)) }
    },
    sleep: async () => {},
  }
  const advance = async (ms: number): Promise<void> => {
    now += ms
    for (const timer of timers.filter(one => one.atMs <= now)) {
      timers = timers.filter(one => one !== timer)
      timer.task()
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    }
  }
  return { clock, advance }
}

function setUp() {
  const { clock, advance } = handClock()
  const state = new Map<string, { revision: number; expiresAtMs: number }>()
  const batches: string[][] = []
  let failures: StoreError[] = []
  const expiry = new Expiry({
    clock,
    log: silentLogger,
    current: key => state.get(key),
    commit: async (operations: readonly Operation[]) => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      batches.push(operations.map(operation => operation.key))
      for (const { key } of operations) state.delete(key)
    },
  })
  const add = (key: string, expiresAtMs: number): void => {
    state.set(key, { revision: 1, expiresAtMs })
    expiry.add(key, expiresAtMs)
  }
  const fail = (...errors: StoreError[]): StoreError[] => (failures = errors)
  return { expiry, add, advance, batches, fail, state }
}

void t.test('deletes what is due, earliest first, and nothing else', async t => {
  const { add, advance, batches } = setUp()
  add('/c', 4000)
  add('/a', 2000)
  add('/b', 2001)
  await advance(500)
  t.same(batches, [])
  await advance(600)
  await advance(600)
  t.same(batches.flat(), ['/a', '/b'])
  await advance(3000)
  t.same(batches.flat(), ['/a', '/b', '/c'])
})

void t.test('a renewed key lives until its new time', async t => {
  const { add, advance, batches } = setUp()
  add('/a', 2000)
  add('/a', 5000)
  await advance(2000)
  t.same(batches, [])
  await advance(3000)
  t.same(batches, [['/a']])
})

void t.test('many go in batches', async t => {
  const { add, advance, batches } = setUp()
  for (let index = 0; index < 450; index++) add(`/e${index}`, 2000)
  await advance(1500)
  t.same(
    batches.map(batch => batch.length),
    [200, 200, 50],
  )
})

void t.test('a full disk is tried again later', async t => {
  const { add, advance, batches, fail } = setUp()
  fail(new StoreError('disk-full', 'no space'))
  add('/a', 2000)
  await advance(1500)
  t.same(batches, [])
  await advance(10_000)
  t.same(batches, [['/a']])
})

void t.test('stops', async t => {
  const { expiry, add, advance, batches } = setUp()
  add('/a', 2000)
  expiry.stop()
  await advance(5000)
  t.same(batches, [])
})
