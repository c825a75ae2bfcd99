/** Connections come in in portions: passed on when their peer has spoken, cut when it never does. */
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createDoor } from '#server/http/door.ts'
import { manualClock, turn } from '../../client/manual-clock.ts'

const SILENCE_MS = 10_000
const DEADLINE_MS = 5000

/** A door on the loopback whose turns are given one by one, by `give`. */
async function openDoor(t: Test) {
  const clock = manualClock()
  const asking: (() => void)[] = []
  const admitted: Socket[] = []
  const door = createDoor({
    clock,
    turns: { take: () => new Promise(resolve => asking.push(resolve)) },
    connectionsMax: 10,
    silenceMs: SILENCE_MS,
    admit: socket => admitted.push(socket),
  })
  const accepted: Socket[] = []
  door.server.on('connection', socket => accepted.push(socket))
  const clients: Socket[] = []
  door.server.listen(0, '127.0.0.1')
  await once(door.server, 'listening')
  const bound = door.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  t.teardown(() => {
    for (const socket of [...clients, ...accepted]) socket.destroy()
    door.server.close()
  })
  const connect = async (): Promise<Socket> => {
    const client = net.connect(port, '127.0.0.1')
    clients.push(client)
    const wanted = clients.length
    await until(() => accepted.length === wanted)
    return client
  }
  const give = async (): Promise<void> => {
    asking.shift()?.()
    await turn()
  }
  return { clock, door, asking, admitted, accepted, connect, give }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it did not come to be')
    await turn()
  }
}

void t.test('a crowd is let in one turn after the other, each with what it said', async t => {
  const { asking, admitted, connect, give } = await openDoor(t)
  for (const name of ['a', 'b', 'c']) {
    const client = await connect()
    client.write(name)
    await until(() => asking.length > 'abc'.indexOf(name))
  }
  t.equal(admitted.length, 0, 'nobody before their turn')
  const said: string[] = []
  while (asking.length > 0) {
    await give()
    said.push(String(admitted.at(-1)?.read()))
  }
  t.same(said, ['a', 'b', 'c'])
})

void t.test('who says nothing is cut, who has spoken is not', async t => {
  const { clock, asking, admitted, accepted, connect, give } = await openDoor(t)
  const silent = await connect()
  const speaking = await connect()
  speaking.write('hello')
  await until(() => asking.length === 1)
  const cut = once(silent, 'close')
  silent.resume()
  await clock.advance(SILENCE_MS)
  await cut
  t.ok(accepted[0]?.destroyed)
  await give()
  t.same(admitted, [accepted[1]])
  await clock.advance(SILENCE_MS)
  t.notOk(accepted[1]?.destroyed, 'whoever took it over bounds it')
})

void t.test('who leaves without a word, or before the turn, is not let in', async t => {
  const { asking, admitted, accepted, connect, give } = await openDoor(t)
  const mute = await connect()
  mute.end()
  await until(() => asking.length === 1)
  await give()
  t.ok(accepted[0]?.destroyed)
  const hasty = await connect()
  hasty.write('hello')
  await until(() => asking.length === 1)
  accepted[1]?.destroy()
  await until(() => accepted[1]?.closed === true)
  await give()
  t.same(admitted, [])
})

void t.test('clearing cuts those outside, and only those', async t => {
  const { door, asking, accepted, connect, give } = await openDoor(t)
  const inside = await connect()
  inside.write('hello')
  await until(() => asking.length === 1)
  await give()
  await connect()
  door.clear()
  t.notOk(accepted[0]?.destroyed)
  t.ok(accepted[1]?.destroyed)
})
