/**
 * The SQLite threads: an entry point of its own, started by `startSqliteThread` in sqlite.ts as writer or as reader.
 * Loops over messages; all the work is in sqlite-writer.ts and sqlite-reader.ts.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { messageOf } from '#base/errors.ts'
import { lockStore, openReader, openWriter } from './sqlite-file.ts'
import type {
  ReaderReply,
  ReaderRequest,
  ThreadData,
  WriterReply,
  WriterRequest,
} from './sqlite-messages.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { GROUP_BYTES, GROUP_ROWS, type GroupItem, SqliteWriter } from './sqlite-writer.ts'
import { StoreError } from './store.ts'

function runWriter(port: MessagePort, data: Extract<ThreadData, { role: 'writer' }>): void {
  const reply = (message: WriterReply): void => port.postMessage(message)
  let lock: ReturnType<typeof lockStore> | undefined
  let writer: SqliteWriter
  try {
    lock = lockStore(data.path)
    writer = new SqliteWriter(openWriter(data.path, data.synchronous), reply)
    reply({ kind: 'opened', opened: writer.opened() })
  } catch (error) {
    lock?.close()
    const code = error instanceof StoreError ? error.code : 'failed'
    reply({ kind: 'failed', epoch: 0, code, message: messageOf(error), isFatal: true })
    port.close()
    return
  }
  const queue: WriterRequest[] = []
  let tending = false
  const receive = (): void => {
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) {
      queue.push(more.message)
    }
  }
  const work = (): void => {
    tending = false
    for (receive(); queue.length > 0; receive()) {
      if (takeGroup(queue, writer)) continue
      const request = queue.shift()
      if (request?.kind === 'compact') writer.compact(request.id, request.revision)
      if (request?.kind === 'close') {
        writer.close()
        lock?.close()
        reply({ kind: 'closed' })
        return port.close()
      }
    }
    tending = writer.tend()
    if (tending) setImmediate(work)
  }
  port.on('message', (request: WriterRequest) => {
    queue.push(request)
    if (!tending) work()
  })
}

/** Writes one group from the front of the queue: what arrived together and fits one transaction. */
function takeGroup(queue: WriterRequest[], writer: SqliteWriter): boolean {
  const group: GroupItem[] = []
  let rows = 0
  let bytes = 0
  let epoch = 0
  while (rows < GROUP_ROWS && bytes < GROUP_BYTES) {
    const request = queue[0]
    if (request?.kind !== 'append') break
    if (group.length > 0 && request.epoch !== epoch) break
    epoch = request.epoch
    queue.shift()
    for (const record of request.records) {
      group.push({ record, values: request.values })
      rows += record.rows.length
    }
    bytes += request.values.length
  }
  writer.write(group, epoch)
  return group.length > 0
}

function runReader(port: MessagePort, data: Extract<ThreadData, { role: 'reader' }>): void {
  const db = openReader(data.path)
  const reader = new SqliteReader(db)
  port.on('message', (request: ReaderRequest | 'close') => {
    if (request === 'close') {
      db.close()
      return port.close()
    }
    let reply: ReaderReply
    try {
      reply = reader.answer(request)
    } catch (error) {
      reply = { kind: 'failed', id: request.id, message: messageOf(error) }
    }
    port.postMessage(reply, reply.kind === 'rows' ? [reply.values.buffer] : [])
  })
}

if (parentPort !== null) {
  const data: ThreadData = workerData
  if (data.role === 'writer') runWriter(parentPort, data)
  else runReader(parentPort, data)
}
