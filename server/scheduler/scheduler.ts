/**
 * The scheduler: watches, takes the next pod, decides, binds. Decides nothing itself.
 *
 * One decision at a time, many bindings in flight: a decided pod counts on its node at once, and a binding that fails
 * gives the place back.
 * Source: kubernetes pkg/scheduler/scheduler.go, eventhandlers.go, schedule_one.go
 */
import { keyOf } from '#api/object.ts'
import { isTerminalPhase } from '#api/pod-phase.ts'
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { Node, Pod } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import { createEventRecorder } from '#client/events.ts'
import type { Informers } from '#client/informers.ts'
import { nameOf } from '#client/resource.ts'
import { explain } from './explain.ts'
import type { ClusterEvent } from './framework.ts'
import { FILTERS, SCORERS } from './plugins/table.ts'
import { SchedulingQueue, type Taken } from './queue.ts'
import { type Decision, schedule } from './schedule.ts'
import { ClusterState } from './snapshot.ts'

export interface SchedulerDeps {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const SCHEDULER_NAME = 'default-scheduler'

/** Bindings in flight at once: enough to fill the store's group commits, few enough to keep the loop responsive. */
const BINDINGS_MAX = 64

const isAssigned = (pod: Pod): boolean => (pod.spec?.nodeName ?? '') !== ''
const isOurs = (pod: Pod): boolean =>
  (pod.spec?.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME &&
  pod.metadata.deletionTimestamp === undefined &&
  (pod.spec?.schedulingGates ?? []).length === 0

/** Returns the parts to run: the scheduler, and the recorder of its events. */
export function createScheduler(deps: SchedulerDeps): readonly Part[] {
  const { client, clock, random } = deps
  const log = deps.log.with({ part: 'scheduler' })
  const events = createEventRecorder({ client, clock, random, log, component: SCHEDULER_NAME })
  const pods = deps.informers.of('pods')
  const nodes = deps.informers.of('nodes')
  const state = new ClusterState()
  const queue = new SchedulingQueue(clock)
  const binding = new Set<Promise<void>>()
  let start = 0

  const placePod = (pod: Pod): void => {
    const key = keyOf(pod)
    queue.remove(key)
    state.setPod(key, pod)
  }
  const dropPod = (pod: Pod): void => {
    const key = keyOf(pod)
    queue.remove(key)
    if (!state.isPlaced(key)) return
    state.removePod(key)
    queue.wake('pod-removed')
  }
  const observePod = (pod: Pod): void => {
    if (isTerminalPhase(pod.status?.phase)) dropPod(pod)
    else if (isAssigned(pod)) placePod(pod)
    else if (isOurs(pod)) queue.add(keyOf(pod), pod)
    else queue.remove(keyOf(pod))
  }

  const observeNode = (node: Node, happened: readonly ClusterEvent[]): void => {
    state.setNode(node)
    for (const event of happened) queue.wake(event)
  }

  const bind = async (taken: Taken, nodeName: string, signal: AbortSignal): Promise<void> => {
    const { pod, key } = taken
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: {
        name: pod.metadata.name,
        namespace: pod.metadata.namespace,
        uid: pod.metadata.uid,
      },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    }
    try {
      await client.pods.createSub(nameOf(pod), 'binding', body, signal)
      const message = `Successfully assigned ${key} to ${nodeName}`
      events.event(pod, { type: 'Normal', reason: 'Scheduled', message })
    } catch (error) {
      const isFreed = state.forget(key, pod)
      queue.failed(key, pod)
      if (isFreed) queue.wake('pod-removed')
      if (signal.aborted) return
      // Gone, or bound by somebody else: the watch tells.
      if (isReason(error, 'NotFound', 'Conflict')) return
      log.warn('binding failed', { pod: key, node: nodeName, error })
      const message = `Binding rejected: ${messageOf(error)}`
      events.event(pod, { type: 'Warning', reason: 'FailedScheduling', message })
    }
  }

  const refuse = async (
    { pod, key }: Taken,
    decision: Exclude<Decision, { readonly kind: 'place' }>,
    signal: AbortSignal,
  ): Promise<void> => {
    const message = explain(pod, decision)
    queue.refused(key, wakesOf(decision))
    events.event(pod, { type: 'Warning', reason: 'FailedScheduling', message })
    const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (before?.status === 'False' && before.message === message) return
    const isSame = before?.status === 'False'
    const lastTransitionTime =
      (isSame ? before.lastTransitionTime : undefined) ?? rfc3339(clock.now())
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime,
    }
    const patch = { type: 'strategic', body: { status: { conditions: [condition] } } } as const
    try {
      await client.pods.patch(nameOf(pod), patch, { subresource: 'status' }, signal)
    } catch (error) {
      if (!signal.aborted) log.debug('condition not written', { pod: key, error })
    }
  }

  /** The cache may be ahead of what was queued: a pod bound or deleted meanwhile is left alone. */
  const current = (taken: Taken): Taken | undefined => {
    const pod = pods.get(taken.key)
    if (pod === undefined || isAssigned(pod) || isTerminalPhase(pod.status?.phase) || !isOurs(pod))
      return undefined
    return { ...taken, pod }
  }

  const track = (work: Promise<void>): void => {
    const tracked = work.finally(() => binding.delete(tracked))
    binding.add(tracked)
  }

  const decide = (taken: Taken, signal: AbortSignal): void => {
    const all = state.nodes()
    const chance = { start: start % Math.max(1, all.length), random: random.float() }
    const decision = schedule(taken.pod, all, { filters: FILTERS, scorers: SCORERS }, chance)
    if (decision.kind !== 'place') {
      track(refuse(taken, decision, signal))
      return
    }
    start += decision.examined
    state.assume(taken.key, taken.pod, decision.nodeName)
    track(bind(taken, decision.nodeName, signal))
  }

  const run = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([nodes.synced(signal), pods.synced(signal)])
    nodes.addHandler({
      onAdd: node => observeNode(node, ['node-added']),
      onUpdate: (before, after) => observeNode(after, changesOf(before, after)),
      onDelete: node => state.removeNode(node.metadata.name ?? ''),
    })
    pods.addHandler({
      onAdd: observePod,
      onUpdate: (_before, after) => observePod(after),
      onDelete: dropPod,
    })
    try {
      for (;;) {
        const taken = await queue.take(signal)
        if (taken === undefined) return
        const fresh = current(taken)
        if (fresh === undefined) queue.remove(taken.key)
        else decide(fresh, signal)
        if (binding.size >= BINDINGS_MAX) await Promise.race(binding)
      }
    } finally {
      queue.close()
      await Promise.all(binding)
    }
  }

  return [
    events,
    {
      name: 'scheduler',
      async run(signal) {
        try {
          await run(signal)
        } catch (error) {
          if (!signal.aborted) throw error
        }
      },
    },
  ]
}

/** Events that some plugin among the refusing ones waits for. */
function wakesOf(
  decision: Exclude<Decision, { readonly kind: 'place' }>,
): ReadonlySet<ClusterEvent> | undefined {
  if (decision.kind === 'no-nodes') return new Set(['node-added'])
  const plugins = new Set([...decision.refusals.values()].map(({ plugin }) => plugin))
  return new Set(FILTERS.filter(({ name }) => plugins.has(name)).flatMap(({ wakes }) => wakes))
}

/** What of a node changed that may matter to a waiting pod. */
function changesOf(before: Node, after: Node): readonly ClusterEvent[] {
  const differs = (of: (node: Node) => unknown): boolean =>
    JSON.stringify(of(before)) !== JSON.stringify(of(after))
  const changes: ClusterEvent[] = []
  if (differs(node => node.status?.allocatable)) changes.push('node-allocatable')
  if (differs(node => node.metadata.labels)) changes.push('node-labels')
  if (differs(node => [node.spec?.taints, node.spec?.unschedulable])) changes.push('node-taints')
  return changes
}
