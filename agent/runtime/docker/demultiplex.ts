/**
 * Takes apart what the Engine sends for a container without a TTY: frames of `stream u8, 0 0 0, length u32 be`,
 * then that many bytes. Both outputs must be read: the slower one holds the source back.
 * Source: Docker Engine API v1.41, "ContainerAttach", Stream format
 */
import { PassThrough, type Readable } from 'node:stream'
import { once } from 'node:events'

const HEADER_BYTES = 8
const STDERR = 2

export interface Demultiplexed {
  readonly stdout: Readable
  readonly stderr: Readable
}

export function demultiplex(source: Readable): Demultiplexed {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  void pump(source, (isError, chunk) => (isError ? stderr : stdout).write(chunk), {
    stdout,
    stderr,
  })
  return { stdout, stderr }
}

/** Both streams in order of arrival, as one. */
export function mergeStreams(source: Readable): Readable {
  const merged = new PassThrough()
  void pump(source, (_isError, chunk) => merged.write(chunk), { stdout: merged, stderr: merged })
  return merged
}

async function pump(
  source: Readable,
  write: (isError: boolean, chunk: Buffer) => boolean,
  outputs: { readonly stdout: PassThrough; readonly stderr: PassThrough },
): Promise<void> {
  const { stdout, stderr } = outputs
  const abandon = (): void => void source.destroy()
  stdout.once('close', abandon)
  stderr.once('close', abandon)
  let header = Buffer.alloc(0)
  let remaining = 0
  let isError = false
  try {
    for await (const part of source as AsyncIterable<Buffer>) {
      let chunk = part
      while (chunk.length > 0) {
        if (remaining === 0) {
          const missing = HEADER_BYTES - header.length
          header = Buffer.concat([header, chunk.subarray(0, missing)])
          chunk = chunk.subarray(missing)
          if (header.length < HEADER_BYTES) break
          isError = header.readUInt8(0) === STDERR
          remaining = header.readUInt32BE(4)
          header = Buffer.alloc(0)
          continue
        }
        const piece = chunk.subarray(0, remaining)
        remaining -= piece.length
        chunk = chunk.subarray(piece.length)
        if (!write(isError, piece)) await drained(isError ? stderr : stdout)
      }
    }
    stdout.end()
    stderr.end()
  } catch {
    // a torn connection ends the streams; the reader learns the exit code elsewhere
    stdout.end()
    stderr.end()
  }
}

async function drained(output: PassThrough): Promise<void> {
  if (output.destroyed) return
  await Promise.race([once(output, 'drain'), once(output, 'close')]).catch(() => undefined)
}
