/**
 * Mends what sets Services and their IPAddress objects apart: a database of an older version, an object that was made,
 * changed or removed by hand. The API writes both in one commit, so it finds nothing else.
 *
 * Informers lag, each by its own measure: what looks wrong in them is looked at again at the API before anything is done.
 */
import { keyOf } from '#api/object.ts'
import type { Service } from '#api/types/core-v1.ts'
import type { IPAddress } from '#api/types/networking-v1.ts'
import type { Informer } from '#client/informer.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { RecordingDeps } from '../deps.ts'
import { createMending } from './mending.ts'
import { type Seen, addressesOf, holderOf, planAddress, planService } from './plan.ts'

const ALL = 'all'
const ALL_AGAIN_MS = 180_000
const CHANGED = 'changed'
const SERVICE = 'service '
const ADDRESS = 'address '
/** By then both informers have seen what one commit wrote. */
const SETTLE_MS = 1000
/** So many looks at most before others get their turn. */
const PORTION = 100
const DEFAULT_RANGE = 'kubernetes'
const BY_ADDRESS = 'address'

const serviceKey = (service: Service): string => `${SERVICE}${keyOf(service)}`
const addressKey = (address: IPAddress): string => `${ADDRESS}${keyOf(address)}`

export function createServiceAddressController(deps: RecordingDeps): Controller {
  const { clock } = deps
  const services = deps.informers.of('services')
  const addresses = deps.informers.of('ipAddresses')
  const ranges = deps.informers.of('serviceCIDRs')
  const mending = createMending(deps)
  const cidrs = (): readonly string[] => ranges.list().flatMap(({ spec }) => spec?.cidrs ?? [])
  const looksWrong = suspicion(services, addresses, () => clock.now())

  /** Names what looks wrong from here; others get their turn in between. */
  const look = async (keys: readonly string[], signal: AbortSignal): Promise<void> => {
    const known = cidrs()
    for (const [index, key] of keys.entries()) {
      if (index % PORTION === PORTION - 1) await clock.sleep(1, signal)
      if (looksWrong(key, known)) controller.enqueue(key)
    }
  }

  /** Keys of what changed since the last look. */
  let changed = new Set<string>()
  const controller = createController({
    name: 'ipallocator-repair-controller',
    workers: 1,
    needs: [services, addresses, ranges],
    async sync(key, signal) {
      if (ranges.get(DEFAULT_RANGE) === undefined) return { requeueAfterMs: SETTLE_MS }
      if (key.startsWith(SERVICE)) {
        await mending.service(key.slice(SERVICE.length), cidrs(), signal)
        return undefined
      }
      if (key.startsWith(ADDRESS)) {
        const graceMs = await mending.address(key.slice(ADDRESS.length), signal)
        return graceMs === undefined ? undefined : { requeueAfterMs: graceMs }
      }
      if (key === ALL) {
        await look(
          [...services.list().map(serviceKey), ...addresses.list().map(addressKey)],
          signal,
        )
        return { requeueAfterMs: ALL_AGAIN_MS }
      }
      const keys = [...changed]
      changed = new Set()
      await look(keys, signal)
      return undefined
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  controller.enqueue(ALL)
  const soon = (key: string): void => {
    if (changed.size === 0) controller.enqueueAfter(CHANGED, SETTLE_MS)
    changed.add(key)
  }
  follow(services, addresses, soon)
  ranges.addHandler({ onDelete: () => controller.enqueueAfter(ALL, SETTLE_MS) })
  return controller
}

function follow(
  services: Informer<Service>,
  addresses: Informer<IPAddress>,
  soon: (key: string) => void,
): void {
  services.addIndex(BY_ADDRESS, addressesOf)
  services.addHandler({
    onAdd: service => soon(serviceKey(service)),
    onUpdate: (before, after) => isMoved(before, after) && soon(serviceKey(after)),
  })
  const onAddress = (address: IPAddress): void => {
    soon(addressKey(address))
    for (const service of services.byIndex(BY_ADDRESS, keyOf(address))) soon(serviceKey(service))
  }
  addresses.addHandler({
    onAdd: onAddress,
    onUpdate: (_before, after) => onAddress(after),
    onDelete: onAddress,
  })
}

const isMoved = (before: Service, after: Service): boolean =>
  addressesOf(before).join(' ') !== addressesOf(after).join(' ')

/** What the informers say: where they find nothing wrong, nobody is asked. */
function suspicion(
  services: Informer<Service>,
  addresses: Informer<IPAddress>,
  now: () => number,
): (key: string, ranges: readonly string[]) => boolean {
  const seen = (address: string): Seen => {
    const object = addresses.get(address)
    const key = object === undefined ? undefined : holderOf(object)
    return { object, holder: key === undefined ? undefined : services.get(key) }
  }
  return (key, ranges) => {
    if (key.startsWith(SERVICE)) {
      const service = services.get(key.slice(SERVICE.length))
      return service !== undefined && planService(service, ranges, seen).length > 0
    }
    const { object, holder } = seen(key.slice(ADDRESS.length))
    return object !== undefined && planAddress(object, holder, now()).kind !== 'fine'
  }
}
