/**
 * Which kinds a schema is the form of: `x-kubernetes-group-version-kind`. Pure.
 *
 * Every group and version has options of its own to delete with, and events to watch with, in one common form.
 * Source: k8s.io/apimachinery pkg/apis/meta/v1/register.go, k8s.io/apiserver pkg/endpoints/openapi/openapi.go
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { type Resource, resources, subresourceKind, type TypedKind } from '#api/scheme.ts'
import { META } from './operations.ts'
import { hasBody } from './paths.ts'
import type { GroupVersionKind } from './schemas.ts'

export type KindsOf = (name: string) => readonly GroupVersionKind[]
type Kinds = ReadonlyMap<string, readonly GroupVersionKind[]>
type GroupVersion = Pick<Resource, 'group' | 'version'>

const OF_ALL = ['DeleteOptions', 'WatchEvent']
const OF_CORE = ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status']

const CORE: GroupVersion = { group: '', version: 'v1' }

function groupVersion(name: string): GroupVersion {
  const [group = '', version = ''] = name.split('/')
  return { group, version }
}

/** Known to upstream, though neither it nor this server has a resource there. */
const UNSERVED: readonly GroupVersion[] = [
  'admission.k8s.io/v1',
  'admission.k8s.io/v1beta1',
  'admissionregistration.k8s.io/v1alpha1',
  'authentication.k8s.io/v1alpha1',
  'certificates.k8s.io/v1alpha1',
  'coordination.k8s.io/v1alpha2',
  'flowcontrol.apiserver.k8s.io/v1beta1',
  'flowcontrol.apiserver.k8s.io/v1beta2',
  'imagepolicy.k8s.io/v1alpha1',
  'internal.apiserver.k8s.io/v1alpha1',
  'node.k8s.io/v1alpha1',
  'resource.k8s.io/v1alpha3',
  'resource.k8s.io/v1beta1',
  'scheduling.k8s.io/v1alpha2',
  'storage.k8s.io/v1alpha1',
].map(groupVersion)

type Add = (name: string, at: GroupVersion, kind: string) => void

/** Served kinds, their lists and the bodies of their subresources. */
function addKinds(add: Add): void {
  for (const resource of resources()) {
    const { name } = resource.type()
    add(name, resource, resource.kind)
    if (resource.verbs.includes('list')) add(`${name}List`, resource, `${resource.kind}List`)
    for (const subresource of resource.subresources.filter(hasBody)) {
      const body: TypedKind = subresourceKind(resource, subresource)
      add(body.type.name, body, body.kind)
    }
  }
  for (const kind of OF_CORE) add(`${META}.${kind}`, CORE, kind)
}

let known: Kinds | undefined

/** Of everything that is built in. */
function builtIn(): Kinds {
  if (known !== undefined) return known
  const kinds = new Map<string, readonly GroupVersionKind[]>()
  addKinds((name, { group, version }, kind) => {
    const before = kinds.get(name) ?? []
    const isNew = !before.some(one => one.group === group && one.version === version)
    if (isNew) kinds.set(name, [...before, { group, version, kind }])
  })
  return (known = kinds)
}

/** By OpenAPI name; `table` is what a document tells of, `isWhole` when that is everything. */
export function kindsOf(table: readonly Resource[], isWhole: boolean): KindsOf {
  const rows = table.filter(row => !isCustom(row))
  const names = [CORE, ...rows, ...(isWhole ? UNSERVED : [])].map(
    ({ group, version }) => `${group}/${version}`,
  )
  const versions = [...new Set(names)].toSorted().map(groupVersion)
  const ofAll = new Map(
    OF_ALL.map(kind => [`${META}.${kind}`, versions.map(at => ({ ...at, kind }))]),
  )
  return name => ofAll.get(name) ?? builtIn().get(name) ?? []
}
