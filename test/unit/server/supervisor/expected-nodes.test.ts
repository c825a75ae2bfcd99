import t from 'tap'
import { silentLogger } from '#base/logger.ts'
import { DIAL_AGAIN_WITHIN_MS } from '#client/tunnel-protocol.ts'
import { ExpectedNodes } from '#server/supervisor/expected-nodes.ts'
import { createTunnels } from '#server/supervisor/tunnel.ts'
import { manualClock, turn } from '../../client/manual-clock.ts'

const never = new AbortController().signal

/** Whether a wait that has begun is over. */
function watched(wait: Promise<void>): () => Promise<boolean> {
  let isOver = false
  void wait.then(() => (isOver = true))
  return async () => {
    await turn()
    return isOver
  }
}

void t.test('every node is expected for a moment after the start', async t => {
  const clock = manualClock()
  const expected = new ExpectedNodes(clock, 1000)
  const isOver = watched(expected.wait('a', never))
  await clock.advance(999)
  t.notOk(await isOver())
  await clock.advance(1)
  t.ok(await isOver())
  t.ok(await watched(expected.wait('a', never))(), 'not any more')
})

void t.test('one that was lost is expected anew, the others are not', async t => {
  const clock = manualClock()
  const expected = new ExpectedNodes(clock, 1000)
  await clock.advance(5000)
  expected.lost('a')
  const isOver = watched(expected.wait('a', never))
  t.notOk(await isOver())
  t.ok(await watched(expected.wait('b', never))())
  expected.arrived('b')
  t.notOk(await isOver())
  expected.arrived('a')
  t.ok(await isOver(), 'it came')
  t.ok(await watched(expected.wait('a', never))(), 'and is not expected: it is there')
})

void t.test('nobody waits after an abort, or after the end', async t => {
  const clock = manualClock()
  const expected = new ExpectedNodes(clock, 1000)
  const stop = new AbortController()
  const first = watched(expected.wait('a', stop.signal))
  const second = watched(expected.wait('a', never))
  stop.abort()
  t.ok(await first())
  t.notOk(await second(), 'the others do')
  expected.close()
  t.ok(await second())
  t.ok(await watched(expected.wait('a', never))())
})

void t.test('a node that does not come is not connected', async t => {
  const clock = manualClock()
  const tunnels = createTunnels({ clock, log: silentLogger })
  const request = { method: 'GET', path: '/', headers: {} }
  const wanted = {
    reason: 'ServiceUnavailable',
    message: 'node "a" is not connected: its agent has no tunnel to this server',
  }
  const refused = t.rejects(tunnels.request('a', request, never), wanted)
  await clock.advance(DIAL_AGAIN_WITHIN_MS)
  await refused
  await t.rejects(tunnels.connect('a', request, never), wanted, 'at once')
})
