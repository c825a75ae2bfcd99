/**
 * Where an object that was sent belongs: its name and namespace against those of the request; and its owners. Pure.
 *
 * Throws  StatusError(BadRequest) when the body says another place than the path.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/rest.go checkName, dedupOwnerReferences; pkg/registry/rest/meta.go
 * EnsureObjectNamespaceMatchesRequestNamespace
 */
import { canonicalJson } from '#api/json.ts'
import type { AnyObject, ObjectMeta } from '#api/object.ts'
import { badRequest } from '#api/status.ts'
import type { Target } from './target.ts'

/** The object with the namespace of the request. An empty `pathName` is a collection's: there any name will do. */
export function placed(target: Target, object: AnyObject, pathName: string): AnyObject {
  const { namespace: given = '', ...rest } = object.metadata
  const { name = '' } = rest
  // Where there is none, one that was sent says nothing.
  const namespace = target.stored.namespaced ? given : ''
  if (namespace !== '' && namespace !== target.namespace)
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  if (pathName !== '' && name === '')
    throw badRequest(
      `the name of the object (${pathName} based on URL) was undeterminable: name must be provided`,
    )
  if (pathName !== '' && name !== pathName)
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${pathName})`,
    )
  return {
    ...object,
    metadata: {
      ...rest,
      ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    },
  }
}

type Owner = NonNullable<ObjectMeta['ownerReferences']>[number]

/** The object with each owner once; `warn` hears of those that came twice. `when` is set behind mutating admission. */
export function distinctOwners(
  object: AnyObject,
  warn: (text: string) => void,
  when: 'sent' | 'admitted' = 'sent',
): AnyObject {
  const owners = object.metadata.ownerReferences ?? []
  if (owners.length < 2) return object
  const kept = new Map<string, Owner>()
  const doubled: string[] = []
  for (const owner of owners) {
    const key = canonicalJson(owner)
    if (kept.has(key)) doubled.push(owner.uid)
    else kept.set(key, owner)
  }
  if (doubled.length === 0) return object
  const uids = doubled.join(', ')
  warn(
    when === 'sent'
      ? `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`
      : `.metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  )
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...kept.values()] } }
}
