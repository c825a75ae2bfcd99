/** What the cache shows of Services, their addresses and their ranges, as the strategy of Services reads it. */
import type { AnyObject } from '#api/object.ts'
import type { Cache } from '#server/cache/cache.ts'
import type { AddressBook } from './address-allocator.ts'
import type { ServiceStrategy } from './services.ts'

const allOf = async (cache: Cache, groupResource: string): Promise<readonly AnyObject[]> => {
  const { items } = await cache.list({ groupResource, namespace: '' }, { limit: 0 })
  return items.map(item => item.object())
}

export const addressBook = (cache: Cache): AddressBook => ({
  ranges: () => allOf(cache, 'servicecidrs.networking.k8s.io'),
  has: address => cache.get('ipaddresses.networking.k8s.io', '', address) !== undefined,
})

/** Once, before the first request. */
export async function recallServices(strategy: ServiceStrategy, cache: Cache): Promise<void> {
  strategy.recall(await allOf(cache, 'services'))
}
