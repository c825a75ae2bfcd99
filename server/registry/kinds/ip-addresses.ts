/**
 * How the IPAddress object of a Service's address comes and goes with that Service. Pure.
 *
 * Source: kubernetes pkg/registry/core/service/ipallocator/ipallocator.go createIPAddress
 */
import type { AnyObject } from '#api/object.ts'
import { ADDRESS_FAMILY, ADDRESS_MANAGER, addressObject } from '#api/service-addresses.ts'
import { recordOf } from '#api/values.ts'
import type { Companion } from '../strategy.ts'

const RESOURCE = { group: 'networking.k8s.io', plural: 'ipaddresses' } as const

/** What a writer of such an object sets: always the same fields. */
const FIELDS = {
  'f:metadata': {
    'f:labels': { '.': {}, [`f:${ADDRESS_FAMILY}`]: {}, [`f:${ADDRESS_MANAGER}`]: {} },
  },
  'f:spec': { 'f:parentRef': { '.': {}, 'f:name': {}, 'f:namespace': {}, 'f:resource': {} } },
}

export const takenAddress = (address: string, service: AnyObject): Companion => ({
  kind: 'create',
  resource: RESOURCE,
  object: addressObject(address, service),
  manager: 'kube-apiserver',
  fields: FIELDS,
})

/** Only the Service's own: what bears another's name is left for the repair to judge. */
export const freedAddress = (address: string, service: AnyObject): Companion => ({
  kind: 'delete',
  resource: RESOURCE,
  name: address,
  isMeant: object => {
    const parent = recordOf(recordOf(object['spec'])['parentRef'])
    const own = recordOf(addressObject(address, service).spec.parentRef)
    return (
      (parent['group'] ?? '') === '' &&
      Object.entries(own).every(([field, value]) => parent[field] === value)
    )
  },
})
