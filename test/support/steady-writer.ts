/**
 * A program that creates ConfigMaps one after the other through the API, as an administrator, and remembers which were
 * acknowledged. A server that is away is tried again; only an acknowledgement counts. It runs beside the hosts.
 *
 *   node steady-writer.ts KUBECONFIG https://HOST:6443
 *
 * Prints `steady` after the first; answers each line on its standard input with the number acknowledged so far. When
 * the input ends it asks for every acknowledged one and prints one line of JSON.
 */
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { load } from 'js-yaml'

export interface WriterReport {
  readonly acknowledged: number
  /** Acknowledged names that are not there. */
  readonly lost: readonly string[]
  /** How often the server was away or gave another answer than 201. */
  readonly retries: number
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { 'certificate-authority-data': string } }[]
  readonly users: readonly {
    readonly user: { 'client-certificate-data': string; 'client-key-data': string }
  }[]
}

const [, , path = '', server = ''] = process.argv
const config = load(readFileSync(path, 'utf8')) as Kubeconfig
const decode = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64')
const tls = {
  ca: decode(config.clusters[0]?.cluster['certificate-authority-data']),
  cert: decode(config.users[0]?.user['client-certificate-data']),
  key: decode(config.users[0]?.user['client-key-data']),
}
const COLLECTION = '/api/v1/namespaces/default/configmaps'

function call(
  method: string,
  target: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const outgoing = request(
      `${server}${target}`,
      { method, ...tls, headers, timeout: 10_000 },
      answer => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.once('error', reject)
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        )
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')))
    outgoing.once('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const acknowledged: string[] = []
let retries = 0
let isEnding = false

async function write(): Promise<void> {
  for (let at = 0; !isEnding; at += 1) {
    const name = `written-${at}`
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { at: String(at) },
    }
    const status = await call('POST', COLLECTION, body).then(
      answer => answer.status,
      () => 0,
    )
    if (status === 201) acknowledged.push(name)
    else retries += 1
    await new Promise(resolve => setTimeout(resolve, status === 201 ? 5 : 50))
  }
}

async function readAll(): Promise<ReadonlySet<string>> {
  const { text } = await call('GET', COLLECTION)
  const list = JSON.parse(text) as { items: readonly { metadata: { name: string } }[] }
  return new Set(list.items.map(({ metadata }) => metadata.name))
}

const writing = write()
while (acknowledged.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
process.stdout.write('steady\n')
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`acknowledged ${acknowledged.length}\n`)
}
isEnding = true
await writing
const there = await readAll()
const report: WriterReport = {
  acknowledged: acknowledged.length,
  lost: acknowledged.filter(name => !there.has(name)),
  retries,
}
process.stdout.write(`${JSON.stringify(report)}\n`)
