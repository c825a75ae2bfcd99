/**
 * What a request asks for, read from its method, path and query alone. Pure.
 *
 *   GET /apis/apps/v1/namespaces/default/deployments/web/scale
 *     -> get, group apps, version v1, namespace default, deployments, web, scale
 *
 * Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go
 */
import { exactMatchOf } from '#api/selectors.ts'
import { isTrue } from '#server/registry/options.ts'

export interface RequestInfo {
  readonly isResource: boolean
  /** A resource verb, or the lower-case HTTP method of a non-resource path. */
  readonly verb: string
  /** Decoded path. */
  readonly path: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Path segments behind the subresource (`proxy/a/b`). */
  readonly rest: readonly string[]
}

export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly query: { get(name: string): string | null }
}

/** A Map: HTTP/2 takes any word for a method, also the name of something that every object has. */
const VERBS: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

/** Subresources of a namespace itself; any other segment there is a resource inside it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** Returns undefined for a path whose escapes are broken. */
export function requestInfo(line: RequestLine): RequestInfo | undefined {
  const path = decode(line.path)
  if (path === undefined) return undefined
  const segments = line.path.split('/').filter(segment => segment !== '')
  const parts: string[] = []
  for (const segment of segments) {
    const part = decode(segment)
    if (part === undefined) return undefined
    parts.push(part)
  }
  const located = locate(parts)
  if (located === undefined) return nonResource(line.method, path)
  return resourceInfo(line, path, located)
}

interface Located {
  readonly group: string
  readonly version: string
  readonly watchPrefix: boolean
  readonly parts: readonly string[]
}

/** Splits the group and version off; undefined when the path names no resource. */
function locate(parts: readonly string[]): Located | undefined {
  const [prefix, first, second] = parts
  const core = prefix === 'api'
  if (!core && prefix !== 'apis') return undefined
  const behind = withProxy(parts.slice(core ? 2 : 3))
  const watchPrefix = behind[0] === 'watch'
  const rest = watchPrefix ? behind.slice(1) : behind
  if (rest.length === 0) return undefined
  return {
    group: core ? '' : (first ?? ''),
    version: (core ? first : second) ?? '',
    watchPrefix,
    parts: rest,
  }
}

/** `proxy/[namespaces/x/]pods/y/...`, as the first Kubernetes had it, is `[namespaces/x/]pods/y/proxy/...`. */
function withProxy(parts: readonly string[]): readonly string[] {
  const [first, ...behind] = parts
  const count = behind[0] === 'namespaces' ? 4 : 2
  if (first !== 'proxy' || behind.length < count) return parts
  return [...behind.slice(0, count), 'proxy', ...behind.slice(count)]
}

function resourceInfo(line: RequestLine, path: string, located: Located): RequestInfo {
  const { namespace, parts } = splitNamespace(located.parts)
  const [resource = '', pathName = '', subresource = '', ...rest] = parts
  const method = VERBS.get(line.method) ?? ''
  const isCollection = pathName === ''
  // `?watch` on one object is a plain GET, as ever.
  const watching = located.watchPrefix || (isCollection && isTrue(line.query.get('watch')))
  const verb = verbOf(method, isCollection, watching)
  const named = isCollection && method === 'get' ? nameInFieldSelector(line.query) : ''
  return {
    isResource: true,
    verb,
    path,
    group: located.group,
    version: located.version,
    namespace,
    resource,
    subresource,
    name: pathName === '' ? named : pathName,
    rest,
  }
}

function verbOf(method: string, isCollection: boolean, watching: boolean): string {
  if (method === 'get' && watching) return 'watch'
  if (method === 'get' && isCollection) return 'list'
  if (method === 'delete' && isCollection) return 'deletecollection'
  return method
}

/** `namespaces/x/pods/...` -> x and `pods/...`; `namespaces/x[/status]` is about the namespace itself. */
function splitNamespace(parts: readonly string[]): {
  readonly namespace: string
  readonly parts: readonly string[]
} {
  const [first, namespace, third] = parts
  if (first !== 'namespaces' || namespace === undefined) return { namespace: '', parts }
  if (third === undefined || NAMESPACE_SUBRESOURCES.has(third)) return { namespace, parts }
  return { namespace, parts: parts.slice(2) }
}

/** A list of one named object is authorized as that object. */
function nameInFieldSelector(query: RequestLine['query']): string {
  return exactMatchOf(query.get('fieldSelector') ?? '', 'metadata.name') ?? ''
}

const nonResource = (method: string, path: string): RequestInfo => ({
  isResource: false,
  verb: method.toLowerCase(),
  path,
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  rest: [],
})

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
