/** SPDY/3.1 from the client's side: frames as Go and browsers send them, hostile ones, and both windows. */
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { constants, createInflate } from 'node:zlib'
import t from 'tap'
import { SpdyConnection } from '#server/http/spdy/connection.ts'
import { DICTIONARY, DICTIONARY_ID } from '#server/http/spdy/dictionary.ts'
import {
  controlFrame,
  dataFrame,
  type Frame,
  numbersFrame,
  SpdyReader,
  TYPE,
} from '#server/http/spdy/frames.ts'
import { encodeHeaders, HeaderDecoder } from '#server/http/spdy/header-blocks.ts'
import type { SpdyStream } from '#server/http/spdy/stream.ts'
import { Packer, plain, SpdyClient, u32 } from '../../../support/spdy-client.ts'

/** The client, and what the connection behind it was asked for. */
class Client extends SpdyClient {
  readonly opened: SpdyStream[] = []
  readonly done: Promise<void>

  constructor() {
    const [here, there] = duplexPair()
    super(here)
    this.done = new SpdyConnection(there, stream => this.opened.push(stream)).run()
    t.teardown(() => void here.destroy())
  }

  async opens(id: number, headers: Record<string, string> = {}): Promise<SpdyStream> {
    await this.open(id, headers)
    return this.until(() => this.opened.find(stream => stream.id === id))
  }
}

void t.test('the dictionary is the one that its checksum names', async t => {
  let a = 1
  let b = 0
  for (const byte of DICTIONARY) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  t.equal(DICTIONARY.length, 1423)
  t.equal(b * 65_536 + a, DICTIONARY_ID)
})

const faultOf = (block: Buffer): Promise<string> =>
  new HeaderDecoder().decode(block).then(
    () => 'none',
    (error: Error) => error.constructor.name,
  )

void t.test('header blocks', async t => {
  const inflate = createInflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  const written = [encodeHeaders({ a: 'one' }, true), encodeHeaders({ b: 'two' }, false)]
  const chunks: Buffer[] = []
  inflate.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const block of written)
    await new Promise<void>(resolve => inflate.write(block, () => resolve()))
  const expected = Buffer.concat([plain({ a: 'one' }), plain({ b: 'two' })])
  t.same(Buffer.concat(chunks), expected, 'any inflater reads them')
  const packer = new Packer()
  const decoder = new HeaderDecoder()
  for (const headers of [{ streamtype: 'stdin' }, { streamtype: 'error', port: '80' }])
    t.same(await decoder.decode(await packer.pack(plain(headers))), headers)
  const upper = await packer.pack(plain({ StreamType: 'data' }))
  t.same(await decoder.decode(upper), { streamtype: 'data' }, 'names in lower case')
  for (const [what, block] of [
    ['a bomb', plain({ a: 'x'.repeat(10_000_000) })],
    ['lengths beyond the block', Buffer.concat([u32(1, 9000), Buffer.from('a')])],
    ['too many', u32(100_000)],
    ['a short block', Buffer.alloc(2)],
  ] as const) {
    const packed = await new Packer().pack(block)
    t.equal(await faultOf(packed), 'SpdyError', what)
  }
  t.equal(await faultOf(Buffer.from('no zlib')), 'SpdyError')
})

void t.test('frames come apart however they are cut', async t => {
  const bytes = Buffer.concat([
    controlFrame(TYPE.ping, u32(1)),
    dataFrame(3, Buffer.from('hello'), false),
    dataFrame(3, Buffer.alloc(0), true),
  ])
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new SpdyReader()
    const frames: Frame[] = []
    for (let start = 0; start < bytes.length; start += size)
      frames.push(...reader.push(bytes.subarray(start, start + size)))
    const text = frames.map(frame => (frame.kind === 'data' ? frame.payload.toString() : 'ping|'))
    t.equal(text.join(''), 'ping|hello')
    t.match(frames.at(-1), { kind: 'data', streamID: 3, isLast: true })
    t.equal(frames.filter(frame => frame.kind === 'data' && frame.isLast).length, 1)
  }
})

void t.test('streams', async t => {
  const client = new Client()
  const stream = await client.opens(1, { streamtype: 'stdin' })
  t.same(stream.headers, { streamtype: 'stdin' })
  await client.until(() => client.control(TYPE.synReply))
  client.socket.write(dataFrame(1, Buffer.from('in'), true))
  t.equal(String(await once(stream, 'data')), 'in')
  if (!stream.readableEnded) await once(stream, 'end')
  stream.end('out')
  await client.until(() => client.frames.find(frame => frame.kind === 'data' && frame.isLast))
  t.equal(client.received(1).toString(), 'out')
  client.socket.write(numbersFrame(TYPE.ping, [7]))
  const ping = await client.until(() => client.control(TYPE.ping))
  t.match(ping, { payload: u32(7) }, 'pings come back')
  const other = await client.opens(3)
  client.socket.write(numbersFrame(TYPE.rstStream, [3, 5]))
  if (!other.closed) await once(other, 'close')
  const third = await client.opens(5)
  third.destroy()
  const reset = await client.until(() => client.control(TYPE.rstStream))
  t.match(reset, { payload: u32(5, 5) })
  client.socket.write(dataFrame(5, Buffer.from('late'), false))
  client.socket.end()
  await client.done
})

void t.test('windows', async t => {
  const client = new Client()
  client.socket.write(
    controlFrame(TYPE.settings, Buffer.concat([u32(1), Buffer.from([0, 0, 0, 7]), u32(10)])),
  )
  const stream = await client.opens(1)
  stream.write(Buffer.alloc(25, 'x'))
  await client.until(() => client.received(1).length >= 10)
  await new Promise(resolve => setImmediate(resolve))
  t.equal(client.received(1).length, 10, 'no more than the peer allows')
  client.socket.write(numbersFrame(TYPE.windowUpdate, [1, 100]))
  await client.until(() => client.received(1).length >= 25)
  stream.resume()
  for (let sent = 0; sent < 3; sent += 1)
    client.socket.write(dataFrame(1, Buffer.alloc(16_384), false))
  await client.until(() => client.control(TYPE.windowUpdate))
  client.socket.destroy()
  await client.done

  const unlimited = new Client()
  const free = await unlimited.opens(1)
  free.write(Buffer.alloc(300_000))
  await unlimited.until(() => unlimited.received(1).length === 300_000)
  t.pass('a peer that never speaks of windows has none')
})

void t.test('a reader that does not read stops the writer', async t => {
  const client = new Client()
  await client.opens(1)
  let sent = 0
  const piece = dataFrame(1, Buffer.alloc(65_536), false)
  while (client.socket.write(piece) && sent < 1000) sent += 1
  for (let turn = 0; turn < 100; turn += 1) {
    await new Promise(resolve => setImmediate(resolve))
    while (!client.socket.writableNeedDrain && sent < 1000) {
      client.socket.write(piece)
      sent += 1
    }
  }
  t.ok(sent < 20, `${sent} pieces of 64 kB taken`)
  client.opened[0]?.destroy()
  client.socket.end()
  await client.done
})

void t.test('a client that asks and never listens is cut off', async t => {
  const client = new Client()
  client.socket.pause()
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => numbersFrame(TYPE.ping, [1])))
  let isOver = false
  void client.done.then(() => (isOver = true))
  const asked = async (): Promise<void> => {
    for (let sent = 0; sent < 100 && !isOver; sent += 1) {
      client.socket.write(pings)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  await asked()
  t.equal(isOver, true, 'long before six megabytes of answers are held')
})

void t.test('hostile frames end the connection', async t => {
  for (const [what, bytes] of [
    ['another version', Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1])],
    ['a control frame of 16 MB', Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff])],
    ['an even stream', controlFrame(TYPE.synStream, Buffer.alloc(10, 2))],
    ['data of no stream', dataFrame(9, Buffer.from('x'), false)],
    ['data of stream 0', dataFrame(0, Buffer.from('x'), false)],
    ['a short reset', controlFrame(TYPE.rstStream, Buffer.alloc(1))],
    ['settings beyond the frame', controlFrame(TYPE.settings, u32(1000))],
    ['too wide a window', numbersFrame(TYPE.windowUpdate, [0, 0x7fffffff])],
    [
      'headers that do not inflate',
      controlFrame(TYPE.synStream, Buffer.concat([u32(1, 0), Buffer.alloc(20, 9)])),
    ],
  ] as const) {
    const client = new Client()
    client.socket.write(bytes)
    await client.done
    t.equal(client.opened.length, 0, what)
    await client.until(() => client.control(TYPE.goAway))
  }
  const client = new Client()
  await client.opens(3)
  client.socket.write(controlFrame(TYPE.synStream, Buffer.concat([u32(1, 0), Buffer.alloc(2)])))
  await client.done
  t.equal(client.opened[0]?.destroyed, true, 'with all its streams')
})
