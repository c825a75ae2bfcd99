/** Frames of the Engine, cut at every possible place. */
import { Readable } from 'node:stream'
import t from 'tap'
import { demultiplex, mergeStreams } from '#agent/runtime/docker/demultiplex.ts'

const frame = (stream: number, text: string): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}
const whole = Buffer.concat([
  frame(1, 'out one\n'),
  frame(2, 'err\n'),
  frame(1, ''),
  frame(1, 'out two\n'),
])
const cut = (size: number): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(whole.length / size) }, (_value, index) =>
      whole.subarray(index * size, (index + 1) * size),
    ),
  )

async function read(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString()
  return text
}

for (const size of [1, 3, 8, 9, whole.length]) {
  void t.test(`in pieces of ${size}`, async t => {
    const { stdout, stderr } = demultiplex(cut(size))
    t.same(await Promise.all([read(stdout), read(stderr)]), ['out one\nout two\n', 'err\n'])
    t.equal(await read(mergeStreams(cut(size))), 'out one\nerr\nout two\n')
  })
}

void t.test('a torn connection ends both, a closed reader ends the source', async t => {
  const torn = new Readable({ read: () => {} })
  const { stdout, stderr } = demultiplex(torn)
  torn.push(frame(1, 'x').subarray(0, 8))
  torn.destroy(new Error('torn'))
  t.same(await Promise.all([read(stdout), read(stderr)]), ['', ''])
  const endless = new Readable({ read: () => {} })
  mergeStreams(endless).destroy()
  await new Promise(resolve => endless.once('close', resolve))
  t.ok(endless.destroyed)
})
