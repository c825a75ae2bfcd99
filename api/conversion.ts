/**
 * Objects shown in another group or version than they are stored in. Pure.
 *
 * Stored objects have the shape of `storageOf(resource)`; the row below renames fields on the way in and out.
 * Adding a view is adding a row.
 * Source: kubernetes pkg/apis/events/v1/conversion.go
 */
import type { AnyObject } from './object.ts'
import { apiVersionOf, type Resource, storageOf } from './scheme.ts'

/** Field of the view -> field of the stored object; the others have the same name in both. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'events.k8s.io/v1/Event': {
    note: 'message',
    regarding: 'involvedObject',
    reportingController: 'reportingComponent',
    deprecatedSource: 'source',
    deprecatedFirstTimestamp: 'firstTimestamp',
    deprecatedLastTimestamp: 'lastTimestamp',
    deprecatedCount: 'count',
  },
}

const namesOf = (resource: Resource): Readonly<Record<string, string>> =>
  RENAMED[`${apiVersionOf(resource)}/${resource.kind}`] ?? {}

function rename(
  object: AnyObject,
  names: ReadonlyMap<string, string>,
  apiVersion: string,
): AnyObject {
  const { kind, metadata } = object
  const renamed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) renamed[names.get(name) ?? name] = value
  return { ...renamed, apiVersion, kind, metadata }
}

/** As it is stored. The same object when the resource is its own storage. */
export function toStored(resource: Resource, object: AnyObject): AnyObject {
  const storage = storageOf(resource)
  if (storage === resource) return object
  return rename(object, new Map(Object.entries(namesOf(resource))), apiVersionOf(storage))
}

/** As this resource shows it. The same object when the resource is its own storage. */
export function fromStored(resource: Resource, object: AnyObject): AnyObject {
  if (storageOf(resource) === resource) return object
  const names = Object.entries(namesOf(resource)).map(([view, stored]) => [stored, view] as const)
  return rename(object, new Map(names), apiVersionOf(resource))
}
