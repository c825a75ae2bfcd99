import t from 'tap'
import { SchedulingQueue } from '#server/scheduler/queue.ts'
import { manualClock } from '../../client/manual-clock.ts'
import { aPod } from '../controllers/objects.ts'

const never = new AbortController().signal
const open = () => {
  const clock = manualClock()
  return { clock, queue: new SchedulingQueue(clock) }
}
const pod = (name: string, priority = 0) => aPod({ name, spec: { containers: [], priority } })
const take = async (queue: SchedulingQueue): Promise<string | undefined> =>
  (await queue.take(never))?.key

void t.test('takes by priority, then by age', async t => {
  const { queue } = open()
  for (const [name, priority] of [
    ['a', 0],
    ['b', 10],
    ['c', 0],
    ['d', 10],
    ['e', 5],
  ] as const)
    queue.add(name, pod(name, priority))
  const order: (string | undefined)[] = []
  for (let count = 0; count < 5; count += 1) order.push(await take(queue))
  t.same(order, ['b', 'd', 'e', 'a', 'c'])
})

void t.test('wakes a taker that waits; an aborted one gets nothing', async t => {
  const { queue } = open()
  const abort = new AbortController()
  const waiting = queue.take(abort.signal)
  queue.add('a', pod('a'))
  t.match(await waiting, { key: 'a', attempts: 1 })
  const second = queue.take(abort.signal)
  abort.abort()
  t.equal(await second, undefined)
})

void t.test('a refused pod sleeps until an event its plugins wait for', async t => {
  const { queue, clock } = open()
  queue.add('a', pod('a'))
  await take(queue)
  queue.refused('a', new Set(['node-added']))
  await clock.advance(60_000)
  queue.wake('pod-removed')
  await clock.advance(60_000)
  let taken: string | undefined
  const waiting = take(queue).then(key => (taken = key))
  await clock.advance(1)
  t.equal(taken, undefined)
  queue.wake('node-added')
  await waiting
  t.equal(taken, 'a', 'long asleep: no back-off left')
})

void t.test('an event while it is being decided counts', async t => {
  const { queue, clock } = open()
  queue.add('a', pod('a'))
  await take(queue)
  queue.wake('node-added')
  queue.refused('a', new Set(['node-added']))
  let isTaken = false
  const waiting = take(queue).then(() => (isTaken = true))
  await clock.advance(999)
  t.notOk(isTaken, 'backs off')
  await clock.advance(1)
  await waiting
  t.ok(isTaken)
})

void t.test('failures back off 1 s, 2 s, ... 10 s', async t => {
  const { queue, clock } = open()
  queue.add('a', pod('a'))
  await take(queue)
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    queue.failed('a', pod('a'))
    let isTaken = false
    const waiting = take(queue).then(() => (isTaken = true))
    await clock.advance(seconds * 1000 - 1)
    t.notOk(isTaken)
    await clock.advance(1)
    await waiting
  }
})

void t.test('nobody sleeps for more than five minutes', async t => {
  const { queue, clock } = open()
  queue.add('a', pod('a'))
  await take(queue)
  queue.refused('a', new Set())
  const waiting = take(queue)
  await clock.advance(300_000)
  t.equal(await waiting, 'a')
})

void t.test('a changed pod is tried again, its own condition is no change', async t => {
  const { queue, clock } = open()
  queue.add('a', pod('a'))
  await take(queue)
  queue.refused('a', new Set(['node-added']))
  await clock.advance(60_000)
  queue.add('a', { ...pod('a'), status: { conditions: [] } })
  let isTaken = false
  const waiting = take(queue).then(() => (isTaken = true))
  await clock.advance(1)
  t.notOk(isTaken)
  queue.add('a', aPod({ name: 'a', spec: { containers: [], nodeSelector: { x: 'y' } } }))
  await waiting
  queue.add('a', pod('a'))
  queue.refused('a', new Set(['node-added']))
  const again = take(queue)
  await clock.advance(10_000)
  t.equal(await again, 'a', 'changed while it was being decided')
})

void t.test('a removed pod is gone, one made anew under its name is new', async t => {
  const { queue } = open()
  queue.add('a', pod('a'))
  queue.add('b', pod('b'))
  queue.remove('a')
  t.equal(await take(queue), 'b')
  queue.add('b', aPod({ name: 'b', metadata: { name: 'b', uid: 'other' } }))
  t.equal(await take(queue), 'b')
  queue.close()
  t.equal(queue.length, 0)
})
