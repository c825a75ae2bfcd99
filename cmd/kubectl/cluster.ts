/**
 * The cluster a `kites kubectl` verb talks to: flags that every verb has, the kubeconfig, and the names of
 * resources as the server's discovery gives them.
 */
import { existsSync } from 'node:fs'
import { StatusError } from '#api/status.ts'
import { messageOf } from '#base/errors.ts'
import { type KubeconfigEntry, readKubeconfig } from '#client/pki/kubeconfig.ts'
import { createHttpTransport, type HttpTransport } from '#client/http-transport.ts'
import { UsageError, type FlagTable } from '../flags.ts'

export const COMMON_FLAGS = {
  kubeconfig: {
    kind: 'string',
    env: 'KUBECONFIG',
    default: '/etc/kites/kites.yaml',
    value: 'FILE',
    help: 'how to reach the cluster',
  },
  namespace: {
    kind: 'string',
    short: 'n',
    value: 'NAME',
    help: 'namespace (default: that of the kubeconfig, else default)',
  },
  help: { kind: 'boolean', short: 'h', help: 'explain this verb' },
} as const satisfies FlagTable

export interface Cluster {
  readonly transport: HttpTransport
  readonly namespace: string
  /** PEM. */
  readonly ca: string | undefined
}

/** Runs `work` with a connection that is closed afterwards. Throws UsageError without a kubeconfig. */
export async function withCluster<T>(
  flags: { readonly kubeconfig: string; readonly namespace?: string | undefined },
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  // KUBECONFIG may name several files; the first that is there counts.
  const path = flags.kubeconfig.split(':').find(file => existsSync(file))
  if (path === undefined) {
    throw new UsageError(
      `no kubeconfig at ${flags.kubeconfig}: set KUBECONFIG, or run this on the server as root`,
    )
  }
  const entry = await readKubeconfig(path)
  const transport = transportTo(entry)
  const namespace = flags.namespace ?? entry.namespace ?? 'default'
  try {
    return await work({ transport, namespace, ca: entry.ca })
  } finally {
    await transport.close()
  }
}

/** A failure in kubectl's words: what the server said, or what went wrong here. */
export const failureLine = (error: unknown): string =>
  error instanceof StatusError && error.reason !== 'ServiceUnavailable'
    ? `Error from server (${error.reason}): ${error.message}`
    : `error: ${messageOf(error)}`

const transportTo = (entry: KubeconfigEntry): HttpTransport =>
  createHttpTransport({
    server: entry.server,
    tls: {
      ca: entry.ca === undefined ? [] : [entry.ca],
      ...(entry.cert === undefined ? {} : { cert: entry.cert }),
      ...(entry.key === undefined ? {} : { key: entry.key }),
    },
    getBearer: () => entry.token,
    userAgent: 'kites-kubectl',
  })

/** One resource as discovery describes it. */
export interface DiscoveredResource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
}

interface AggregatedDiscovery {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly resources?: readonly {
        readonly resource: string
        readonly responseKind?: { readonly kind?: string }
        readonly scope?: string
        readonly singularResource?: string
        readonly shortNames?: readonly string[]
        readonly categories?: readonly string[]
      }[]
    }[]
  }[]
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Every resource of the server, in its order of preference. */
export async function discover(transport: HttpTransport): Promise<DiscoveredResource[]> {
  const pages = await Promise.all(
    ['/api', '/apis'].map(path => transport.request({ method: 'GET', path, accept: AGGREGATED })),
  )
  return pages.flatMap(page => resourcesOf(page as AggregatedDiscovery))
}

const resourcesOf = (page: AggregatedDiscovery): DiscoveredResource[] =>
  (page.items ?? []).flatMap(({ metadata, versions }) =>
    (versions ?? []).flatMap(({ version, resources }) =>
      (resources ?? []).map(found => ({
        group: metadata?.name ?? '',
        version,
        plural: found.resource,
        singular: found.singularResource ?? '',
        kind: found.responseKind?.kind ?? '',
        namespaced: found.scope === 'Namespaced',
        shortNames: found.shortNames ?? [],
        categories: found.categories ?? [],
      })),
    ),
  )

/** The resources that a word names: plural, singular, short name, kind, `plural.group`, or a category. */
function resourcesNamed(all: readonly DiscoveredResource[], word: string): DiscoveredResource[] {
  const name = word.toLowerCase()
  const [bare = '', ...rest] = name.split('.')
  const group = rest.join('.')
  const isNamed = (resource: DiscoveredResource, text: string): boolean =>
    [resource.plural, resource.singular, resource.kind.toLowerCase()].includes(text) ||
    resource.shortNames.includes(text)
  const exact = all.find(
    resource => isNamed(resource, name) || (isNamed(resource, bare) && resource.group === group),
  )
  if (exact !== undefined) return [exact]
  const category = all.filter(resource => resource.categories.includes(name))
  if (category.length > 0) return category
  throw new Error(`the server doesn't have a resource type "${word}"`)
}

/** URL path of a resource's collection, or of one object. */
export function pathOf(resource: DiscoveredResource, namespace: string, name?: string): string {
  const root =
    resource.group === ''
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`
  const scope =
    resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const tail = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${resource.plural}${tail}`
}

/** `deployment.apps/web`, as kubectl names an object it did something to. */
export const nameOf = (resource: DiscoveredResource, name: string): string => {
  const singular = resource.singular === '' ? resource.kind.toLowerCase() : resource.singular
  return `${singular}${resource.group === '' ? '' : `.${resource.group}`}/${name}`
}

export interface Target {
  readonly resource: DiscoveredResource
  /** Undefined: all of them. */
  readonly name: string | undefined
}

/** Reads `pods`, `pods web`, `pod/web svc/web`, `pods,services`. */
export function targetsOf(all: readonly DiscoveredResource[], words: readonly string[]): Target[] {
  const [first = '', ...names] = words
  if (first === '') throw new UsageError('say which resource, for example: pods')
  if (words.some(word => word.includes('/'))) {
    return words.map(word => {
      const [kind = '', name = ''] = word.split('/')
      const [resource] = resourcesNamed(all, kind)
      if (resource === undefined || name === '') throw new UsageError(`"${word}" is not KIND/NAME`)
      return { resource, name }
    })
  }
  const resources = first.split(',').flatMap(word => resourcesNamed(all, word))
  if (names.length === 0) return resources.map(resource => ({ resource, name: undefined }))
  return resources.flatMap(resource => names.map(name => ({ resource, name })))
}
