/**
 * Paths that lead nowhere. Below a group that is served they are refused in the words of the API, elsewhere in those
 * of a web server: clients tell by it whether they speak to the server they meant. Pure.
 *
 * Source: k8s.io/apiserver pkg/server/handler.go, pkg/endpoints/installer.go
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { type Resource, servedResources } from '#api/scheme.ts'
import type { Answer } from '#server/registry/call.ts'
import type { RequestInfo } from './request-info.ts'

/** Outside `/apis`; `/apis` itself claims nothing below it. */
const ROOTS = ['api', 'version']

const groupsOf = (hidesOld: boolean): ReadonlySet<string> =>
  new Set(servedResources(hidesOld).map(({ group }) => group))

const GROUPS = { all: groupsOf(false), current: groupsOf(true) } as const

/** Whether the API answers for everything below this path. */
export function isOfApi(path: string, hidesOld: boolean): boolean {
  const [before, root = '', group = ''] = path.split('/', 3)
  if (before !== '') return false
  return root === 'apis'
    ? group !== '' && GROUPS[hidesOld ? 'current' : 'all'].has(group)
    : ROOTS.includes(root)
}

export const PAGE_NOT_FOUND: Answer = {
  kind: 'raw',
  code: 404,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache, private',
    'x-content-type-options': 'nosniff',
  },
  body: Buffer.from('404 page not found\n'),
}

/** Verbs that find their object by the path. */
const NAMED: ReadonlySet<string> = new Set(['get', 'update', 'patch', 'delete'])
const OF_COLLECTIONS: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])

/** Whether any method is known at this path of the resource; subresources know their own. */
export function leadsTo(resource: Resource, info: RequestInfo): boolean {
  const { namespace, name, subresource, rest, verb } = info
  if (rest.length > 0 && subresource !== 'proxy') return false
  // Of a custom resource, only these are known outside of namespaces.
  if (isCustom(resource) && resource.namespaced && namespace === '')
    return verb === 'list' || verb === 'watch'
  if (resource.namespaced && namespace === '')
    return isCollection(verb, name) && resource.verbs.includes('list')
  // `namespaces/x` is about x itself.
  const isItself = resource.plural === 'namespaces' && namespace === name
  if (!resource.namespaced && namespace !== '' && !isItself) return false
  return isCollection(verb, name) || subresource !== '' || hasNamed(resource)
}

/** A selector for one name leaves a list a list. */
const isCollection = (verb: string, name: string): boolean =>
  name === '' || OF_COLLECTIONS.has(verb)

const hasNamed = ({ verbs }: Resource): boolean => verbs.some(verb => NAMED.has(verb))
