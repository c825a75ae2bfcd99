/**
 * Tells which ranges of Services' addresses may be used, and keeps one that is being deleted while it is needed. The
 * second controller keeps the range that the server was started with: made when it is missing, never changed.
 */
import { isManaged } from '#api/service-addresses.ts'
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { RecordingDeps } from '../deps.ts'
import {
  DEFAULT_NAME,
  FINALIZER,
  type Step,
  defaultFault,
  defaultRange,
  planRange,
} from './plan.ts'

const MANAGER = 'service-cidr-controller'
const LOOK_AGAIN_MS = 60_000

export function createServiceCIDRController(deps: RecordingDeps): Controller {
  const { client, clock } = deps
  const ranges = deps.informers.of('serviceCIDRs')
  const addresses = deps.informers.of('ipAddresses')

  const patched = (name: string, metadata: object, signal: AbortSignal): Promise<unknown> =>
    client.serviceCIDRs.patch({ name }, { type: 'strategic', body: { metadata } }, {}, signal)

  const execute = async (name: string, step: Step, signal: AbortSignal): Promise<void> => {
    if (step.kind === 'hold') await patched(name, { finalizers: [FINALIZER] }, signal)
    if (step.kind === 'let-go') {
      const body = { '$deleteFromPrimitiveList/finalizers': [FINALIZER] }
      await patched(name, body, signal)
    }
    if (step.kind !== 'tell') return
    const condition = { ...step.condition, lastTransitionTime: rfc3339(clock.now()) }
    const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' }
    const body = { ...kind, metadata: { name }, status: { conditions: [condition] } }
    const options = { fieldManager: MANAGER, subresource: 'status' }
    const patch = { type: 'apply', body, force: true } as const
    await client.serviceCIDRs.patch({ name }, patch, options, signal)
  }

  const controller = createController({
    name: MANAGER,
    workers: 1,
    needs: [ranges, addresses],
    async sync(name, signal) {
      const range = ranges.get(name)
      if (range === undefined) return undefined
      const world = { ranges: ranges.list(), addresses: addresses.list(), now: clock.now() }
      const steps = planRange(range, world)
      for (const step of steps) await execute(name, step, signal)
      const wait = steps.find(step => step.kind === 'wait')
      return wait === undefined ? undefined : { requeueAfterMs: wait.ms }
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  /** Ranges that overlap hold and free each other: there are few, so all are looked at. */
  const enqueueAll = (): void => {
    for (const { metadata } of ranges.list()) controller.enqueue(metadata.name ?? '')
  }
  const enqueueGoing = (): void => {
    for (const { metadata } of ranges.list())
      if (metadata.deletionTimestamp !== undefined) controller.enqueue(metadata.name ?? '')
  }
  ranges.addHandler({ onAdd: enqueueAll, onUpdate: enqueueAll, onDelete: enqueueAll })
  addresses.addHandler({
    onAdd: address => isManaged(address) && enqueueGoing(),
    onDelete: address => isManaged(address) && enqueueGoing(),
  })
  return controller
}

export function createDefaultServiceCIDRController(deps: RecordingDeps): Controller {
  const { client, config, events, log } = deps
  const ranges = deps.informers.of('serviceCIDRs')
  /** What was told last: the same is not told again. */
  let told = ''
  const controller = createController({
    name: 'kubernetes-service-cidr-controller',
    workers: 1,
    needs: [ranges],
    async sync(_key, signal) {
      const range = ranges.get(DEFAULT_NAME)
      if (range === undefined) {
        try {
          await client.serviceCIDRs.create(defaultRange(config.serviceCIDR), {}, signal)
        } catch (error) {
          if (!isReason(error, 'AlreadyExists')) throw error
        }
        return { requeueAfterMs: LOOK_AGAIN_MS }
      }
      const fault = defaultFault(range, config.serviceCIDR)
      if (fault !== undefined && told !== fault.message) {
        told = fault.message
        events.event(range, { type: 'Warning', ...fault })
        log.warn('the default range of Services is not as the flag says', { fault: fault.message })
      }
      return { requeueAfterMs: LOOK_AGAIN_MS }
    },
    clock: deps.clock,
    random: deps.random,
    log,
  })
  controller.enqueue(DEFAULT_NAME)
  const enqueue = ({ metadata }: { readonly metadata: { readonly name?: string } }): void => {
    if (metadata.name === DEFAULT_NAME) controller.enqueue(DEFAULT_NAME)
  }
  ranges.addHandler({ onUpdate: enqueue, onDelete: enqueue })
  return controller
}
