/**
 * A real API server for component tests: SQLite in a temporary folder, TLS on loopback with a throw-away CA, static
 * tokens, everything allowed to `admin`. Not a test itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { PassThrough, type Duplex } from 'node:stream'
import type { AdmissionPlugin, Authenticator, Authorizer, UserInfo } from '#api/request.ts'
import { StatusError } from '#api/status.ts'
import { keyToPem } from '#api/pki/keys.ts'
import { systemClock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/logger.ts'
import { systemRandom } from '#base/random.ts'
import type { NodeConnector } from '#client/node-api.ts'
import {
  type Authority,
  createAuthority,
  issueCertificate,
  openAuthority,
} from '#client/pki/certificate.ts'
import { generateKey } from '#client/pki/new-key.ts'
import { createObjectReader, type ObjectReader } from '#server/auth/object-reader.ts'
import type { WindowBounds } from '#server/cache/changes.ts'
import { createCache } from '#server/cache/watch-cache.ts'
import { stampRevision } from '#server/cache/stamp.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from '#server/http/api-server.ts'
import { openSqliteStore } from '#server/store/sqlite.ts'
import type { Store } from '#server/store/store.ts'

const DAY_MS = 86_400_000

export const ADMIN: UserInfo = {
  name: 'admin',
  uid: 'admin',
  groups: ['system:masters', 'system:authenticated'],
}
const TOKENS: Readonly<Record<string, UserInfo>> = {
  admin: ADMIN,
  nobody: { name: 'nobody', groups: ['system:authenticated'] },
}

export interface Fixture {
  readonly api: ApiServer
  readonly port: number
  readonly url: string
  readonly ca: string
  readonly store: Store
  readonly authority: Authority
  readonly directory: string
  readonly kubeconfig: string
  /** Runs the real kubectl as admin. */
  kubectl(args: readonly string[], input?: string): Promise<Ran>
  close(options?: { readonly keeps?: boolean }): Promise<void>
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const authenticator: Authenticator = {
  authenticate({ bearer }) {
    if (bearer === undefined) return undefined
    const user = TOKENS[bearer]
    if (user === undefined) throw new StatusError('Unauthorized', 'Unauthorized')
    return user
  },
}

const authorizer: Authorizer = {
  authorize: ({ user, isResource, path }) => ({
    decision:
      user.groups.includes('system:masters') || (!isResource && path.startsWith('/healthz'))
        ? 'allow'
        : 'no-opinion',
    reason: '',
  }),
}

/** A node whose containers echo. */
export const echoNodes = (): NodeConnector & { seen: string[] } => {
  const seen: string[] = []
  return {
    seen,
    request: async (_node, request) => {
      seen.push(request.path)
      const body = new PassThrough()
      body.end('line one\nline two\n')
      return { status: 200, headers: { 'content-type': 'text/plain' }, body }
    },
    connect: async (_node, request): Promise<Duplex> => {
      seen.push(request.path)
      return new PassThrough()
    },
  }
}

export async function startApi(
  overrides: Partial<ApiServerOptions> & {
    readonly log?: Logger
    /** Of an earlier fixture, to start again on its data. */
    readonly directory?: string
    /** What watchers may be late by. */
    readonly window?: WindowBounds
    /** Plugins that read what is stored. */
    readonly admissionWith?: (reader: ObjectReader) => readonly AdmissionPlugin[]
  } = {},
): Promise<Fixture> {
  const directory = overrides.directory ?? mkdtempSync(join(tmpdir(), 'kites-api-'))
  const log = overrides.log ?? silentLogger
  const store = await openSqliteStore({
    path: join(directory, 'db.sqlite'),
    clock: systemClock,
    log,
    restamp: stampRevision,
  })
  const window = overrides.window === undefined ? {} : { window: overrides.window }
  const cache = await createCache({ store, clock: systemClock, log, ...window })
  const { tls, ca, authority } = makeTls()
  const api = await createApiServer({
    cache,
    store,
    clock: systemClock,
    random: systemRandom,
    log,
    authenticator,
    authorizer,
    rules: { rulesFor: () => ({ rules: [], errors: [] }) },
    reviewToken: async token => {
      const user = TOKENS[token]
      return user === undefined ? undefined : { user, audiences: [] }
    },
    admission: overrides.admissionWith?.(createObjectReader(cache, log)) ?? [],
    tokenIssuer: {
      issue: order => ({
        token: `${order.namespace}:${order.name}`,
        expirationTimestamp: '2030-01-01T00:00:00Z',
        audiences: order.audiences,
      }),
    },
    nodes: echoNodes(),
    serviceCIDR: '10.43.0.0/16',
    nodePortRange: { first: 30000, last: 32767 },
    tls,
    ...overrides,
  })
  const { port } = await api.listen('127.0.0.1', 0)
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigText(port, ca))
  const url = `https://127.0.0.1:${port}`
  return {
    api,
    port,
    url,
    ca,
    store,
    authority,
    directory,
    kubeconfig,
    kubectl: (args, input) => run('kubectl', args, { kubeconfig, directory, input }),
    async close(options = {}) {
      await api.close(200)
      await cache.close()
      await store.close()
      if (options.keeps !== true) rmSync(directory, { recursive: true, force: true })
    },
  }
}

function makeTls(): {
  readonly tls: ApiServerOptions['tls']
  readonly ca: string
  readonly authority: Authority
} {
  const validity = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS }
  const identity = createAuthority({ ...validity, commonName: 'test-ca', random: systemRandom })
  const key = generateKey()
  const authority = openAuthority(identity)
  const cert = issueCertificate(authority, {
    ...validity,
    subject: { commonName: 'kube-apiserver', organizations: [] },
    publicKey: key,
    usages: ['server auth'],
    altNames: { dns: ['localhost'], ips: ['127.0.0.1'], emails: [], uris: [] },
    random: systemRandom,
  })
  const tls = { cert, key: keyToPem(key), clientCA: identity.cert }
  return { tls, ca: identity.cert, authority }
}

const kubeconfigText = (port: number, ca: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [
      {
        name: 'test',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
        },
      },
    ],
    users: [{ name: 'admin', user: { token: 'admin' } }],
  })

function run(
  command: string,
  args: readonly string[],
  options: {
    readonly kubeconfig: string
    readonly directory: string
    readonly input: string | undefined
  },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], HOME: options.directory, KUBECONFIG: options.kubeconfig },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin.end(options.input ?? '')
  })
}

export interface Reply {
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  readonly text: string
  // biome-ignore: tests read answers of every shape
  readonly body: Record<string, unknown> & {
    metadata: Record<string, unknown>
    items: Item[]
    details: Record<string, unknown>
  }
}

interface Item {
  readonly metadata: Record<string, unknown>
}

/** A raw HTTP/2 client. */
export function connectRaw(
  fixture: Fixture,
  token = 'admin',
): {
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>
  open(path: string): http2.ClientHttp2Stream
  close(): void
} {
  const session = http2.connect(fixture.url, { ca: fixture.ca })
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
  return {
    send: (method, path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const payload =
          body === undefined
            ? undefined
            : Buffer.isBuffer(body)
              ? body
              : typeof body === 'string'
                ? Buffer.from(body)
                : Buffer.from(JSON.stringify(body))
        const stream = session.request(
          {
            ':method': method,
            ':path': path,
            ...authorization,
            ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          { endStream: payload === undefined },
        )
        let status = 0
        let received: http2.IncomingHttpHeaders = {}
        const chunks: Buffer[] = []
        stream.once('response', answer => {
          received = answer
          status = Number(answer[':status'])
        })
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.once('error', reject)
        stream.once('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson =
            received['content-encoding'] === undefined &&
            String(received['content-type']).includes('json')
          resolve({
            status,
            headers: received,
            text,
            body: isJson && text !== '' ? JSON.parse(text) : {},
          })
        })
        if (payload !== undefined) stream.end(payload)
      }),
    open: path => session.request({ ':method': 'GET', ':path': path, ...authorization }),
    close: () => session.close(),
  }
}

/** The lines of a watch, as they come. */
export async function* linesOf(
  stream: http2.ClientHttp2Stream,
): AsyncGenerator<Record<string, unknown>> {
  let rest = ''
  for await (const chunk of stream) {
    rest += String(chunk)
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield JSON.parse(rest.slice(0, end))
      rest = rest.slice(end + 1)
    }
  }
}
