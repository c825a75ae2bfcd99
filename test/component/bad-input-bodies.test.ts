/**
 * Bodies, paths and queries made to be heavy or odd, against a real listener: each hears an error or the right answer,
 * none stalls a small read beside it, none ends as an internal error.
 */
import t from 'tap'
import type { Logger } from '#base/logger.ts'
import { type Case, CONFIG_MAPS, DEPLOYMENT, KEPT, many, metadata } from '../support/body-parts.ts'
import { HEAVY_BODIES } from '../support/heavy-bodies.ts'
import { ODD_BODIES } from '../support/odd-bodies.ts'
import { connectRaw, type Reply, startApi } from './api-fixture.ts'

const faults: unknown[] = []
const log: Logger = {
  error: (message, fields) => void faults.push([message, fields]),
  warn: () => {},
  info: () => {},
  debug: () => {},
  with: () => log,
}
const fixture = await startApi({ log })
const client = connectRaw(fixture)
const bystander = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  bystander.close()
  await fixture.close()
})

/** Much longer than any of these takes; a stall would be longer still. */
const DEADLINE_MS = 10_000
const READ_DEADLINE_MS = 5000

const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'a', image: 'a' }] },
}
await client.send('POST', CONFIG_MAPS, { metadata: { name: 'kept' }, data: { a: 'b' } })
await client.send('POST', DEPLOYMENT.replace(/\/kept$/, ''), {
  metadata: { name: 'kept' },
  spec: { selector: { matchLabels: { a: 'b' } }, template },
})

function answer(name: string, cases: readonly Case[]): void {
  void t.test(name, async t => {
    for (const [what, request, body, type, status, says] of cases) {
      const [method = '', path = ''] = request.split(' ')
      const query = method === 'GET' ? '' : path.includes('?') ? '&dryRun=All' : '?dryRun=All'
      const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type }
      const heavy = client.send(method, `${path}${query}`, body, headers)
      const small = bystander.send('GET', KEPT)
      const reply = await within(heavy, DEADLINE_MS)
      t.equal(reply?.status, status, `${what}: ${reply?.text.slice(0, 200)}`)
      if (says !== undefined) t.match(reply?.text, says, what)
      t.equal((await within(small, READ_DEADLINE_MS))?.status, 200, `a read beside ${what}`)
    }
  })
}

async function within(reply: Promise<Reply>, deadlineMs: number): Promise<Reply | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), deadlineMs)
  const first = await Promise.race([reply, promise])
  clearTimeout(timer)
  return first
}

for (const [name, cases] of Object.entries({ ...ODD_BODIES, ...HEAVY_BODIES })) answer(name, cases)

void t.test('what is wrong is told in bounds', async t => {
  const body = metadata(`"labels":{${many(100_000, at => `"l ${at}":"v v"`)}}`)
  const reply = await client.send('POST', CONFIG_MAPS, body)
  const { causes } = reply.body.details
  t.ok(Array.isArray(causes) && causes.length > 100 && causes.length <= 1000)
  t.ok(reply.text.length < 4 * 1024 * 1024, `${reply.text.length} characters`)
})

void t.test('nothing of this was a fault of the server', async t => {
  t.same(faults, [])
})
