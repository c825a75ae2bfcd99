/** One measurement of the store in a process of its own: `node store-process.ts PATH WRITERS SECONDS`, see store.ts. */
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { cpuMs, after, drive, percentile } from './measure.ts'

const [, , path = '', writers = '1', seconds = '2'] = process.argv
const value = Buffer.alloc(1500, 'x')
const author = { user: 'bench', atMs: 0 }
const store = await openSqliteStore({ path, clock: systemClock, log: silentLogger })
let keys = 0
const work = (): Promise<number> => {
  const key = `/bench/${keys++}`
  return store.commit([{ kind: 'put', key, expected: 0, encode: () => ({ bytes: value }) }], author)
}
await drive({ workers: Number(writers), work, isOver: after(300) })
process.stdout.write('started\n')
const before = cpuMs(process.pid)
const load = await drive({
  workers: Number(writers),
  work,
  isOver: after(Number(seconds) * 1000),
})
const figures = {
  cpuMsPerCommit: (cpuMs(process.pid) - before) / load.count,
  perSecond: (load.count / load.elapsedMs) * 1000,
  p50: percentile(load.latencies, 0.5),
  p99: percentile(load.latencies, 0.99),
}
process.stdout.write(JSON.stringify(figures))
await store.close()
