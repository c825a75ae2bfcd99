/**
 * The OpenAPI v3 document of one group and version, made from the resource table and the schemas. Pure.
 *
 * Output  a plain object to be stringified once and cached by the caller (core/v1: about 400 kB).
 * Good for `kubectl explain`, kubectl's checks of dryRun and fieldValidation, and patch metadata.
 * Source: k8s.io/kube-openapi pkg/builder3
 */
import { struct, structOfOpenApi } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import { type Resource, resources, subresourceKind } from '#api/scheme.ts'
import { pathsOf } from './paths.ts'
import { componentSchemas, type GroupVersionKind, type Schema } from './schemas.ts'

/** Every document speaks of these. */
const COMMON = ['meta-v1.DeleteOptions', 'meta-v1.Status', 'meta-v1.Patch']

/** The kinds of one group and version that paths speak of, with their lists and subresource bodies. */
export function kindsIn(
  table: readonly Resource[],
): ReadonlyMap<string, readonly GroupVersionKind[]> {
  const kinds = new Map<string, readonly GroupVersionKind[]>()
  for (const resource of table) {
    const { group, version, kind } = resource
    const { name } = resource.type()
    kinds.set(name, [{ group, version, kind }])
    if (resource.verbs.includes('list')) {
      kinds.set(`${name}List`, [{ group, version, kind: `${kind}List` }])
    }
    for (const subresource of resource.subresources) {
      const body = subresourceKind(resource, subresource)
      const own = { group: body.group, version: body.version, kind: body.kind }
      kinds.set(body.type.name, [own])
    }
  }
  return kinds
}

export function openApiV3(group: string, version: string): Schema {
  const table = resources().filter(
    resource => resource.group === group && resource.version === version,
  )
  const kinds = kindsIn(table)
  const roots: StructType[] = COMMON.map(struct)
  for (const name of kinds.keys()) {
    const type = structOfOpenApi(name)
    if (type !== undefined) roots.push(type)
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(table.flatMap(resource => Object.entries(pathsOf(resource)))),
    components: { schemas: componentSchemas(roots, name => kinds.get(name) ?? []) },
  }
}
