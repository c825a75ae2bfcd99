/**
 * Every request of test/fixtures/cases gets the answer here that Kubernetes' own API server gave (recorded by
 * test/judge/record.ts): code, warnings, and the whole body, defaults, owners of fields and faults included.
 */
import t from 'tap'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Authorizer } from '#api/request.ts'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#base/random.ts'
import { createAdmissionPlugins } from '#server/admission/plugins.ts'
import { type Asked, type Server, askAll, differencesOf } from '#test/support/answers.ts'
import { answersOf, casesOf } from '#test/support/upstream.ts'
import { startApi } from './api-fixture.ts'

const authorizer: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }) }
const rbac = {
  rulesFor: () => ({ rules: [], errors: [] }),
  rulesOf: () => [],
}

const api = await startApi({
  admissionWith: reader =>
    createAdmissionPlugins({
      reader,
      clock: systemClock,
      random: systemRandom,
      authorizer,
      rbac,
    }).filter(plugin => plugin.name !== 'ServiceAccount'),
})
t.teardown(() => api.close())

const made = (path: string, body: object): Asked => ({ title: path, method: 'POST', path, body })
const namespace = (name: string): Asked =>
  made('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
const priority = (name: string, value: number): Asked =>
  made('/apis/scheduling.k8s.io/v1/priorityclasses', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
  })

/** What upstream's server makes itself. */
const PRESENT: readonly Asked[] = [
  namespace('default'),
  namespace('kube-system'),
  namespace('kube-public'),
  namespace('kube-node-lease'),
  priority('system-cluster-critical', 2_000_000_000),
  priority('system-node-critical', 2_000_001_000),
]

const at = (name: string): Server => ({ url: api.url, token: 'admin', namespace: name })
await askAll(at('default'), PRESENT)

/** Most of the time is spent waiting, for watches that end and for revisions that never come. */
const files = readdirSync(join(import.meta.dirname, '../fixtures/cases'))
t.jobs = files.length

/** As long as the recorder's: messages quote the beginning of a body. */
const namespaceOf = (area: string): string =>
  `cases-${createHash('sha256').update(area).digest('hex').slice(0, 8)}`

for (const file of files) {
  const area = file.replace(/\.ts$/, '')
  void t.test(area, { buffered: true }, async t => {
    const cases = await casesOf(area)
    const theirs = answersOf(area)
    t.equal(theirs.length, cases.length, 'each case was recorded')
    const server = at(namespaceOf(area))
    await askAll(server, [namespace(server.namespace)])
    const ours = await askAll(server, cases)
    for (const [index, { title, differs, unsteady }] of cases.entries()) {
      const [mine, recorded] = [ours[index], theirs[index]]
      if (mine === undefined || recorded === undefined) t.fail(title)
      else if (unsteady !== undefined) t.equal(mine.code, recorded.code, `${title} (${unsteady})`)
      else if (differs === undefined) t.same(differencesOf(mine, recorded), [], title)
      else t.not(differencesOf(mine, recorded).length, 0, `${title}: differs (${differs})`)
    }
  })
}
