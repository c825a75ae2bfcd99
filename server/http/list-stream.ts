/**
 * Sends a list in slices under back-pressure: what a slow reader has not taken is not encoded yet, and other requests
 * get their turn between slices.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Gzip, createGzip } from 'node:zlib'
import type { Answer } from '#server/registry/call.ts'
import type { BodyWriter, Exchange, Headers } from './exchange.ts'
import { type View, formOf, slicesOf } from './forms.ts'

const SLICE_BYTES = 256 * 1024
const GZIP_OVER_BYTES = 128 * 1024

export async function sendPage(
  exchange: Exchange,
  headers: Headers,
  answer: Extract<Answer, { kind: 'page' }>,
  view: View,
): Promise<void> {
  const slices = slicesOf(formOf(answer, view), SLICE_BYTES)
  const first = slices.next()
  if (first.done === true) return
  const second = slices.next()
  const isSmall = second.done === true && first.value.length <= GZIP_OVER_BYTES
  if (isSmall) return exchange.respond(200, headers, first.value)
  const zips = /(^|[\s,])gzip($|[\s,;])/.test(exchange.header('accept-encoding') ?? '')
  if (second.done === true && !zips) return exchange.respond(200, headers, first.value)
  const encoding = zips ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {}
  const writer = exchange.stream(200, { ...headers, ...encoding })
  const all = chain(first.value, second.done === true ? undefined : second.value, slices)
  await (zips ? sendZipped(writer, all) : sendPlain(writer, all))
}

function* chain(
  first: Buffer,
  second: Buffer | undefined,
  rest: Generator<Buffer>,
): Generator<Buffer> {
  yield first
  if (second !== undefined) yield second
  yield* rest
}

async function sendPlain(writer: BodyWriter, slices: Iterable<Buffer>): Promise<void> {
  for (const slice of slices) {
    if (writer.gone) return
    if (writer.write(slice)) await nextTurn()
    else await writer.drained()
  }
  writer.end()
}

/** Compression runs in Node's thread pool; its output goes on at the reader's pace. */
async function sendZipped(writer: BodyWriter, slices: Iterable<Buffer>): Promise<void> {
  const zip = createGzip({ level: 1 })
  const output = forward(zip, writer)
  for (const slice of slices) {
    if (writer.gone) break
    if (!zip.write(slice)) await new Promise<void>(resolve => zip.once('drain', resolve))
  }
  zip.end()
  await output
  writer.end()
}

async function forward(zip: Gzip, writer: BodyWriter): Promise<void> {
  for await (const chunk of zip) {
    if (!writer.write(Buffer.from(chunk))) await writer.drained()
  }
}
