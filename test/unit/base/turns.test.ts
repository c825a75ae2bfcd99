/** Portions of work over turns of the event loop: what fits goes on at once, the rest waits in order. */
import { type Clock, systemClock } from '#base/clock.ts'
import { runAll } from '#base/lifetime.ts'
import { createPace, createTurns, nextTurn } from '#base/turns.ts'
import t from 'tap'

/** A clock that only work moves on. */
function workClock(): { readonly clock: Clock; readonly spend: (ms: number) => void } {
  let now = 0
  return { clock: { ...systemClock, monotonic: () => now }, spend: ms => (now += ms) }
}

void t.test('takers share a turn until it is full, then wait in order', async t => {
  const { clock, spend } = workClock()
  const turns = createTurns(clock)
  await nextTurn()
  const done: number[] = []
  let turn = 0
  const inTurn: number[] = []
  const worker = async (index: number): Promise<void> => {
    await turns.take()
    done.push(index)
    inTurn.push(turn)
    spend(0.4)
  }
  const all = Promise.all(Array.from({ length: 20 }, (_, index) => worker(index)))
  const counting = (async () => {
    while (done.length < 20) {
      await nextTurn()
      turn++
    }
  })()
  await all
  await counting
  turns.close()
  t.same(
    done,
    Array.from({ length: 20 }, (_, index) => index),
  )
  const perTurn = new Map<number, number>()
  for (const one of inTurn) perTurn.set(one, (perTurn.get(one) ?? 0) + 1)
  t.ok(perTurn.size >= 3, 'spread over turns')
  t.ok(
    [...perTurn.values()].every(count => count <= 6),
    'and none is crowded',
  )
})

void t.test('a turn with room lets a taker go on without waiting', async t => {
  const turns = createTurns(workClock().clock)
  await nextTurn()
  t.equal(turns.take(), undefined)
  let isLate = false
  const late = nextTurn().then(() => (isLate = true))
  await turns.take()
  await turns.take()
  t.notOk(isLate, 'in the same turn')
  await late
  turns.close()
})

void t.test('measures whole turns, waiting excluded', async t => {
  const turns = createTurns(systemClock)
  await nextTurn()
  await nextTurn()
  turns.lengths.reset()
  await new Promise(resolve => setTimeout(resolve, 60))
  const waited = turns.work.max
  const start = performance.now()
  while (performance.now() - start < 25);
  await nextTurn()
  await nextTurn()
  turns.close()
  t.ok(turns.lengths.max >= 24e6, 'the long turn counts')
  t.ok(waited < 20e6, 'the wait does not')
})

void t.test('closing lets everybody go on', async t => {
  const { clock, spend } = workClock()
  const turns = createTurns(clock)
  await nextTurn()
  await turns.take()
  spend(100)
  const waiting = [1, 2].map(async () => turns.take())
  turns.close()
  spend(100)
  await Promise.all(waiting)
  await turns.take()
  t.pass('served')
})

void t.test('passes over one object rest only after a long one', async t => {
  const { clock, spend } = workClock()
  const pace = createPace(clock)
  spend(7)
  t.equal(pace(), undefined)
  spend(2)
  let others = 0
  setImmediate(() => others++)
  await pace()
  t.equal(others, 1)
  spend(7)
  t.equal(pace(), undefined, 'it began anew')
})

void t.test('parts start in order, each in a turn of its own', async t => {
  const ending = new AbortController()
  const order: string[] = []
  const part = (name: string) => ({
    name,
    run: async (signal: AbortSignal): Promise<void> => {
      order.push(name)
      setImmediate(() => order.push(`after ${name}`))
      await new Promise<void>(resolve => {
        if (name === 'last') ending.abort()
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve())
      })
    },
  })
  await runAll([part('first'), part('last')], ending.signal)
  t.same(order.slice(0, 3), ['first', 'after first', 'last'])
})
