/**
 * Paths that name no resource: discovery, version, the list of paths. Documents are made on first use and kept as bytes, until
 * what is served changes.
 *
 * Errors  StatusError(NotAcceptable) for a form that there is not.
 * Source: k8s.io/apiserver pkg/endpoints/discovery, pkg/server/routes
 */
import { encodeObject } from '#api/protobuf/envelope.ts'
import { struct } from '#api/schema/catalog.ts'
import {
  BUILD_DATE,
  GIT_COMMIT,
  KUBERNETES_MAJOR,
  KUBERNETES_MINOR,
  VERSION,
} from '#base/version.ts'
import { renderYaml } from '#client/yaml.ts'
import { createHash } from 'node:crypto'
import type { Answer, NonResourceRoute } from '#server/http/chain.ts'
import type { RequestContext } from '#server/http/context.ts'
import { clausesOf, negotiate, type Media, PROTOBUF } from '#server/http/negotiation.ts'
import {
  type Table,
  aggregated,
  coreVersions,
  groupDocument,
  groupList,
  groupNames,
  groupVersions,
  resourceList,
} from './documents.ts'
import { type OpenApiOptions, openApiRoutes } from './openapi.ts'
import { pathsOf, trimmed } from './paths.ts'

export interface DiscoveryOptions extends OpenApiOptions {
  /** `HOST:PORT` that `/api` tells. */
  readonly serverAddress: () => string
  /** What else `GET /` lists. */
  readonly morePaths: readonly string[]
}

interface Document {
  readonly body: Buffer
  readonly etag: string
}

/** Kinds of meta/v1: what protobuf can be made of. */
interface Typed {
  readonly kind: string
  /** APIVersions shows none. */
  readonly apiVersion?: string
}

type Make = () => object
type Documents = (key: string, make: () => Buffer) => Document

const JSON_TYPE = 'application/json'
const AGGREGATED_VERSIONS: readonly string[] = ['v2', 'v2beta1']
/** Discovery has no tables and no streams. */
const OFFERS = { tables: false, partials: false, protobuf: true, stream: false }

export function discoveryRoutes(options: DiscoveryOptions): readonly NonResourceRoute[] {
  const made = new WeakMap<Table, Documents>()
  /** Documents are those of one table, and go with it. */
  const current = async (): Promise<Current> => {
    const table = await options.served.table()
    const documents = made.get(table) ?? createDocuments()
    made.set(table, documents)
    return { table, documents }
  }
  return [
    {
      matches: path => trimmed(path) === '/version',
      handle: async context => plain(await current(), context, '/version', versionDocument),
    },
    {
      matches: path => trimmed(path) === '/api',
      handle: async context => {
        const { documents, table } = await current()
        const make = (): Typed => coreVersions(table, options.serverAddress())
        return roots(documents, context, { table, isCore: true, make })
      },
    },
    {
      matches: path => trimmed(path) === '/apis',
      handle: async context => {
        const { documents, table } = await current()
        return roots(documents, context, { table, isCore: false, make: () => groupList(table) })
      },
    },
    {
      matches: path => path.startsWith('/api/') || path.startsWith('/apis/'),
      handle: async context => byPath(await current(), context),
    },
    ...openApiRoutes(options),
    {
      matches: path => path === '/' || path === '/index.html',
      handle: async context => {
        const now = await current()
        return plain(now, context, '/', () => ({ paths: pathsOf(now.table, options.morePaths) }))
      },
    },
  ]
}

interface Current {
  readonly table: Table
  readonly documents: Documents
}

function plain({ documents }: Current, context: RequestContext, key: string, make: Make): Answer {
  const document = documents(key, () => jsonOf(make()))
  return conditional(context, document, JSON_TYPE)
}

function createDocuments(): Documents {
  const made = new Map<string, Document>()
  return (key, make) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const body = make()
    const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`
    const document = { body, etag }
    made.set(key, document)
    return document
  }
}

const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

const versionDocument: Make = () => ({
  major: KUBERNETES_MAJOR,
  minor: KUBERNETES_MINOR,
  emulationMajor: KUBERNETES_MAJOR,
  emulationMinor: KUBERNETES_MINOR,
  minCompatibilityMajor: KUBERNETES_MAJOR,
  minCompatibilityMinor: String(Number(KUBERNETES_MINOR) - 1),
  gitVersion: VERSION,
  gitCommit: GIT_COMMIT,
  gitTreeState: 'clean',
  buildDate: BUILD_DATE,
  goVersion: `node ${process.version}`,
  compiler: 'typescript',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
})

const ENCODERS: Readonly<Record<Media, (document: Typed) => Buffer>> = {
  'application/json': jsonOf,
  'application/yaml': document => Buffer.from(renderYaml(document)),
  [PROTOBUF]: document =>
    encodeObject({ apiVersion: 'v1', ...document }, struct(`meta-v1.${document.kind}`), document),
}

/** A document of classic discovery, in the form that was asked for. */
function classic(
  documents: Documents,
  context: RequestContext,
  key: string,
  make: () => Typed,
): Answer {
  const { media } = negotiate(context.accept, OFFERS)
  return conditional(
    context,
    documents(`${key} ${media}`, () => ENCODERS[media](make())),
    media,
  )
}

interface Root {
  readonly table: Table
  readonly isCore: boolean
  /** The classic document. */
  readonly make: () => Typed
}

function roots(
  documents: Documents,
  context: RequestContext,
  { table, isCore, make }: Root,
): Answer {
  const wanted = aggregatedVersion(context.accept)
  const key = isCore ? '/api' : '/apis'
  if (wanted === undefined) return classic(documents, context, key, make)
  const type = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`
  const document = documents(`${key} ${wanted}`, () =>
    jsonOf(aggregated(table, isCore, `apidiscovery.k8s.io/${wanted}`)),
  )
  return conditional(context, document, type)
}

function byPath({ documents, table }: Current, context: RequestContext): Answer | undefined {
  const path = trimmed(context.info.path)
  const parts = path.split('/')
  const isCore = parts[1] === 'api'
  const group = isCore ? '' : (parts[2] ?? '')
  const version = isCore ? parts[2] : parts[3]
  if (version === undefined) {
    if (group === '' || !groupNames(table).includes(group)) return undefined
    return classic(documents, context, path, () => ({
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...groupDocument(table, group),
    }))
  }
  const found = groupVersions(table).find(one => one.group === group && one.version === version)
  return found === undefined
    ? undefined
    : classic(documents, context, path, () => resourceList(table, found))
}

/** The version of aggregated discovery that `Accept` asks for before anything else; undefined for classic discovery. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { type, subtype, parameters } of clausesOf(accept ?? '')) {
    if (type !== 'application' && type !== '*') continue
    if (parameters.get('as') === undefined) return undefined
    const version = parameters.get('v') ?? ''
    const isMeant =
      subtype === 'json' &&
      parameters.get('as') === 'APIGroupDiscoveryList' &&
      parameters.get('g') === 'apidiscovery.k8s.io' &&
      AGGREGATED_VERSIONS.includes(version)
    if (isMeant) return version
  }
  return undefined
}

function conditional(context: RequestContext, document: Document, type: string): Answer {
  const headers = {
    'content-type': type,
    etag: document.etag,
    vary: 'Accept',
    'cache-control': 'public',
  }
  const isKnown = context.ifNoneMatch === document.etag
  return isKnown
    ? { kind: 'raw', code: 304, headers, body: Buffer.alloc(0) }
    : { kind: 'raw', code: 200, headers, body: document.body }
}
