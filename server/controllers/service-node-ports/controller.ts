/** Tells of Services whose node ports others hold too, or that lie outside the range: at the start, and now and then. */
import type { Service } from '#api/types/core-v1.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { RecordingDeps } from '../deps.ts'
import { planPorts } from './plan.ts'

const ALL = 'all'
const AGAIN_MS = 180_000
/** Many changes are one look. */
const GATHER_MS = 1000

const portsOf = ({ spec }: Service): string =>
  [spec?.healthCheckNodePort ?? 0, ...(spec?.ports ?? []).map(({ nodePort = 0 }) => nodePort)]
    .filter(port => port > 0)
    .join(' ')

export function createServiceNodePortController(deps: RecordingDeps): Controller {
  const { config, events, log } = deps
  const services = deps.informers.of('services')
  const controller = createController({
    name: 'portallocator-repair-controller',
    workers: 1,
    needs: [services],
    async sync() {
      for (const { service, reason, message } of planPorts(services.list(), config.nodePorts)) {
        events.event(service, { type: 'Warning', reason, message })
        const { namespace, name } = service.metadata
        log.warn('a node port cannot work', { namespace, name, reason, message })
      }
      return { requeueAfterMs: AGAIN_MS }
    },
    clock: deps.clock,
    random: deps.random,
    log,
  })
  controller.enqueue(ALL)
  const soon = (): void => controller.enqueueAfter(ALL, GATHER_MS)
  services.addHandler({
    onAdd: service => portsOf(service) !== '' && soon(),
    onUpdate: (before, after) => portsOf(before) !== portsOf(after) && soon(),
  })
  return controller
}
