/**
 * Which resources the server offers: what generic controllers (garbage collection, namespace deletion) walk over.
 *
 * Output  one row per resource, in its group's preferred version or else the first that has it; subresources and virtual
 *         resources left out.
 * Throws  StatusError as the Transport does.
 */
import type { AnyObject } from '#api/object.ts'
import type { ResourceName } from './resource.ts'
import type { Transport } from './transport.ts'

export interface DiscoveredResource extends ResourceName {
  readonly verbs: readonly string[]
}

interface ResourceRow {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs?: readonly string[]
}

interface GroupRow {
  readonly name: string
  readonly versions: readonly { readonly version: string }[]
  readonly preferredVersion?: { readonly version: string }
}

/** The seam: discovery documents have the shapes above, as the server promises. */
const rowsOf = (document: AnyObject): readonly ResourceRow[] =>
  (document['resources'] ?? []) as readonly ResourceRow[]
const groupsOf = (document: AnyObject): readonly GroupRow[] =>
  (document['groups'] ?? []) as readonly GroupRow[]

export async function discoverResources(
  transport: Transport,
  signal: AbortSignal,
): Promise<readonly DiscoveredResource[]> {
  const get = (path: string): Promise<AnyObject> =>
    transport.request({ method: 'GET', path }, signal)
  const groups = groupsOf(await get('/apis'))
  const documents = [
    { group: '', version: 'v1', path: '/api/v1' },
    ...groups.flatMap(group =>
      preferred(group).map(version => ({
        group: group.name,
        version,
        path: `/apis/${group.name}/${version}`,
      })),
    ),
  ]
  const found: DiscoveredResource[] = []
  const seen = new Set<string>()
  for (const { group, version, path } of documents) {
    for (const row of rowsOf(await get(path))) {
      const { name, kind, namespaced, verbs = [] } = row
      if (name.includes('/') || !verbs.includes('list') || seen.has(`${group}/${name}`)) continue
      seen.add(`${group}/${name}`)
      found.push({ group, version, plural: name, kind, namespaced, verbs })
    }
  }
  return found
}

/** All versions of a group, the preferred one first. */
function preferred({ versions, preferredVersion }: GroupRow): readonly string[] {
  const names = versions.map(({ version }) => version)
  return [...new Set(preferredVersion === undefined ? names : [preferredVersion.version, ...names])]
}
