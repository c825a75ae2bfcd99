/**
 * From a record of writes (record-writes.c) to what a disk may hold after a power cut: everything flushed, and of what
 * was written to a file since its last flush any part, in sectors. Pure, but for the randomness it is given.
 */
import { basename } from 'node:path'
import type { Random } from '#base/random.ts'

const SECTOR = 512
const HEADER = 32

type Op = 'open' | 'write' | 'truncate' | 'flush' | 'unlink'
const OPS: readonly Op[] = ['open', 'write', 'truncate', 'flush', 'unlink']

interface Entry {
  readonly op: Op
  readonly file: string
  readonly offset: number
  readonly data: Buffer
}

export interface Image {
  /** By file name. */
  readonly files: ReadonlyMap<string, Buffer>
  /** What had been written to the file of facts, whole lines. */
  readonly facts: readonly string[]
}

export function* entriesOf(log: Buffer): Generator<Entry> {
  const names = new Map<number, string>()
  for (let at = 0; at + HEADER <= log.length; ) {
    const [op = 0, file = 0, offset = 0, length = 0] = [0, 8, 16, 24].map(field =>
      Number(log.readBigUInt64LE(at + field)),
    )
    const data = log.subarray(at + HEADER, at + HEADER + length)
    at += HEADER + length
    const kind = OPS[op - 1]
    if (kind === undefined) throw new Error(`unknown operation ${op} in the record of writes`)
    if (kind === 'open') names.set(file, basename(data.toString()))
    const name = kind === 'unlink' ? basename(data.toString()) : (names.get(file) ?? '')
    yield { op: kind, file: name, offset, data }
  }
}

/** A disk's file: bytes that are safe, and changes that are not. */
class DiskFile {
  #safe = Buffer.alloc(0)
  #length = 0
  #unsafe: Entry[] = []

  change(entry: Entry): void {
    this.#unsafe.push(entry)
  }

  flush(): void {
    for (const entry of this.#unsafe) this.#apply(entry)
    this.#unsafe = []
  }

  /** What may be left of it: each unsafe change whole, in part, or not at all. */
  survive(random: Random): Buffer {
    const left = new DiskFile()
    left.#safe = Buffer.from(this.#safe.subarray(0, this.#length))
    left.#length = this.#length
    for (const entry of this.#unsafe) {
      const fate = random.float()
      if (fate < 0.4) continue
      if (fate < 0.7 || entry.op === 'truncate') left.#apply(entry)
      else left.#applySectors(entry, random)
    }
    return left.#safe.subarray(0, left.#length)
  }

  #applySectors(entry: Entry, random: Random): void {
    for (let at = 0; at < entry.data.length; at += SECTOR) {
      if (random.float() < 0.5) continue
      const data = entry.data.subarray(at, at + SECTOR)
      this.#apply({ ...entry, offset: entry.offset + at, data })
    }
  }

  #apply({ op, offset, data }: Entry): void {
    const end = op === 'truncate' ? offset : Math.max(this.#length, offset + data.length)
    if (end > this.#safe.length) {
      this.#safe = Buffer.concat([this.#safe], Math.max(end, this.#safe.length * 2))
    }
    if (op === 'truncate') this.#safe.fill(0, end, Math.max(end, this.#length))
    else data.copy(this.#safe, offset)
    this.#length = end
  }
}

/** Images at `count` random moments after the store said that it is open (the fact `S`). */
export function* powerCuts(log: Buffer, count: number, random: Random): Generator<Image> {
  const entries = [...entriesOf(log)]
  const open = entries.findIndex(({ file, data }) => file === 'facts' && data.includes('S '))
  const cuts = Array.from(
    { length: count },
    () => open + 1 + Math.floor(random.float() * (entries.length - open - 1)),
  ).sort((left, right) => left - right)
  const disk = new Map<string, DiskFile>()
  let facts = ''
  let next = 0
  for (const cut of cuts) {
    for (; next < cut; next++) {
      const entry = entries[next]
      if (entry === undefined) break
      if (entry.file === 'facts') facts += entry.data.toString()
      else record(disk, entry)
    }
    const files = new Map([...disk].map(([name, file]) => [name, file.survive(random)]))
    yield { files, facts: facts.split('\n').slice(0, -1) }
  }
}

function record(disk: Map<string, DiskFile>, entry: Entry): void {
  if (entry.op === 'unlink') return void disk.delete(entry.file)
  if (entry.op === 'open') return
  const file = disk.get(entry.file) ?? new DiskFile()
  disk.set(entry.file, file)
  if (entry.op === 'flush') file.flush()
  else file.change(entry)
}
