/** Questions to other servers over real sockets: fall-back, truncation, caching, equal questions, loops, forgery. */
import { createSocket, type Socket } from 'node:dgram'
import { createServer, isIPv6, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import packet from 'dns-packet'
import t, { type Test } from 'tap'
import { Forwarder } from '#agent/dns/forwarder.ts'
import { TcpFrames } from '#agent/dns/tcp-frames.ts'
import { questionBytes } from '#agent/dns/wire.ts'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'

interface Upstream {
  readonly port: number
  readonly asked: string[]
  close(): void
}

type Reply = (query: Buffer, via: 'udp' | 'tcp') => Buffer | undefined

/** A name server on the given loopback addresses that answers as told. */
async function upstream(address: string, port: number, reply: Reply): Promise<Upstream> {
  const asked: string[] = []
  const udp: Socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  udp.on('message', (message, from) => {
    asked.push('udp')
    const answer = reply(message, 'udp')
    if (answer !== undefined) udp.send(answer, from.port, from.address)
  })
  await new Promise<void>(resolve => {
    udp.bind(port, address, resolve)
  })
  const tcp: Server = createServer(socket => {
    const frames = new TcpFrames()
    socket.on('data', chunk => {
      for (const message of frames.push(chunk)) {
        asked.push('tcp')
        const answer = reply(message, 'tcp')
        if (answer !== undefined) socket.write(TcpFrames.encode(answer))
      }
    })
  })
  const bound = udp.address().port
  await new Promise<void>(resolve => {
    tcp.listen(bound, address, resolve)
  })
  return {
    port: bound,
    asked,
    close() {
      udp.close()
      tcp.close()
    },
  }
}

const answerWith = (query: Buffer, data: string, flags = 0): Buffer => {
  const { id = 0, questions = [] } = packet.decode(query)
  const name = questions[0]?.name ?? ''
  const answers = flags === 0 ? [{ type: 'A', name, ttl: 60, data }] : []
  return packet.encode({ type: 'response', id, flags, questions, answers })
}

const question = (name: string, isTcp = false) => ({
  section: questionBytes({ name, type: 1 }),
  key: `${name} 1`,
  isTcp,
})

const dataOf = (message: Buffer | undefined): unknown =>
  message === undefined ? undefined : packet.decode(message).answers?.[0]?.data

const forwarderTo = (port: number, ...servers: readonly string[]): Forwarder =>
  new Forwarder({
    upstreams: () => servers,
    clock: systemClock,
    random: systemRandom,
    port,
    timeoutMs: 200,
  })

async function use(t: Test, address: string, reply: Reply, port = 0): Promise<Upstream> {
  const server = await upstream(address, port, reply)
  t.teardown(() => server.close())
  return server
}

void t.test('an answer is asked for once, and comes back with the id of each asker', async t => {
  const server = await use(t, '127.0.0.1', query => answerWith(query, '1.2.3.4'))
  const forwarder = forwarderTo(server.port, '127.0.0.1')
  const both = await Promise.all([
    forwarder.ask(question('a.test'), 1),
    forwarder.ask(question('a.test'), 2),
  ])
  const later = await forwarder.ask(question('a.test'), 3)
  t.same(
    [...both, later].map(message => message?.readUInt16BE(0)),
    [1, 2, 3],
  )
  t.same([...both, later].map(dataOf), ['1.2.3.4', '1.2.3.4', '1.2.3.4'])
  t.equal(server.asked.length, 1)
})

void t.test('each asker finds its name in its own spelling', async t => {
  const server = await use(t, '127.0.0.1', query => answerWith(query, '1.2.3.4'))
  const forwarder = forwarderTo(server.port, '127.0.0.1')
  const asking = (name: string) => {
    const section = Buffer.from(questionBytes({ name: name.toLowerCase(), type: 1 }))
    section.write(name.slice(0, 1), 1)
    return forwarder.ask({ section, key: `${name.toLowerCase()} 1`, isTcp: false }, 1)
  }
  const answers = [await asking('a.test'), await asking('A.test'), await asking('a.test')]
  t.same(
    answers.map(answer => packet.decode(answer ?? Buffer.alloc(0)).questions?.[0]?.name),
    ['a.test', 'A.test', 'a.test'],
  )
  t.equal(server.asked.length, 1)
})

void t.test('a server that is down, or cannot say, gives way to the next', async t => {
  const good = await use(t, '127.0.0.3', query => answerWith(query, '1.2.3.4'))
  const poor = await use(t, '127.0.0.2', query => answerWith(query, '', 2), good.port)
  const forwarder = forwarderTo(good.port, '127.0.0.9', '127.0.0.2', '127.0.0.3')
  t.equal(dataOf(await forwarder.ask(question('b.test'), 1)), '1.2.3.4')
  t.equal(poor.asked.length, 1)
  t.equal(dataOf(await forwarder.ask(question('c.test'), 1)), '1.2.3.4')
})

void t.test('a server may be known by its IPv6 address only', async t => {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  if (!addresses.some(({ address }) => address === '::1')) {
    t.equal(await forwarderTo(9, '::1').ask(question('v6.test'), 1), undefined, 'no IPv6 here')
    return
  }
  const server = await use(t, '::1', (query, via) =>
    via === 'udp' ? answerWith(query, '', packet.TRUNCATED_RESPONSE) : answerWith(query, '1.2.3.4'),
  )
  const forwarder = forwarderTo(server.port, '::1')
  t.equal(dataOf(await forwarder.ask(question('v6.test', true), 1)), '1.2.3.4')
})

void t.test('nobody to ask is an answer too', async t => {
  t.equal(await forwarderTo(53).ask(question('d.test'), 1), undefined)
  t.equal(await forwarderTo(9, '127.0.0.9').ask(question('d.test'), 1), undefined, 'port closed')
  t.equal(
    await forwarderTo(9, '255.255.255.255').ask(question('d.test'), 1),
    undefined,
    'refused by the kernel',
  )
})

void t.test('a truncated answer is fetched whole by TCP, for who came by TCP', async t => {
  const server = await use(t, '127.0.0.1', (query, via) =>
    via === 'udp' ? answerWith(query, '', packet.TRUNCATED_RESPONSE) : answerWith(query, '1.2.3.4'),
  )
  const forwarder = forwarderTo(server.port, '127.0.0.1')
  const byUdp = await forwarder.ask(question('e.test'), 1)
  t.equal(((byUdp?.readUInt16BE(2) ?? 0) & packet.TRUNCATED_RESPONSE) !== 0, true)
  t.equal(dataOf(await forwarder.ask(question('e.test', true), 1)), '1.2.3.4')
  t.same(server.asked, ['udp', 'udp', 'tcp'])
})

void t.test(
  'a forged answer does not count: wrong id, wrong question, no answer at all',
  async t => {
    const forged: Reply = query => {
      const wrongId = Buffer.from(query)
      wrongId.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0)
      return answerWith(wrongId, '6.6.6.6')
    }
    const other: Reply = query => {
      const id = query.readUInt16BE(0)
      const questions = [{ type: 'A', name: 'evil.test' }]
      const answers = [{ type: 'A', name: 'evil.test', ttl: 60, data: '6.6.6.6' }]
      return packet.encode({ type: 'response', id, questions, answers })
    }
    const bad = await use(t, '127.0.0.1', forged)
    const worse = await use(t, '127.0.0.2', other, bad.port)
    await use(t, '127.0.0.3', query => answerWith(query, '1.2.3.4'), bad.port)
    const forwarder = forwarderTo(bad.port, '127.0.0.1', '127.0.0.2', '127.0.0.3')
    t.equal(dataOf(await forwarder.ask(question('f.test'), 1)), '1.2.3.4')
    t.equal(worse.asked.length, 1)
  },
)

void t.test(
  'a server that asks back what it is asked ends in a failure, not in a storm',
  async t => {
    let forwarder: Forwarder | undefined
    let rounds = 0
    const server = await use(t, '127.0.0.1', () => {
      rounds += 1
      void forwarder?.ask(question('g.test'), 1)
      return undefined
    })
    forwarder = forwarderTo(server.port, '127.0.0.1')
    t.equal(await forwarder.ask(question('g.test'), 1), undefined)
    t.ok(rounds <= 4, `asked ${rounds} times`)
  },
)
