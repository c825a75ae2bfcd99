/**
 * What tests of bad input share: a real server, requests in a line each, and the Status each must get. One server for each
 * file that imports this. Not a test itself.
 */
import t from 'tap'
import { type RawClient, type StatusBody, connectH2 } from '../support/raw-client.ts'
import { makeTree, removeTree, startServer } from '../support/server-child.ts'

const tree = makeTree()
export const server = await startServer(tree)
export const client: RawClient = connectH2(server)
t.teardown(async () => {
  client.close()
  await server.close()
  removeTree(tree)
})

export const JSON_TYPE = 'application/json'
export const MERGE = 'application/merge-patch+json'
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
export const KEPT = `${CONFIG_MAPS}/kept`

export const configMap = (name: string, more = ''): string =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}${more}}`

/** A request in one line: `METHOD path`, then its body and media type. */
export interface Case {
  readonly request: string
  readonly body?: string | Buffer
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Code, reason, message. */
  readonly expected: readonly [number, string, string | RegExp]
}

const quoted = (text: string | Buffer | undefined): string =>
  text === undefined ? '' : JSON.stringify(text.toString().slice(0, 60))

export async function send(one: Omit<Case, 'expected'>): Promise<StatusBody> {
  const [method = '', path = ''] = one.request.split(' ')
  const { body, type = JSON_TYPE, headers } = one
  const content = body === undefined ? {} : { body, headers: { 'content-type': type, ...headers } }
  return (await client.send({ method, path, ...(headers && { headers }), ...content })).body
}

export function refuses(name: string, cases: readonly Case[]): void {
  void t.test(name, async t => {
    for (const one of cases) {
      const [code, reason, message] = one.expected
      const status = await send(one)
      const label = `${one.request} ${quoted(one.body)}`
      t.match(status, { kind: 'Status', status: 'Failure', code, reason }, label)
      if (typeof message === 'string') t.equal(status.message, message, label)
      else t.match(status.message, message, label)
    }
  })
}

await send({ request: `POST ${CONFIG_MAPS}`, body: configMap('kept', ',"data":{"a":"b"}') })

export const unfit = (kind: string, why: string): string =>
  `${kind} in version "v1" cannot be handled as a ${kind}: ${why}`
export const bad = (message: string): Case['expected'] => [400, 'BadRequest', message]

/** The last test of a file: the server goes. */
export function endsInGoodOrder(): void {
  void t.test('the server has logged no fault and ends in good order', async t => {
    t.notMatch(server.log(), /request failed|"level":"error"/)
    t.ok(await server.stop())
  })
}
