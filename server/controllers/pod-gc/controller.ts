/**
 * Takes away pods that nobody else will: a pass every PERIOD_MS over all pods, as upstream.
 * A node counts as gone once the cache and then the server itself say so, QUARANTINE_MS apart.
 */
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { ControllerDeps } from '../deps.ts'
import { isTerminal } from '../pods.ts'
import { planRemovals, type PodRemoval, TERMINATED_MAX } from './plan.ts'

const PERIOD_MS = 20_000
const QUARANTINE_MS = 40_000
const KEY = 'all'

export function createPodGCController(deps: ControllerDeps): Controller {
  const { client, clock } = deps
  const pods = deps.informers.of('pods')
  const nodes = deps.informers.of('nodes')
  /** Nodes the cache lacks, since when. */
  const missingSince = new Map<string, number>()

  const goneNodes = async (signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const nowMs = clock.monotonic()
    const named = new Set(pods.list().map(pod => pod.spec?.nodeName ?? ''))
    for (const name of missingSince.keys()) {
      if (!named.has(name) || nodes.get(name) !== undefined) missingSince.delete(name)
    }
    const gone = new Set<string>()
    for (const name of named) {
      if (name === '' || nodes.get(name) !== undefined) continue
      const sinceMs = missingSince.get(name) ?? nowMs
      missingSince.set(name, sinceMs)
      if (nowMs - sinceMs < QUARANTINE_MS) continue
      const node = await ifThere(client.nodes.get({ name }, signal))
      if (node === undefined) gone.add(name)
    }
    return gone
  }

  const failed = (pod: Pod): Pod => {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime: rfc3339(clock.now()),
    }
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type)
    return {
      ...pod,
      status: { ...pod.status, phase: 'Failed', conditions: [...others, condition] },
    }
  }

  const remove = async ({ kind, pod }: PodRemoval, signal: AbortSignal): Promise<void> => {
    const { uid } = pod.metadata
    const preconditions = uid === undefined ? {} : { uid }
    try {
      if (kind === 'orphaned' && !isTerminal(pod)) {
        await client.pods.updateStatus(failed(pod), {}, signal)
      }
      await client.pods.delete(nameOf(pod), { gracePeriodSeconds: 0, preconditions }, signal)
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
  }

  const controller = createController({
    name: 'pod-gc',
    workers: 1,
    needs: [pods, nodes],
    async sync(_key, signal) {
      const gone = await goneNodes(signal)
      for (const removal of planRemovals(pods.list(), name => gone.has(name), TERMINATED_MAX)) {
        await remove(removal, signal)
      }
      return { requeueAfterMs: PERIOD_MS }
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  controller.enqueue(KEY)
  return controller
}
