/**
 * Paths that name no resource: discovery, OpenAPI, version. Documents are made on first use and kept as bytes.
 *
 * Source: k8s.io/apiserver pkg/server/routes, k8s.io/kube-openapi pkg/handler3
 */
import { openApiV3 } from '#api/openapi/v3.ts'
import { apiVersionOf } from '#api/scheme.ts'
import {
  BUILD_DATE,
  GIT_COMMIT,
  KUBERNETES_MAJOR,
  KUBERNETES_MINOR,
  VERSION,
} from '#base/version.ts'
import type { Turns } from '#base/turns.ts'
import { createHash } from 'node:crypto'
import type { Answer, NonResourceRoute } from '#server/http/chain.ts'
import type { RequestContext } from '#server/http/context.ts'
import {
  aggregated,
  coreVersions,
  groupDocument,
  groupList,
  groupNames,
  groupVersions,
  resourceList,
} from './documents.ts'

interface Document {
  readonly body: Buffer
  readonly etag: string
}

const JSON_TYPE = 'application/json'
const AGGREGATED_VERSIONS: readonly string[] = ['v2', 'v2beta1']

export function discoveryRoutes(options: {
  /** `HOST:PORT` that `/api` tells. */
  readonly serverAddress: () => string
  readonly turns: Turns
}): readonly NonResourceRoute[] {
  const documents = new Map<string, Document>()
  const documentOf = (key: string, make: () => object): Document => {
    const known = documents.get(key)
    if (known !== undefined) return known
    const body = Buffer.from(JSON.stringify(make()))
    const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`
    const document = { body, etag }
    documents.set(key, document)
    return document
  }
  const serve = (
    context: RequestContext,
    key: string,
    make: () => object,
    type = JSON_TYPE,
  ): Answer => conditional(context, documentOf(key, make), type)
  const version = (): object => ({
    major: KUBERNETES_MAJOR,
    minor: KUBERNETES_MINOR,
    emulationMajor: KUBERNETES_MAJOR,
    emulationMinor: KUBERNETES_MINOR,
    gitVersion: VERSION,
    gitCommit: GIT_COMMIT,
    gitTreeState: 'clean',
    buildDate: BUILD_DATE,
    goVersion: `node ${process.version}`,
    compiler: 'typescript',
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  })
  const roots = (context: RequestContext, isCore: boolean): Answer => {
    const wanted = aggregatedType(context.accept)
    const path = isCore ? '/api' : '/apis'
    if (wanted === undefined) {
      const make = isCore ? () => coreVersions(options.serverAddress()) : groupList
      return serve(context, path, make)
    }
    const type = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`
    const make = (): object => aggregated(isCore, `apidiscovery.k8s.io/${wanted}`)
    return serve(context, `${path} ${wanted}`, make, type)
  }
  return [
    {
      matches: path => trimmed(path) === '/version',
      handle: context => serve(context, 'version', version),
    },
    { matches: path => trimmed(path) === '/api', handle: context => roots(context, true) },
    { matches: path => trimmed(path) === '/apis', handle: context => roots(context, false) },
    {
      matches: path => path.startsWith('/api/') || path.startsWith('/apis/'),
      handle: context => byPath(context, serve),
    },
    {
      matches: path => trimmed(path) === '/openapi/v3',
      handle: async context => {
        // Making all documents takes 20 ms: others get their turn between them.
        for (const [path, make] of openApiPaths()) {
          documentOf(`openapi ${path}`, make)
          await options.turns.take()
        }
        return serve(context, 'openapi', () => openApiIndex(documentOf))
      },
    },
    {
      matches: path => path.startsWith('/openapi/v3/'),
      handle(context) {
        const found = openApiPaths().find(
          ([path]) => `/openapi/v3/${path}` === trimmed(context.info.path),
        )
        if (found === undefined) return undefined
        const [path, make] = found
        return serve(context, `openapi ${path}`, make)
      },
    },
    {
      matches: path => path === '/',
      handle: context => serve(context, 'paths', () => ({ paths: PATHS() })),
    },
  ]
}

const trimmed = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path

type Serve = (context: RequestContext, key: string, make: () => object) => Answer

function byPath(context: RequestContext, serve: Serve): Answer | undefined {
  const path = trimmed(context.info.path)
  const parts = path.split('/')
  const isCore = parts[1] === 'api'
  const group = isCore ? '' : (parts[2] ?? '')
  const version = isCore ? parts[2] : parts[3]
  if (version === undefined) {
    const isKnown = group !== '' && groupNames().includes(group)
    if (!isKnown) return undefined
    return serve(context, path, () => ({
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...groupDocument(group),
    }))
  }
  const found = groupVersions().find(one => one.group === group && one.version === version)
  return found === undefined ? undefined : serve(context, path, () => resourceList(found))
}

/** The version of aggregated discovery that `Accept` asks for first, if any. */
function aggregatedType(accept: string | undefined): string | undefined {
  for (const offer of (accept ?? '').split(',')) {
    const parts = offer.split(';').map(part => part.trim())
    if (parts[0] !== JSON_TYPE) continue
    if (!parts.includes('as=APIGroupDiscoveryList') || !parts.includes('g=apidiscovery.k8s.io')) {
      if (parts.length === 1) return undefined
      continue
    }
    const version = parts.find(part => part.startsWith('v='))?.slice(2)
    if (version !== undefined && AGGREGATED_VERSIONS.includes(version)) return version
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

const openApiPaths = (): readonly (readonly [string, () => object])[] =>
  groupVersions().map(({ group, version }) => [
    group === '' ? `api/${version}` : `apis/${apiVersionOf({ group, version })}`,
    () => openApiV3(group, version),
  ])

/** `GET /openapi/v3`: where each document is, with its hash, so that clients can keep it. */
function openApiIndex(documentOf: (key: string, make: () => object) => Document): object {
  const paths = openApiPaths().map(([path, make]) => {
    const hash = documentOf(`openapi ${path}`, make).etag.slice(1, -1)
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
  })
  return { paths: Object.fromEntries(paths) }
}

const PATHS = (): readonly string[] => [
  '/api',
  '/api/v1',
  '/apis',
  ...groupNames()
    .filter(group => group !== '')
    .map(group => `/apis/${group}`),
  ...groupVersions()
    .filter(({ group }) => group !== '')
    .map(one => `/apis/${apiVersionOf(one)}`),
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v3',
  '/readyz',
  '/version',
]
