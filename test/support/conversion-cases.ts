/** Objects as clients of an old version send them. */
import { applyDefaults, decodeObject } from '#api/codec.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, apiVersionOf, resourceOf } from '#api/scheme.ts'

export function rowOf(apiVersion: string, plural: string): Resource {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const found = resourceOf(group, version, plural)
  if (found === undefined) throw new Error(`no ${apiVersion} ${plural}`)
  return found
}

export const sent = (resource: Resource, fields: object): AnyObject =>
  applyDefaults(
    resource.type(),
    decodeObject<AnyObject>(
      resource.type(),
      {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: { name: 'x' },
        ...fields,
      },
      'Strict',
    ).object,
  )
