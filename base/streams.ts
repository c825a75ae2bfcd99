/** What everybody who writes to streams needs: waiting for one, without leaving listeners behind. */
import type { Writable } from 'node:stream'

/** Writes; resolves when more may be written, or nobody takes it any more. Never rejects. */
export async function writeTo(stream: Writable, bytes: Buffer): Promise<void> {
  if (!stream.writable || stream.write(bytes)) return
  await anyOf(stream, ['drain', 'close', 'error'])
}

/** Ends; resolves when the last bytes were taken, or nobody takes them any more. Never rejects. */
export async function endOf(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableFinished) return
  const over = anyOf(stream, ['finish', 'close', 'error'])
  stream.end()
  await over
}

/** Resolves when it is closed, whatever closed it. Never rejects. */
export const closeOf = (stream: Writable): Promise<void> =>
  stream.closed ? Promise.resolve() : anyOf(stream, ['close'])

function anyOf(stream: Writable, events: readonly string[]): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
}
