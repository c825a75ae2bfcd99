import t from 'tap'
import { seededRandom } from '#base/random.ts'
import { WorkQueue } from '#client/work-queue.ts'
import { manualClock, turn } from './manual-clock.ts'

const never = new AbortController().signal
const open = () => {
  const clock = manualClock()
  return {
    clock,
    queue: new WorkQueue({
      clock,
      random: seededRandom(1),
      retry: { baseMs: 100, maxMs: 1000, jitter: 0 },
    }),
  }
}

void t.test('keys come out in the order they went in', async t => {
  const { queue } = open()
  for (const key of ['a', 'b', 'a', 'c']) queue.add(key)
  t.same(
    [await queue.take(never), await queue.take(never), await queue.take(never)],
    ['a', 'b', 'c'],
  )
})

void t.test('a key is never worked on twice at once, and again when added meanwhile', async t => {
  const { queue } = open()
  queue.add('a')
  await queue.take(never)
  queue.add('a')
  t.equal(queue.length, 0)
  queue.done('a')
  t.equal(await queue.take(never), 'a')
  queue.done('a')
  t.ok(queue.isIdle)
})

void t.test('a key handed to a waiting taker is being worked on at once', async t => {
  const { queue } = open()
  const taken = queue.take(never)
  queue.add('a')
  queue.add('a')
  t.equal(queue.length, 0, 'dirty, but not waiting: it is being worked on')
  t.equal(await taken, 'a')
  queue.done('a')
  t.equal(await queue.take(never), 'a')
})

void t.test('an aborted take leaves the queue whole', async t => {
  const { queue } = open()
  const abort = new AbortController()
  const taken = queue.take(abort.signal)
  abort.abort(new Error('enough'))
  await t.rejects(taken, /enough/)
  await t.rejects(queue.take(abort.signal), /enough/)
  queue.add('a')
  t.equal(await queue.take(never), 'a')
})

void t.test('of several delays the earliest counts', async t => {
  const { queue, clock } = open()
  queue.addAfter('a', 500)
  queue.addAfter('a', 100)
  queue.addAfter('a', 900)
  await clock.advance(99)
  t.equal(queue.length, 0)
  await clock.advance(1)
  t.equal(queue.length, 1)
  await clock.advance(1000)
  t.equal(await queue.take(never), 'a')
  queue.addAfter('a', 0)
  queue.done('a')
  t.equal(queue.length, 1, 'no delay means now')
})

void t.test('retries wait longer each time until forgotten', async t => {
  const { queue, clock } = open()
  for (const delayMs of [100, 200, 400, 800, 1000, 1000]) {
    queue.retry('a')
    await clock.advance(delayMs - 1)
    t.equal(queue.length, 0)
    await clock.advance(1)
    t.equal(await queue.take(never), 'a')
    queue.done('a')
  }
  t.equal(queue.failures('a'), 6)
  queue.forget('a')
  t.equal(queue.failures('a'), 0)
})

void t.test('close cancels what is delayed', async t => {
  const { queue, clock } = open()
  queue.addAfter('a', 10)
  t.notOk(queue.isIdle)
  queue.close()
  await clock.advance(100)
  await turn()
  t.equal(queue.length, 0)
})
