/**
 * `/openapi/v2` and `/openapi/v3`: documents of megabytes, made on first use, a portion a turn, and kept zipped.
 *
 * Owns    every document that was asked for, zipped (about 1 MB when clients have read all of them in both forms), as
 *         long as what it tells of is served so.
 * Errors  StatusError(NotAcceptable) for a form that there is not.
 * Source: k8s.io/kube-openapi pkg/handler, pkg/handler3
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { protobufOf } from '#api/openapi/protobuf.ts'
import { createJsonWriter, type Portion } from '#api/openapi/portions.ts'
import { rootsOf } from '#api/openapi/roots.ts'
import { openApiV2 } from '#api/openapi/v2.ts'
import { openApiV3, rootDocument } from '#api/openapi/v3.ts'
import { apiVersionOf, type Resource } from '#api/scheme.ts'
import type { Turns } from '#base/turns.ts'
import { KUBERNETES_MAJOR, KUBERNETES_MINOR } from '#base/version.ts'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { createGzip, gunzip } from 'node:zlib'
import type { Served } from '#server/custom/served.ts'
import type { Answer, NonResourceRoute } from '#server/http/chain.ts'
import type { RequestContext } from '#server/http/context.ts'
import { firstAccepted } from '#server/http/negotiation.ts'
import { acceptsGzip } from '#server/http/render.ts'
import { groupNames, groupVersions, resourcesIn, type Table } from './documents.ts'
import { trimmed } from './paths.ts'

type Version = 'v2' | 'v3'

interface Source {
  readonly version: Version
  readonly rows: readonly Resource[]
  readonly portions: () => Iterable<Portion>
}

interface Document {
  readonly zipped: Buffer
  /** Of the JSON form, whatever form this is. */
  readonly hash: string
}

const YEAR_MS = 365 * 86_400_000
/** What documents say that they are of. */
const SPOKEN = `${KUBERNETES_MAJOR}.${KUBERNETES_MINOR}`
const JSON_TYPE = 'application/json'
const protobufType = (version: Version, mark: '@' | '.' = '.'): string =>
  `application/com.github.proto-openapi.spec.${version}${mark}v1.0+protobuf`

export interface OpenApiOptions {
  readonly turns: Turns
  readonly served: Served
  readonly now: () => number
  /** Whether a deletion answers with the object. */
  readonly returnsDeleted: (resource: Resource) => boolean
}

/** Names of the v2 document; those without a choice of form are from before 1.10. */
const V2_PATHS: Readonly<Record<string, readonly string[]>> = {
  '/openapi/v2': [JSON_TYPE, protobufType('v2', '@'), protobufType('v2')],
  '/swagger.json': [JSON_TYPE],
  '/swagger-2.0.0.json': [JSON_TYPE],
  '/swagger-2.0.0.pb-v1': [protobufType('v2')],
}
const V3_TYPES = [JSON_TYPE, protobufType('v3'), protobufType('v3', '@')]
const V3 = '/openapi/v3'

export function openApiRoutes(options: OpenApiOptions): readonly NonResourceRoute[] {
  const { served, turns, now } = options
  const documents = createDocuments(turns)
  let known: Sources | undefined
  const current = async (): Promise<Sources> => {
    const table = await served.table()
    return (known = known?.table === table ? known : sourcesOf(table, known, options))
  }
  return [
    {
      matches: path => V2_PATHS[trimmed(path)] !== undefined,
      handle: async context => {
        const { v2 } = await current()
        const types = V2_PATHS[trimmed(context.info.path)] ?? []
        // A path that has one form only says so, whatever is asked for.
        const accept = types.length === 1 ? undefined : context.accept
        return answerWith(documents, { context, source: v2, types, accept })
      },
    },
    {
      matches: path => trimmed(path) === V3,
      handle: async context => {
        const json = { context, types: [JSON_TYPE], accept: undefined }
        return answerWith(documents, { ...json, source: await indexOf(await current(), documents) })
      },
    },
    {
      matches: path => path.startsWith(`${V3}/`),
      async handle(context) {
        const path = trimmed(context.info.path)
        const source = (await current()).v3.get(path)
        if (source === undefined) return undefined
        const asked = { context, source, types: V3_TYPES, accept: context.accept }
        const answer = await answerWith(documents, asked)
        const { hash } = await documents.json(source)
        return hashed(answer, { path, hash, asked: context.query.get('hash'), now: now() })
      },
    },
  ]
}

/** What documents of one table are made of. */
interface Sources {
  readonly table: Table
  readonly v2: Source
  /** By path. */
  readonly v3: ReadonlyMap<string, Source>
  index: Source | undefined
}

/** A group and version whose resources are the same as before keeps its document. */
function sourcesOf(
  table: Table,
  before: Sources | undefined,
  { returnsDeleted }: OpenApiOptions,
): Sources {
  const options = { returnsDeleted, version: SPOKEN }
  const v3 = new Map<string, Source>()
  for (const at of groupVersions(table)) {
    const path = `${V3}/${at.group === '' ? 'api' : 'apis'}/${apiVersionOf(at)}`
    const rows = resourcesIn(table, at)
    const known = before?.v3.get(path)
    const isSame =
      known?.rows.length === rows.length && rows.every((row, i) => row === known.rows[i])
    const portions = (): Iterable<Portion> => openApiV3(rows, options)
    v3.set(path, isSame ? known : { version: 'v3', rows, portions })
  }
  const groups = groupNames(table.filter(row => !isCustom(row)))
  for (const root of rootsOf(groups)) {
    const path = `${V3}/${root.at}`
    const portions = (): Iterable<Portion> => rootDocument(root, options)
    v3.set(path, before?.v3.get(path) ?? { version: 'v3', rows: [], portions })
  }
  const v2: Source = {
    version: 'v2',
    rows: table,
    portions: () => openApiV2(table, options),
  }
  return { table, v2, v3, index: undefined }
}

/** Where each document is, with its hash, so that clients can keep it. */
async function indexOf(sources: Sources, documents: Documents): Promise<Source> {
  if (sources.index !== undefined) return sources.index
  const paths: Record<string, object> = {}
  for (const [path, source] of sources.v3) {
    const { hash } = await documents.json(source)
    paths[path.slice(V3.length + 1)] = { serverRelativeURL: `${path}?hash=${hash}` }
  }
  return (sources.index ??= {
    version: 'v3',
    rows: [],
    portions: () => [{ at: ['paths'], entries: paths }],
  })
}

/** A client that names the hash may keep the document for ever; one that names another is sent to the right one. */
function hashed(
  answer: Raw,
  { path, hash, asked, now }: { path: string; hash: string; asked: string | null; now: number },
): Answer {
  if (asked === null || asked === '') return answer
  if (asked !== hash) {
    const headers = { location: `${path}?hash=${hash}` }
    return { kind: 'raw', code: 301, headers, body: Buffer.alloc(0) }
  }
  const headers = {
    ...answer.headers,
    'cache-control': 'public, immutable',
    expires: new Date(now + YEAR_MS).toUTCString(),
  }
  return { ...answer, headers }
}

type Raw = Extract<Answer, { kind: 'raw' }>
const unzipped = promisify(gunzip)

async function answerWith(
  documents: Documents,
  { context, source, types, accept }: Asked,
): Promise<Raw> {
  const type = firstAccepted(accept, types)
  const isJson = type === JSON_TYPE
  const { zipped, hash } = await (isJson ? documents.json(source) : documents.protobuf(source))
  const headers = {
    'content-type': isJson ? JSON_TYPE : protobufType(source.version),
    etag: `"${hash}"`,
    vary: 'Accept, Accept-Encoding',
  }
  if (context.ifNoneMatch === headers.etag)
    return { kind: 'raw', code: 304, headers, body: Buffer.alloc(0) }
  return context.exchange !== undefined && acceptsGzip(context.exchange)
    ? { kind: 'raw', code: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: zipped }
    : { kind: 'raw', code: 200, headers, body: await unzipped(zipped) }
}

interface Asked {
  readonly context: RequestContext
  readonly source: Source
  /** What there is. */
  readonly types: readonly string[]
  readonly accept: string | undefined
}

interface Documents {
  json(source: Source): Promise<Document>
  protobuf(source: Source): Promise<Document>
}

/** Each is made once, also when several ask at the same time. */
function createDocuments(turns: Turns): Documents {
  const made = new WeakMap<Source, Partial<Record<'json' | 'protobuf', Promise<Document>>>>()
  const once = (
    source: Source,
    form: 'json' | 'protobuf',
    make: () => Promise<Document>,
  ): Promise<Document> => {
    const known = made.get(source) ?? {}
    made.set(source, known)
    return (known[form] ??= make())
  }
  const json = (source: Source): Promise<Document> =>
    once(source, 'json', () => zip(turns, jsonPieces(source)))
  return {
    json,
    protobuf: source =>
      once(source, 'protobuf', async () => {
        const { zipped } = await zip(turns, protobufPieces(source))
        return { zipped, hash: (await json(source)).hash }
      }),
  }
}

function* jsonPieces({ portions }: Source): Generator<Buffer> {
  const writer = createJsonWriter()
  for (const portion of portions()) yield writer.add(portion)
  yield writer.end()
}

function* protobufPieces({ version, portions }: Source): Generator<Buffer> {
  for (const portion of portions()) yield protobufOf(version, portion)
}

async function zip(turns: Turns, pieces: Iterable<Buffer>): Promise<Document> {
  const hash = createHash('sha512')
  const zipping = createGzip()
  const packed: Buffer[] = []
  zipping.on('data', (chunk: Buffer) => packed.push(chunk))
  const ended = new Promise((resolve, reject) => {
    zipping.once('end', resolve)
    zipping.once('error', reject)
  })
  for (const piece of pieces) {
    hash.update(piece)
    zipping.write(piece)
    await turns.take()
  }
  zipping.end()
  await ended
  return { zipped: Buffer.concat(packed), hash: hash.digest('hex').toUpperCase() }
}
