/**
 * Looks at one Service or one IPAddress at the API itself, tells what is wrong, and puts it right.
 *
 * Throws  StatusError as the client does: the caller tries again later.
 */
import { keyOf } from '#api/object.ts'
import { addressObject } from '#api/service-addresses.ts'
import type { Service } from '#api/types/core-v1.ts'
import { ifThere } from '#client/absence.ts'
import type { RecordingDeps } from '../deps.ts'
import { type Finding, type Seen, addressesOf, holderOf, planAddress, planService } from './plan.ts'

export interface Mending {
  /** `namespace/name` */
  service(key: string, ranges: readonly string[], signal: AbortSignal): Promise<void>
  /** Returns how long its grace still lasts, in milliseconds. */
  address(name: string, signal: AbortSignal): Promise<number | undefined>
}

export function createMending({ client, clock, events, log }: RecordingDeps): Mending {
  const serviceAt = (key: string): Promise<Service | undefined> => {
    const [namespace = '', name = ''] = key.split('/')
    return ifThere(client.services.get({ namespace, name }))
  }
  const addressAt = async (name: string): Promise<Seen> => {
    const object = await ifThere(client.ipAddresses.get({ name }))
    const key = object === undefined ? undefined : holderOf(object)
    return { object, holder: key === undefined ? undefined : await serviceAt(key) }
  }
  const remove = (name: string, signal: AbortSignal): Promise<unknown> =>
    ifThere(client.ipAddresses.delete({ name }, {}, signal))

  const mend = async (service: Service, finding: Finding, signal: AbortSignal): Promise<void> => {
    const { told, repair } = finding
    if (told !== undefined) {
      events.event(service, { type: 'Warning', ...told })
      log.warn('a Service and its address disagree', { service: keyOf(service), ...told })
    }
    if (repair === undefined) return
    if (repair.kind === 'replace') await remove(repair.address, signal)
    await client.ipAddresses.create(addressObject(repair.address, service), {}, signal)
  }

  return {
    async service(key, ranges, signal) {
      const service = await serviceAt(key)
      if (service === undefined) return
      const seen = new Map<string, Seen>()
      for (const address of addressesOf(service)) seen.set(address, await addressAt(address))
      const nothing = { object: undefined, holder: undefined }
      const findings = planService(service, ranges, address => seen.get(address) ?? nothing)
      for (const finding of findings) await mend(service, finding, signal)
    },
    async address(name, signal) {
      const { object, holder } = await addressAt(name)
      if (object === undefined) return undefined
      const plan = planAddress(object, holder, clock.now())
      if (plan.kind === 'wait') return plan.ms
      if (plan.kind === 'fine') return undefined
      events.event(object, { type: 'Warning', ...plan.told })
      log.warn('an address is of no Service', { address: name, ...plan.told })
      await remove(name, signal)
      return undefined
    },
  }
}
