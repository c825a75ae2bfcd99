/**
 * OpenAPI v3 of some resources, made from the resource table and the schemas: of one group and version, as clients ask
 * for it, or of all, as v2 is made of it. Pure.
 *
 * Output  portions, each made in well under a millisecond: a resource's paths or a struct's schema.
 * Good for `kubectl explain`, kubectl's checks of dryRun and fieldValidation, and patch metadata.
 * Source: k8s.io/kube-openapi pkg/builder3
 */
import { struct, structOfOpenApi } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { type Resource, subresourceKind, type TypedKind } from '#api/scheme.ts'
import { pathsOf } from './paths.ts'
import type { Portion } from './portions.ts'
import { componentSchemas, type GroupVersionKind } from './schemas.ts'

/** Every document speaks of these. */
const COMMON = ['meta-v1.DeleteOptions', 'meta-v1.Status', 'meta-v1.Patch']

type Kinds = ReadonlyMap<string, readonly GroupVersionKind[]>

/** The kinds that paths speak of, with their lists and subresource bodies, by OpenAPI name. */
function kindsIn(table: readonly Resource[]): Kinds {
  const kinds = new Map<string, readonly GroupVersionKind[]>()
  const add = (name: string, { group, version }: TypedKind | Resource, kind: string): void => {
    const known = kinds.get(name) ?? []
    const isKnown = known.some(
      one => one.group === group && one.version === version && one.kind === kind,
    )
    if (!isKnown) kinds.set(name, [...known, { group, version, kind }])
  }
  for (const resource of table) {
    const { name } = resource.type()
    add(name, resource, resource.kind)
    if (resource.verbs.includes('list')) add(`${name}List`, resource, `${resource.kind}List`)
    for (const subresource of resource.subresources) {
      const body = subresourceKind(resource, subresource)
      add(body.type.name, body, body.kind)
    }
  }
  return kinds
}

export function* openApiV3(table: readonly Resource[]): Generator<Portion> {
  const info = { title: 'Kubernetes', version: 'unversioned' }
  yield { at: [], entries: { openapi: '3.0.0', info } }
  for (const resource of table) yield { at: ['paths'], entries: pathsOf(resource) }
  const kinds = kindsIn(table)
  const roots: StructType[] = COMMON.map(struct)
  for (const name of kinds.keys()) {
    const type = structOfOpenApi(name)
    if (type !== undefined) roots.push(type)
  }
  const schemas = componentSchemas(roots, name => kinds.get(name) ?? [])
  for (const [name, schema] of schemas)
    yield { at: ['components', 'schemas'], entries: { [name]: schema } }
}
