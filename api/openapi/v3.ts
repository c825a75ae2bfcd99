/**
 * OpenAPI v3, made from the resource table and the schemas, in the documents that clients ask for: one of each group and
 * version, and one of each path that is no resource's. Pure.
 *
 * Output  portions, each made in well under a millisecond: a resource's paths or a struct's schema.
 * Good for `kubectl explain`, kubectl's checks of dryRun and fieldValidation, and patch metadata.
 * Source: k8s.io/kube-openapi pkg/builder3
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { structOfOpenApi } from '#api/schema/catalog.ts'
import type { StructType } from '#api/schema/type.ts'
import type { Resource } from '#api/scheme.ts'
import { customRoots, customSchemas } from './custom.ts'
import { type Form, formOfV3 } from './forms.ts'
import { kindsOf, type KindsOf } from './kinds.ts'
import { type PathOptions, pathsOf, resourceListPath } from './paths.ts'
import type { Portion } from './portions.ts'
import { type Root, VERSION_INFO } from './roots.ts'
import { componentSchemas } from './schemas.ts'

export interface DocumentOptions extends Pick<PathOptions, 'returnsDeleted'> {
  /** The Kubernetes that is spoken: `1.36`. */
  readonly version: string
}

export const TITLE = 'Kubernetes'
const head = (title: string, version: string): Portion => ({
  at: [],
  entries: { openapi: '3.0.0', info: { title, version } },
})
/** As upstream signs what it makes of definitions. */
const OF_DEFINITIONS = head('Kubernetes CRD Swagger', 'v0.1.0')

/** How clients say who they are. */
export const SECURITY = {
  BearerToken: {
    description: 'Bearer Token authentication',
    type: 'apiKey',
    name: 'authorization',
    in: 'header',
  },
}

/** Of some resources of one group and version. */
export function* openApiV3(
  table: readonly Resource[],
  { returnsDeleted, version }: DocumentOptions,
): Generator<Portion> {
  const form = formOfV3()
  const builtIn = table.find(row => !isCustom(row))
  yield builtIn === undefined ? OF_DEFINITIONS : head(TITLE, version)
  if (builtIn !== undefined) yield { at: ['paths'], entries: resourceListPath(form, builtIn) }
  for (const resource of table)
    yield { at: ['paths'], entries: pathsOf(resource, { form, returnsDeleted }) }
  yield* schemasOf(table, { named: form.named, kindsOf: kindsOf(table, false), forV2: false })
  yield { at: ['components', 'securitySchemes'], entries: SECURITY }
}

/** Of what is no resource. */
export function* rootDocument(
  { paths }: Root,
  { version }: Pick<DocumentOptions, 'version'>,
): Generator<Portion> {
  const form = formOfV3()
  yield head(TITLE, version)
  yield { at: ['paths'], entries: paths(form) }
  yield* schemasOf([], { named: form.named, kindsOf: kindsOf([], false), forV2: false })
  yield { at: ['components', 'securitySchemes'], entries: SECURITY }
}

/** Every schema that is named, and what they refer to. */
export function* schemasOf(
  table: readonly Resource[],
  {
    named,
    kindsOf,
    forV2,
  }: { readonly named: Form['named']; readonly kindsOf: KindsOf; readonly forV2: boolean },
): Generator<Portion> {
  const at = ['components', 'schemas']
  const custom = table.filter(isCustom)
  const roots: StructType[] = custom.length > 0 ? [...customRoots()] : []
  for (const name of named.keys()) {
    const type = name === VERSION_INFO.name ? VERSION_INFO : structOfOpenApi(name)
    if (type !== undefined) roots.push(type)
  }
  for (const [name, schema] of componentSchemas(roots, kindsOf))
    yield { at, entries: { [name]: schema } }
  for (const resource of custom) yield { at, entries: customSchemas(resource, forV2) }
}
