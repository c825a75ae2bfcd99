/**
 * Writes test/fixtures/upstream anew: what Kubernetes' own API server answers to the requests of test/fixtures/cases.
 *
 *   JUDGE_URL=https://127.0.0.1:6443 JUDGE_TOKEN=... node test/judge/record.ts [AREA ...]
 *
 * The server is one of the version that we speak, without nodes, controllers and the ServiceAccount admission, its
 * Services in 10.43.0.0/16; the token is an administrator's. Everything made is in a namespace of its own, or named
 * after it and taken away again by the cases themselves.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Server, askAll } from '../support/answers.ts'
import { casesOf, pathOfAnswers } from '../support/upstream.ts'

const { JUDGE_URL: url = '', JUDGE_TOKEN: token = '' } = process.env
if (url === '' || token === '') {
  process.stderr.write('record: set JUDGE_URL and JUDGE_TOKEN (see the head of this file)\n')
  process.exit(2)
}

const CASES = join(import.meta.dirname, '../fixtures/cases')
const known = readdirSync(CASES).map(file => file.replace(/\.ts$/, ''))
const asked = process.argv.slice(2)

mkdirSync(join(import.meta.dirname, '../fixtures/upstream'), { recursive: true })
for (const area of asked.length === 0 ? known : asked) {
  const server: Server = { url, token, namespace: `judge-${randomBytes(4).toString('hex')}` }
  const cases = await casesOf(area)
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: server.namespace } }
  const path = '/api/v1/namespaces'
  await askAll(server, [{ title: 'namespace', method: 'POST', path, body: namespace }])
  const answers = await askAll(server, cases)
  await askAll(server, [{ title: 'end', method: 'DELETE', path: `${path}/${server.namespace}` }])
  const lines = answers.map(answer => JSON.stringify(answer))
  writeFileSync(pathOfAnswers(area), `[\n${lines.join(',\n')}\n]\n`)
  process.stdout.write(`${area}: ${answers.length} answers\n`)
}
