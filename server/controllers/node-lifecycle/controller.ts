/**
 * Watches nodes' signs of life, marks the silent ones, and moves pods off nodes they do not tolerate.
 * Two controllers, one for nodes and one for the pods on tainted nodes, over the same plan.
 */
import { keyOf } from '#api/object.ts'
import { isReason } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import type { Node, Pod } from '#api/types/core-v1.ts'
import { ifThere } from '#client/absence.ts'
import { type Controller, createController, type SyncResult } from '#client/controller.ts'
import { nameOf } from '#client/resource.ts'
import type { RecordingDeps } from '../deps.ts'
import { isTerminal } from '../pods.ts'
import {
  asIfReachable,
  evictionTimeMs,
  GRACE_MS,
  isDisrupted,
  planTaints,
  readyStatus,
  silentConditions,
  STARTUP_GRACE_MS,
  unreadyConditions,
} from './plan.ts'

const WORKERS = 4
const LEASE_NAMESPACE = 'kube-node-lease'
const BY_NODE = 'node'
/** How often a node is looked at without an event. */
const LOOK_AGAIN_MS = 5_000

interface Sign {
  /** What the Lease and the status said when they last changed. */
  readonly mark: string
  readonly atMs: number
}

export function createNodeLifecycleController(deps: RecordingDeps): Controller {
  const { client, clock, events, informers } = deps
  const nodes = informers.of('nodes')
  const pods = informers.of('pods')
  const leases = informers.of('leases', { namespace: LEASE_NAMESPACE })
  const signs = new Map<string, Sign>()
  pods.addIndex(BY_NODE, pod => [pod.spec?.nodeName ?? ''])

  const silenceMs = (node: Node): number => {
    const name = node.metadata.name ?? ''
    const renewed = leases.get(`${LEASE_NAMESPACE}/${name}`)?.spec?.renewTime
    const heartbeat = node.status?.conditions?.find(
      ({ type }) => type === 'Ready',
    )?.lastHeartbeatTime
    const mark = `${node.metadata.uid}|${renewed}|${heartbeat}`
    const nowMs = clock.monotonic()
    const sign = signs.get(name)
    if (sign?.mark !== mark) signs.set(name, { mark, atMs: nowMs })
    return sign?.mark === mark ? nowMs - sign.atMs : 0
  }

  const markPods = async (node: Node, signal: AbortSignal): Promise<void> => {
    for (const pod of pods.byIndex(BY_NODE, node.metadata.name ?? '')) {
      const conditions = isTerminal(pod) ? undefined : unreadyConditions(pod, clock.now())
      if (conditions === undefined) continue
      const message = 'Node is not ready'
      events.event(pod, { type: 'Warning', reason: 'NodeNotReady', message })
      const status = { ...pod.status, conditions }
      await ifThere(client.pods.updateStatus({ ...pod, status }, {}, signal))
    }
  }

  const sync = async (name: string, signal: AbortSignal): Promise<SyncResult | undefined> => {
    const node = nodes.get(name)
    if (node === undefined) {
      signs.delete(name)
      return undefined
    }
    const hasPosted = (node.status?.conditions ?? []).some(({ type }) => type === 'Ready')
    const graceMs = hasPosted ? (deps.config.nodeMonitorGraceMs ?? GRACE_MS) : STARTUP_GRACE_MS
    let seen = node
    if (silenceMs(node) > graceMs) {
      const conditions = silentConditions(node, clock.now())
      if (conditions !== undefined) {
        const message = `Node ${name} status is now: NodeNotReady`
        events.event(node, { type: 'Normal', reason: 'NodeNotReady', message })
        const status = { ...node.status, conditions }
        seen = await client.nodes.updateStatus({ ...node, status }, {}, signal)
      }
    }
    const taints = planTaints(seen, clock.now())
    if (taints !== undefined) {
      const { resourceVersion } = seen.metadata
      const body = { metadata: { resourceVersion }, spec: { taints } }
      seen = await client.nodes.patch({ name }, { type: 'merge', body }, {}, signal)
    }
    if (hasPosted && readyStatus(seen) !== 'True') await markPods(seen, signal)
    return { requeueAfterMs: Math.min(LOOK_AGAIN_MS, graceMs) }
  }

  const controller = createController({
    name: 'node-lifecycle',
    workers: WORKERS,
    needs: [nodes, pods, leases],
    sync,
    clock,
    random: deps.random,
    log: deps.log,
  })
  nodes.addHandler({
    onAdd: node => controller.enqueue(node.metadata.name ?? ''),
    onUpdate: (_before, after) => controller.enqueue(after.metadata.name ?? ''),
    onDelete: node => controller.enqueue(node.metadata.name ?? ''),
  })
  return controller
}

export function createTaintEvictionController(deps: RecordingDeps): Controller {
  const { client, clock, events, informers } = deps
  const nodes = informers.of('nodes')
  const pods = informers.of('pods')
  pods.addIndex(BY_NODE, pod => [pod.spec?.nodeName ?? ''])
  /** When a pod was first seen on a node that wants it gone; a pod that may stay is forgotten. */
  const firstSeen = new Map<string, { readonly uid: string | undefined; readonly atMs: number }>()

  const evict = async (pod: Pod, signal: AbortSignal): Promise<void> => {
    const message = `Marking for deletion Pod ${keyOf(pod)}`
    events.event(pod, { type: 'Normal', reason: 'TaintManagerEviction', message })
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: rfc3339(clock.now()),
    }
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type)
    const status = { ...pod.status, conditions: [...others, condition] }
    const { uid } = pod.metadata
    try {
      await client.pods.updateStatus({ ...pod, status }, {}, signal)
      const preconditions = uid === undefined ? {} : { uid }
      await client.pods.delete(nameOf(pod), { preconditions }, signal)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  const controller = createController({
    name: 'taint-eviction',
    workers: WORKERS,
    needs: [nodes, pods],
    async sync(key, signal) {
      const pod = pods.get(key)
      const node = nodes.get(pod?.spec?.nodeName ?? '')
      const known = firstSeen.get(key)
      // Not by the wall clock: when it jumps, pods must not lose their toleration.
      const nowMs = clock.monotonic()
      const atMs = known?.uid === pod?.metadata.uid ? (known?.atMs ?? nowMs) : nowMs
      const dueMs =
        pod === undefined || node === undefined ? undefined : evictionTimeMs(pod, node, atMs)
      if (pod === undefined || dueMs === undefined) {
        firstSeen.delete(key)
        return undefined
      }
      const isOurFault = node !== undefined && isDisrupted(nodes.list())
      if (isOurFault && evictionTimeMs(pod, asIfReachable(node), atMs) === undefined) {
        // Its time begins anew when the others are heard again.
        firstSeen.set(key, { uid: pod.metadata.uid, atMs: nowMs })
        return { requeueAfterMs: LOOK_AGAIN_MS }
      }
      if (dueMs <= nowMs) {
        await evict(pod, signal)
        return undefined
      }
      firstSeen.set(key, { uid: pod.metadata.uid, atMs })
      return { requeueAfterMs: dueMs - nowMs }
    },
    clock,
    random: deps.random,
    log: deps.log,
  })
  const enqueuePods = (node: Node): void => {
    for (const pod of pods.byIndex(BY_NODE, node.metadata.name ?? ''))
      controller.enqueue(keyOf(pod))
  }
  nodes.addHandler({
    onAdd: enqueuePods,
    onUpdate: (before, after) => {
      if (JSON.stringify(before.spec?.taints) !== JSON.stringify(after.spec?.taints))
        enqueuePods(after)
    },
  })
  pods.addHandler({
    onAdd: pod => controller.enqueue(keyOf(pod)),
    onUpdate: (before, after) => {
      const isSame =
        before.spec?.nodeName === after.spec?.nodeName &&
        before.spec?.tolerations === after.spec?.tolerations
      if (!isSame) controller.enqueue(keyOf(after))
    },
    onDelete: pod => controller.enqueue(keyOf(pod)),
  })
  return controller
}
