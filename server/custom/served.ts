/**
 * What is served at the moment: the built-in rows, and those of the CustomResourceDefinitions in the cache. Owns what
 * was compiled of each definition.
 *
 * Contract  Nothing has to be told of a change: a row is looked up in what the cache shows at that very moment, so that
 *           whoever has seen a definition established finds its resource. Rows and tables stay the same objects until
 *           something changes in them. Built-in rows cost one look into a Map, as if there were no others.
 */
import { type CustomResource, type Defined, definedBy } from '#api/custom/custom-resource.ts'
import { compareText } from '#api/json.ts'
import { type Resource, groupResource, resourceOf, servedResources } from '#api/scheme.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { compareVersions } from '#api/versions.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/logger.ts'
import type { Turns } from '#base/turns.ts'
import type { Cache, Cached } from '#server/cache/cache.ts'
import { partsOf } from '#server/cache/selecting.ts'

export const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'

export interface Served {
  /** Undefined: no such resource, or an old one that is hidden. */
  find(group: string, version: string, plural: string): Resource | undefined
  /** Everything discovery tells of, in its order. */
  table(): Promise<readonly Resource[]>
  /** One row for each storage that can be listed: what walks over all objects must meet each of them once. */
  storages(): Promise<readonly Resource[]>
  /** The row in whose form the instances of a definition are stored, established or not. */
  storageOf(definition: string): Resource | undefined
}

export interface ServedOptions {
  readonly cache: Cache
  readonly turns: Turns
  readonly log: Logger
  /** Old group-versions are not served. */
  readonly hidesOld: boolean
}

/** What follows from a definition, until one of these changes. */
interface Compiled {
  readonly item: Cached
  readonly facts: string
  readonly defined: Defined | undefined
}

const NONE: readonly CustomResource[] = []

export class ServedKinds implements Served {
  readonly #options: ServedOptions
  readonly #builtIn: readonly Resource[]
  readonly #compiled = new Map<string, Compiled>()
  #table: { readonly rows: readonly CustomResource[]; readonly all: readonly Resource[] }

  constructor(options: ServedOptions) {
    this.#options = options
    this.#builtIn = servedResources(options.hidesOld)
    this.#table = { rows: NONE, all: this.#builtIn }
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    const builtIn = resourceOf(group, version, plural)
    if (builtIn !== undefined) return this.#options.hidesOld && builtIn.isOld ? undefined : builtIn
    const served = group === '' ? NONE : (this.#defined(`${plural}.${group}`)?.served ?? NONE)
    return served.find(one => one.version === version)
  }

  async table(): Promise<readonly Resource[]> {
    const rows = (await this.#definitions()).flatMap(({ listed }) => listed)
    const known = this.#table.rows
    const isSame = rows.length === known.length && rows.every((one, at) => one === known[at])
    if (!isSame) this.#table = { rows, all: [...this.#builtIn, ...rows.toSorted(inDiscovery)] }
    return this.#table.all
  }

  async storages(): Promise<readonly Resource[]> {
    const custom = (await this.#definitions()).map(({ stored }) => stored)
    return [...BUILT_IN_STORAGES, ...custom]
  }

  storageOf(definition: string): Resource | undefined {
    return this.#defined(definition)?.stored
  }

  async #definitions(): Promise<readonly Defined[]> {
    const { cache, turns } = this.#options
    if (cache.count(DEFINITIONS) === 0 && this.#compiled.size === 0) return []
    const { items } = await cache.list({ groupResource: DEFINITIONS, namespace: '' }, { limit: 0 })
    const names = new Set(items.map(nameIn))
    for (const name of this.#compiled.keys()) if (!names.has(name)) this.#compiled.delete(name)
    const found: Defined[] = []
    for (const item of items) {
      const name = nameIn(item)
      // Hundreds of them may be compiled here.
      if (this.#compiled.get(name)?.item.revision !== item.revision) await turns.take()
      const defined = this.#compile(name, item)
      if (defined !== undefined) found.push(defined)
    }
    return found
  }

  #defined(name: string): Defined | undefined {
    const item = this.#options.cache.get(DEFINITIONS, '', name)
    if (item !== undefined) return this.#compile(name, item)
    this.#compiled.delete(name)
    return undefined
  }

  #compile(name: string, item: Cached): Defined | undefined {
    const known = this.#compiled.get(name)
    if (known?.item.revision === item.revision) return known.defined
    const definition = definitionIn(item)
    const facts = factsOf(definition)
    const isSame = known !== undefined && known.facts === facts
    const defined = isSame ? known.defined : this.#make(name, definition)
    this.#compiled.set(name, { item, facts, defined })
    return defined
  }

  /** Undefined for a definition that cannot be served: it was stored before its faults were known. */
  #make(name: string, definition: CustomResourceDefinition): Defined | undefined {
    try {
      return definedBy(definition, () => this.#defined(name))
    } catch (error) {
      this.#options.log.warn('a CustomResourceDefinition cannot be served', {
        name,
        error: messageOf(error),
      })
      return undefined
    }
  }
}

const BUILT_IN_STORAGES: readonly Resource[] = servedResources(false).filter(
  one => one.storage() === one && one.verbs.includes('list'),
)

export const nameIn = ({ key }: Cached): string => partsOf(key).name

/** The seam: what is stored there has been decoded as this kind. */
export const definitionIn = (item: Cached): CustomResourceDefinition =>
  item.object() as unknown as CustomResourceDefinition

/** The spec by its generation; and what the status says about names, versions and whether it is served. */
function factsOf({ metadata, status }: CustomResourceDefinition): string {
  const { acceptedNames, storedVersions, conditions = [] } = status ?? {}
  const states = conditions.map(({ type, status: state }) => `${type}=${state}`)
  return JSON.stringify([metadata.uid, metadata.generation, acceptedNames, storedVersions, states])
}

/** Groups by name, the newest and most stable version first. */
const inDiscovery = (left: Resource, right: Resource): number =>
  compareText(left.group, right.group) ||
  compareVersions(right.version, left.version) ||
  compareText(groupResource(left), groupResource(right))
