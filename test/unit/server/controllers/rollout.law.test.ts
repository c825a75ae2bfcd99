/**
 * Laws of Deployment and ReplicaSet plans over seeded random worlds: whatever happens to pods, the plans converge, and
 * no step they take breaks the bounds of the rolling update.
 */
import t from 'tap'
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { type Random, seededRandom } from '#base/random.ts'
import { boundsOf } from '#server/controllers/deployment/bounds.ts'
import { planDeployment } from '#server/controllers/deployment/plan.ts'
import { isActive, isReady } from '#server/controllers/pods.ts'
import { meansTheSame } from '#server/controllers/same.ts'
import { planReplicaSet, replicaSetStatus } from '#server/controllers/replicaset/plan.ts'
import { aDeployment, at, NOW } from './objects.ts'

interface World {
  deployment: Deployment
  replicaSets: Map<string, ReplicaSet>
  pods: Map<string, Pod>
  count: number
}

const chance = (random: Random, share: number): boolean => random.float() < share
const pick = <T>(random: Random, values: readonly T[]): T | undefined =>
  values[Math.floor(random.float() * values.length)]

const podsOf = (world: World, replicaSet: ReplicaSet): Pod[] =>
  [...world.pods.values()].filter(
    pod => pod.metadata.ownerReferences?.[0]?.uid === replicaSet.metadata.uid,
  )

/** One pass of the Deployment controller. Returns how many actions it took. */
function syncDeployment(world: World): number {
  const { deployment } = world
  const replicaSets = [...world.replicaSets.values()]
  const withPods = new Set(
    replicaSets.filter(one => podsOf(world, one).length > 0).map(one => one.metadata.uid ?? ''),
  )
  const { actions, status } = planDeployment({ deployment, replicaSets, withPods, nowMs: NOW })
  const annotations = { ...deployment.metadata.annotations }
  for (const action of actions) {
    if (action.kind === 'set-revision')
      annotations['deployment.kubernetes.io/revision'] = action.revision
    else if (action.kind === 'roll-back') throw new Error('nobody asked for a rollback')
    else if (action.kind === 'delete-replica-set')
      world.replicaSets.delete(action.replicaSet.metadata.name ?? '')
    else {
      const { name = '', uid } = action.replicaSet.metadata
      world.count += 1
      const made = {
        uid: `uid-${name}`,
        generation: 1,
        creationTimestamp: at(10_000 - world.count),
      }
      const generation = (action.replicaSet.metadata.generation ?? 0) + 1
      const metadata =
        uid === undefined
          ? { ...action.replicaSet.metadata, ...made }
          : { ...action.replicaSet.metadata, generation }
      world.replicaSets.set(name, { ...action.replicaSet, metadata })
    }
  }
  world.deployment = { ...deployment, metadata: { ...deployment.metadata, annotations }, status }
  return actions.length
}

function syncReplicaSet(world: World, replicaSet: ReplicaSet): number {
  const { actions } = planReplicaSet(
    replicaSet,
    podsOf(world, replicaSet),
    [...world.pods.values()],
    NOW,
  )
  for (const action of actions) {
    if (action.kind === 'delete-pods') {
      for (const pod of action.pods) {
        const metadata = { ...pod.metadata, deletionTimestamp: at(0) }
        world.pods.set(pod.metadata.name ?? '', { ...pod, metadata })
      }
    } else {
      for (let index = 0; index < action.count; index += 1) {
        world.count += 1
        const name = `pod-${world.count}`
        const metadata = {
          ...action.pod.metadata,
          name,
          uid: name,
          creationTimestamp: at(10_000 - world.count),
        }
        world.pods.set(name, { ...action.pod, metadata, status: { phase: 'Pending' } })
      }
    }
  }
  return actions.length
}

/** Returns  1 when the status changed: somebody has to look again then. */
function observeReplicaSet(world: World, replicaSet: ReplicaSet): number {
  const status = replicaSetStatus(replicaSet, podsOf(world, replicaSet), NOW, undefined)
  world.replicaSets.set(replicaSet.metadata.name ?? '', { ...replicaSet, status })
  return meansTheSame(replicaSet.status, status) ? 0 : 1
}

function becomeReady(world: World, pod: Pod): void {
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: at(1) }
  world.pods.set(pod.metadata.name ?? '', {
    ...pod,
    status: { phase: 'Running', conditions: [ready] },
  })
}

const active = (world: World): Pod[] => [...world.pods.values()].filter(isActive)

/** Something the controllers do not decide: a pod starts, ends, or is deleted; the user changes the mind. */
function disturb(world: World, random: Random): void {
  const pod = pick(random, [...world.pods.values()])
  if (pod !== undefined) {
    if (pod.metadata.deletionTimestamp !== undefined) world.pods.delete(pod.metadata.name ?? '')
    else if (!isReady(pod)) becomeReady(world, pod)
  }
  if (!chance(random, 0.04)) return
  const spec = world.deployment.spec
  if (spec === undefined) return
  const image = `web:${1 + Math.floor(random.float() * 4)}`
  const template = { ...spec.template, spec: { containers: [{ name: 'c', image }] } }
  const generation = (world.deployment.metadata.generation ?? 0) + 1
  const metadata = { ...world.deployment.metadata, generation }
  world.deployment = { ...world.deployment, metadata, spec: { ...spec, template } }
}

/** Every controller looks, every pod starts and every deleted pod goes, until nothing changes. */
function settle(world: World): number {
  for (let round = 1; round <= 200; round += 1) {
    let done = syncDeployment(world)
    for (const replicaSet of world.replicaSets.values()) {
      done += syncReplicaSet(world, replicaSet)
      done += observeReplicaSet(
        world,
        world.replicaSets.get(replicaSet.metadata.name ?? '') ?? replicaSet,
      )
    }
    for (const pod of world.pods.values()) {
      const isGoing = pod.metadata.deletionTimestamp !== undefined
      if (isGoing || !isReady(pod)) done += 1
      if (isGoing) world.pods.delete(pod.metadata.name ?? '')
      else becomeReady(world, pod)
    }
    if (done === 0) return round
  }
  return Number.POSITIVE_INFINITY
}

const WORLDS = Number(process.env['KITES_TEST_WORLDS'] ?? 150)

/** Returns  what went wrong in the world of this seed. */
function faultOf(seed: number): string | undefined {
  const random = seededRandom(seed)
  const replicas = Math.floor(random.float() * 12)
  const rollingUpdate = {
    maxSurge: pick(random, ['25%', '0%', '100%', 1, 3]) ?? 1,
    maxUnavailable: pick(random, ['25%', '0%', '50%', 1, 2]) ?? 1,
  }
  const strategy = { type: 'RollingUpdate', rollingUpdate } as const
  const world: World = {
    deployment: aDeployment({ replicas, strategy }),
    replicaSets: new Map(),
    pods: new Map(),
    count: 0,
  }
  settle(world)
  const { maxSurge, maxUnavailable } = boundsOf(world.deployment)
  for (let step = 0; step < 120; step += 1) {
    const before = active(world).filter(isReady).length
    const choice = random.float()
    const replicaSet = pick(random, [...world.replicaSets.values()])
    if (choice < 0.3) syncDeployment(world)
    else if (choice < 0.5 && replicaSet !== undefined) syncReplicaSet(world, replicaSet)
    else if (choice < 0.75 && replicaSet !== undefined) observeReplicaSet(world, replicaSet)
    else disturb(world, random)
    const sizes = [...world.replicaSets.values()].reduce(
      (sum, one) => sum + (one.spec?.replicas ?? 0),
      0,
    )
    const available = active(world).filter(isReady).length
    if (sizes > replicas + maxSurge) return `seed ${seed} step ${step}: ${sizes} pods wanted`
    if (available < before && available < replicas - maxUnavailable) {
      return `seed ${seed} step ${step}: only ${available} available of ${replicas}`
    }
  }
  if (settle(world) > 100) return `seed ${seed}: does not settle`
  const isRight =
    active(world).length === replicas &&
    active(world).every(
      pod =>
        pod.spec?.containers[0]?.image ===
        world.deployment.spec?.template.spec?.containers[0]?.image,
    )
  return isRight ? undefined : `seed ${seed}: settled on the wrong pods`
}

void t.test(`bounds hold and plans converge in ${WORLDS} worlds`, t => {
  const faults: string[] = []
  for (let seed = 1; seed <= WORLDS; seed += 1) faults.push(...[faultOf(seed) ?? []].flat())
  t.same(faults, [])
  t.end()
})
