/**
 * Asks an API server the same requests as another one, and makes their answers comparable: what each server gives of
 * its own (uids, versions, the time, addresses, random names) becomes a placeholder.
 *
 * Input   requests with `$NS` for a namespace of their own, which must exist
 * Output  one answer per request, in order: code, warnings, body
 * Errors  a refused connection rejects; every HTTP answer is an answer
 */
import https from 'node:https'

export interface Asked {
  readonly title: string
  readonly method: string
  /** With `$NS` where the namespace stands. */
  readonly path: string
  readonly body?: unknown
  /** Default: application/json; with a PATCH, merge-patch+json. */
  readonly contentType?: string
  readonly accept?: string
  /** Why our answer is not upstream's, on purpose. */
  readonly differs?: string
  /** Why the answer is not the same at all times: only its code is compared. */
  readonly unsteady?: string
}

/** `accept` of who wants what kubectl prints. */
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

export interface Answer {
  readonly code: number
  readonly warnings: readonly string[]
  readonly body: unknown
}

export interface Server {
  /** `https://127.0.0.1:6443`. */
  readonly url: string
  readonly token: string
  readonly namespace: string
}

const TIMEOUT_MS = 20_000

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TIME = /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const SERVICE_ADDRESS = /\b10\.43\.\d+\.\d+\b/g
const NODE_PORT = /:3[0-2]\d{3}\//g
/** What stands behind `generateName`. */
const MADE_UP = /[-_][bcdfghjklmnpqrstvwxz2456789]{5}\b/g
/** Ages in rows: seconds of what is new, days of what bears a date of its own. */
const AGE = /^(\d+s|(?=.*[dy])(\d+[ydhms])+)$/
const NEAR_MS = 3_600_000

/** Asks everything, one after the other, over one connection. */
export async function askAll(server: Server, asked: readonly Asked[]): Promise<readonly Answer[]> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  try {
    const answers: Answer[] = []
    for (const one of asked) answers.push(await ask(server, agent, one))
    return answers
  } finally {
    agent.destroy()
  }
}

async function ask(server: Server, agent: https.Agent, asked: Asked): Promise<Answer> {
  const named = (text: string): string => text.replaceAll('$NS', server.namespace)
  const body =
    asked.body === undefined
      ? ''
      : named(typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body))
  const byMethod = asked.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = https.request(
    `${server.url}${named(asked.path)}`,
    {
      agent,
      method: asked.method,
      headers: {
        authorization: `Bearer ${server.token}`,
        accept: asked.accept ?? 'application/json',
        ...(body === ''
          ? {}
          : {
              'content-type': asked.contentType ?? byMethod,
              'content-length': Buffer.byteLength(body),
            }),
      },
      timeout: TIMEOUT_MS,
    },
    response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const sent = `${asked.path} ${body}`
        const text = Buffer.concat(chunks).toString().replaceAll(server.namespace, '$NS')
        const warning = response.headers['warning'] ?? ''
        resolve({
          code: response.statusCode ?? 0,
          warnings: warningsOf(warning).map(one => comparableText(one, sent)),
          body: comparable(parsed(text), '', sent),
        })
      })
    },
  )
  request.once('timeout', () => request.destroy(new Error(`no answer to ${asked.title}`)))
  request.once('error', reject)
  request.end(body)
  return promise
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `299 - "text", 299 - "other"`. */
const warningsOf = (header: string): readonly string[] =>
  [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1'),
  )

function comparableText(text: string, sent: string): string {
  const unlessSent =
    (placeholder: string) =>
    (found: string): string =>
      sent.includes(found) ? found : placeholder
  return text
    .replaceAll(UUID, unlessSent('<uid>'))
    .replaceAll(SERVICE_ADDRESS, unlessSent('<address>'))
    .replaceAll(/(current: |"resourceVersion\\*":\\*")\d+/g, '$1<version>')
    .replaceAll(/record \(\d+\)/g, 'record (<version>)')
    .replaceAll(MADE_UP, unlessSent('-<random>'))
    .replaceAll(NODE_PORT, unlessSent(':<port>/'))
    .replaceAll(TIME, found =>
      sent.includes(found) || Math.abs(Date.parse(found) - Date.now()) > NEAR_MS ? found : '<now>',
    )
}

/**
 * Members of a list's objects that are not compared: each server describes its columns in words of its own, and items
 * say here what they are.
 */
const IGNORED: ReadonlyMap<string, readonly string[]> = new Map([
  ['columnDefinitions', ['description']],
  ['items', ['apiVersion', 'kind']],
])

/** Given by the server: numbers that count its writes, ports of its pool, names it made up. */
const GIVEN: ReadonlyMap<string, string> = new Map([
  ['resourceVersion', '<version>'],
  ['nodePort', '<port>'],
  ['healthCheckNodePort', '<port>'],
])

/** The writer gave it, rather than a number that happens to be the same. */
const isSent = (sent: string, key: string, value: string | number): boolean =>
  sent.includes(`"${key}":${JSON.stringify(value)}`)

function comparable(value: unknown, key: string, sent: string): unknown {
  if (key === 'cells' && typeof value === 'string' && AGE.test(value)) return '<age>'
  if (typeof value === 'string' || typeof value === 'number') {
    const given = GIVEN.get(key)
    if (given !== undefined && !isSent(sent, key, value) && value !== '') return given
    return typeof value === 'string' ? comparableText(value, sent) : value
  }
  if (Array.isArray(value)) return listOf(value, key, sent)
  if (typeof value !== 'object' || value === null) return value
  const made = Object.entries(value)
    // A time that is not set is null in Go, and absent here.
    .filter(([name, one]) => one !== null && !IGNORED.get(key)?.includes(name))
    .map(([name, one]) => [name, comparable(one, name, sent)])
  return Object.fromEntries(made.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
}

function listOf(values: readonly unknown[], key: string, sent: string): readonly unknown[] {
  const made = values.map(one =>
    comparable(one, IGNORED.has(key) || key === 'cells' ? key : '', sent),
  )
  // Owners stand in the order of their times.
  return key === 'managedFields'
    ? made.toSorted((a, b) => (ownerOf(a) < ownerOf(b) ? -1 : 1))
    : made
}

const ownerOf = (entry: unknown): string =>
  isContainer(entry)
    ? ['manager', 'operation', 'subresource'].map(name => memberOf(entry, name)).join(' ')
    : ''

/** `path: ours | theirs`, one line for each difference; empty when the answers agree. */
export function differencesOf(ours: Answer, theirs: Answer): readonly string[] {
  const found: string[] = []
  if (isBlamedOnServer(ours, theirs)) compare(messageOf(ours), messageOf(theirs), '.message', found)
  else compare(ours, theirs, '', found)
  return found
}

/** Upstream answers 500 to some mistakes of the client: here they are 400, in the same words. */
const isBlamedOnServer = (ours: Answer, theirs: Answer): boolean =>
  theirs.code === 500 && ours.code === 400

const messageOf = ({ body }: Answer): unknown =>
  isContainer(body) ? memberOf(body, 'message') : undefined

function compare(ours: unknown, theirs: unknown, path: string, found: string[]): void {
  if (isContainer(ours) && isContainer(theirs) && Array.isArray(ours) === Array.isArray(theirs)) {
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)])
    for (const name of names) {
      compare(memberOf(ours, name), memberOf(theirs, name), `${path}.${name}`, found)
    }
  } else if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
    found.push(
      `${path}\n      ours   ${JSON.stringify(ours)}\n      theirs ${JSON.stringify(theirs)}`,
    )
  }
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

const memberOf = (value: object, name: string): unknown =>
  Object.entries(value).find(([own]) => own === name)?.[1]
