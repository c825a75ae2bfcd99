/**
 * Sends a list in slices under back-pressure: what a slow reader has not taken is not encoded yet, and other requests
 * get their turn between slices.
 */
import type { Clock } from '#base/clock.ts'
import type { Turns } from '#base/turns.ts'
import { type Gzip, createGzip } from 'node:zlib'
import type { BodyWriter, Exchange, Headers } from './exchange.ts'
import { type Entries, type ListForm, type Slice, slicesOf } from './forms.ts'

const SLICE_BYTES = 256 * 1024
const SLICE_MS = 2
const GZIP_OVER_BYTES = 128 * 1024

export interface PageAnswer {
  readonly exchange: Exchange
  readonly headers: Headers
  readonly form: ListForm
}

export async function sendPage(
  deps: { readonly clock: Clock; readonly turns: Turns },
  { exchange, headers, form }: PageAnswer,
): Promise<void> {
  const limits = { bytes: SLICE_BYTES, ms: SLICE_MS, monotonic: () => deps.clock.monotonic() }
  const slices = slicesOf(form, limits, form.isMeasured ? await entriesOf(deps, form) : undefined)
  const { value: first } = slices.next()
  if (first === undefined) return
  const zips = /(^|[\s,])gzip($|[\s,;])/.test(exchange.header('accept-encoding') ?? '')
  if (first.isLast && (first.bytes.length <= GZIP_OVER_BYTES || !zips))
    return exchange.respond(200, headers, first.bytes)
  const encoding = zips ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {}
  const writer = exchange.stream(200, { ...headers, ...encoding })
  const all = chain(first, slices)
  await (zips ? sendZipped(writer, all, deps.turns) : sendPlain(writer, all, deps.turns))
}

/** Lists of the same objects that are under way at the same time share these. */
async function entriesOf(
  { clock, turns }: { readonly clock: Clock; readonly turns: Turns },
  form: ListForm,
): Promise<Entries> {
  const all: Buffer[] = []
  let bytes = 0
  let began = clock.monotonic()
  for (const item of form.items) {
    const entry = form.encode(item)
    all.push(entry)
    bytes += entry.length
    if (clock.monotonic() - began < SLICE_MS) continue
    await turns.take()
    began = clock.monotonic()
  }
  return { all, bytes }
}

function* chain(first: Slice, rest: Iterable<Slice>): Generator<Slice> {
  yield first
  yield* rest
}

async function sendPlain(writer: BodyWriter, slices: Iterable<Slice>, turns: Turns): Promise<void> {
  for (const { bytes } of slices) {
    if (writer.gone) return
    // A full slice always fills the queue: when that has drained, its buffer is free for the next.
    if (!writer.write(bytes)) await writer.drained()
    await turns.take()
  }
  writer.end()
}

/** Compression runs in Node's thread pool; its output goes on at the reader's pace. */
async function sendZipped(
  writer: BodyWriter,
  slices: Iterable<Slice>,
  turns: Turns,
): Promise<void> {
  const zip = createGzip({ level: 1 })
  const output = forward(zip, writer)
  for (const { bytes } of slices) {
    if (writer.gone) break
    if (!zip.write(bytes)) await new Promise<void>(resolve => zip.once('drain', resolve))
    await turns.take()
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
