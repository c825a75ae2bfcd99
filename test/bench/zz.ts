/**
 * The watch cache alone, in this process: `node test/bench/cache.ts`. Memory per object, a list's time on the main
 * thread, the cost of one change for 1,000 watchers, and the longest turn of the event loop.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseFieldSelector, parseLabelSelector } from '#api/selectors.ts'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/logger.ts'
import { costOf, type Selection, storageKey } from '#server/cache/cache.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import { percentile, rssMb } from './measure.ts'
import { renderTable } from './table.ts'

const OBJECTS = Number(process.env['OBJECTS'] ?? 17_600)
const AUTHOR = { user: 'bench', atMs: 0 }
const PODS: Selection = { groupResource: 'pods', namespace: '' }
const FROM_NOW = {
  afterRevision: undefined,
  initialEvents: false,
  initialEventsEnd: false,
  bookmarks: false,
}

const directory = mkdtempSync(join(tmpdir(), 'kites-bench-'))
const clock = systemClock
const log = silentLogger
const path = join(directory, 'state.db')
let store = await openSqliteStore({ path, clock, log })
let cache = await createCache({ store, clock, log })
const rows: [string, number, string][] = []

const write = (name: string, node: string): Promise<number> =>
  store.commit(
    [
      {
        kind: 'put',
        key: storageKey({ group: '', plural: 'pods', namespace: 'default', name }),
        expected: undefined,
        encode: revision => {
          const metadata = { name, namespace: 'default', resourceVersion: String(revision) }
          const filler = Array.from({ length: 40 }, (_, index) => ({
            name: `field-${index}`,
            value: 'v',
          }))
          const object = {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { ...metadata, labels: { app: `a${revision % 100}` } },
            spec: { nodeName: node, filler },
          }
          return { bytes: Buffer.from(JSON.stringify(object)), attachment: object }
        },
      },
    ],
    AUTHOR,
  )

const loop = monitorEventLoopDelay({ resolution: 1 })
const longest = (what: string): void => {
  loop.disable()
  rows.push([`${what}: longest turn`, loop.max / 1e6, 'ms'])
  loop.reset()
  loop.enable()
}

const start = rssMb(process.pid)
loop.enable()
let next = 0
const writer = async (): Promise<void> => {
  while (next < OBJECTS) {
    const index = next++
    await write(`pod-${index}`, `node-${index % 100}`)
  }
}
const before = performance.now()
await Promise.all(Array.from({ length: 64 }, writer))
rows.push(['creates', (OBJECTS / (performance.now() - before)) * 1000, '/s'])
longest('creates')
console.error(process.memoryUsage());globalThis.gc?.();console.error(process.memoryUsage());rows.push([`memory of ${OBJECTS} objects`, rssMb(process.pid) - start, 'MB'])

for (const [what, selection] of [
  ['all', PODS],
  ['by label', { ...PODS, labels: parseLabelSelector('app=a1') }],
  ['by node', { ...PODS, fields: parseFieldSelector('spec.nodeName=node-1') }],
] as const) {
  for (const attempt of ['first', 'again']) {
    const start = performance.now()
    const page = await cache.list(selection, { limit: 0 })
    rows.push([`list ${what}, ${attempt}: ${page.items.length}`, performance.now() - start, 'ms'])
  }
}
longest('lists')

for (const [what, selectionOf] of [
  ['everything', () => PODS],
  [
    'one node each',
    (index: number) => ({ ...PODS, fields: parseFieldSelector(`spec.nodeName=node-${index}`) }),
  ],
] as const) {
  const latencies: number[] = []
  let sent = 0
  const watches = Array.from({ length: 1000 }, (_, index) => {
    const watch = cache.watch(selectionOf(index), FROM_NOW, {
      onEvents(events) {
        latencies.push(performance.now() - sent)
        for (const event of events) watch.drained(costOf(event))
      },
      onEnd: () => {},
    })
    return watch
  })
  await new Promise(resolve => setTimeout(resolve, 50))
  loop.reset()
  const cpu = process.cpuUsage()
  for (let index = 0; index < 200; index++) {
    sent = performance.now()
    await write(`pod-${index}`, `node-${index % 1000}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  const used = process.cpuUsage(cpu)
  rows.push([`1,000 watchers of ${what}: events per change`, latencies.length / 200, ''])
  rows.push(['  write to event, p99', percentile(latencies, 0.99), 'ms'])
  rows.push(['  CPU per change', (used.user + used.system) / 1000 / 200, 'ms'])
  longest('  watches')
  for (const watch of watches) watch.close()
}

await cache.close()
await store.close()
const reopened = performance.now()
store = await openSqliteStore({ path, clock, log })
cache = await createCache({ store, clock, log })
rows.push([`start with ${cache.count('pods')} objects`, performance.now() - reopened, 'ms'])
longest('start')
await cache.close()
await store.close()
rmSync(directory, { recursive: true })
process.stdout.write(`${renderTable(['what', 'measured', ''], rows)}\n`)
