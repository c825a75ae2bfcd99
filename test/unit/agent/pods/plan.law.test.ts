/** Over random worlds: plan and apply reaches rest, and a deleted pod leaves nothing behind. The seed is in the name. */
import t from 'tap'
import { keyOfAction, type PodAction, planPod } from '#agent/pods/plan.ts'
import { nextCrashBackoff } from '#agent/pods/restart.ts'
import type { ContainerState, SandboxState } from '#agent/runtime/runtime.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { seededRandom, type Random } from '#base/random.ts'
import { aContainer, aPod, aSandbox, aView, IMAGE, READY } from '../../../support/pod-worlds.ts'

const WORLDS = 300
const PASSES_MAX = 60
const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 5 }

/** An engine of a few lines: what actions do to a pod. */
class World {
  pod: Pod
  sandboxes: SandboxState[] = []
  containers: ContainerState[] = []
  nowMs = 0
  isGone = false
  readonly starts = new Map<string, number>()
  #network = ''
  #volumes: 'mounted' | 'unmounted' = 'unmounted'
  readonly #images = new Map<string, { readonly id: string }>()
  readonly #crashes = new Map<string, ReturnType<typeof nextCrashBackoff>>()
  readonly #stops = new Map<string, { readonly sinceMs: number; readonly graceMs: number }>()
  readonly #random: Random

  constructor(pod: Pod, random: Random) {
    this.pod = pod
    this.#random = random
  }

  view() {
    return aView({
      pod: this.pod,
      sandboxes: this.sandboxes,
      containers: this.containers,
      nowMs: this.nowMs,
      local: {
        ...READY,
        networkSandboxID: this.#network,
        volumes: this.#volumes,
        images: this.#images,
        crashes: this.#crashes,
        stops: this.#stops,
      },
    })
  }

  end(container: ContainerState, exitCode: number): void {
    this.containers = this.containers.map(other =>
      other.id === container.id
        ? { ...other, state: 'exited', exitCode, finishedAtMs: this.nowMs }
        : other,
    )
  }

  /** Something happens by itself. */
  disturb(): void {
    const dice = this.#random.float()
    const victim = this.containers.find(({ state }) => state === 'running')
    if (dice < 0.5 && victim !== undefined) this.end(victim, dice < 0.2 ? 0 : 1)
    else if (dice < 0.7)
      this.sandboxes = this.sandboxes.map(sandbox => ({ ...sandbox, state: 'not-ready' }))
    else if (dice < 0.8) this.containers = this.containers.slice(1)
  }

  apply(action: PodAction): void {
    switch (action.kind) {
      case 'mount-volumes':
        this.#volumes = 'mounted'
        break
      case 'unmount-volumes':
        this.#volumes = 'unmounted'
        break
      case 'create-sandbox':
        this.sandboxes = [
          aSandbox({ id: `s${action.attempt}`, attempt: action.attempt }),
          ...this.sandboxes,
        ]
        break
      case 'setup-network':
        this.#network = action.sandbox.id
        break
      case 'remove-sandbox':
        this.sandboxes = this.sandboxes.filter(({ id }) => id !== action.sandbox.id)
        break
      case 'ensure-image':
        this.#images.set(IMAGE, { id: 'sha256:1' })
        break
      case 'start-container': {
        const { container, attempt, sandboxID } = action
        if (attempt > 0)
          this.#crashes.set(
            container.name,
            nextCrashBackoff(this.#crashes.get(container.name), this.nowMs, this.nowMs),
          )
        const started = this.starts.get(container.name) ?? 0
        this.starts.set(container.name, started + 1)
        const made = aContainer(container.name, {
          id: `${container.name}-${started}`,
          attempt,
          sandboxID,
          startedAtMs: this.nowMs + 1,
        })
        this.containers = [made, ...this.containers].sort(
          (left, right) => right.attempt - left.attempt,
        )
        if (container.name.startsWith('i')) this.end(made, 0)
        break
      }
      case 'stop-container':
        this.#stops.set(action.container.id, { sinceMs: this.nowMs, graceMs: action.graceMs })
        // some programs do not obey
        if (this.#random.float() < 0.7) this.end(action.container, 0)
        break
      case 'kill-container':
        this.end(action.container, 137)
        break
      case 'remove-container':
        this.containers = this.containers.filter(({ id }) => id !== action.container.id)
        break
      case 'report-back-off':
        break
      case 'delete-pod':
        this.isGone = true
    }
  }

  /** Returns  how many passes it took until nothing was left to do. */
  settle(): number {
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      if (this.isGone) return pass
      const { actions, requeueAfterMs } = planPod(this.view())
      const keys = actions.map(keyOfAction)
      if (new Set(keys).size !== keys.length) throw new Error(`one key twice: ${keys.join(' ')}`)
      if (actions.length === 0 && requeueAfterMs === undefined) return pass
      for (const action of actions) this.apply(action)
      this.nowMs += requeueAfterMs ?? 10
    }
    return PASSES_MAX
  }
}

const POLICIES = ['Always', 'OnFailure', 'Never'] as const

void t.test(`${WORLDS} seeded worlds come to rest, and go without a trace`, async t => {
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = seededRandom(seed)
    const names = (prefix: string, most: number): { name: string; image: string }[] =>
      Array.from({ length: Math.floor(random.float() * (most + 1)) }, (_value, index) => ({
        name: `${prefix}${index}`,
        image: IMAGE,
      }))
    const restartPolicy = POLICIES[Math.floor(random.float() * POLICIES.length)] ?? 'Always'
    const world = new World(
      aPod({
        restartPolicy,
        initContainers: names('i', 2),
        containers: [{ name: 'c', image: IMAGE }, ...names('d', 2)],
      }),
      random,
    )
    let passes = world.settle()
    for (let round = 0; round < 4; round++) {
      world.disturb()
      passes = Math.max(passes, world.settle())
    }
    const states = world.containers.map(({ name, state }) => `${name}=${state}`).join(' ')
    if (passes >= PASSES_MAX) t.fail(`seed ${seed}: no rest; ${states}`)
    const isRunning = world.containers.some(({ state }) => state === 'running')
    if (restartPolicy === 'Always' && !isRunning) t.fail(`seed ${seed}: Always, and nothing runs`)
    world.pod = { ...world.pod, metadata: { ...world.pod.metadata, ...DELETED } }
    const left = world.settle()
    const isClean = world.isGone && world.containers.length === 0 && world.sandboxes.length === 0
    if (left >= PASSES_MAX || !isClean) t.fail(`seed ${seed}: deleted, not gone; ${states}`)
  }
  t.pass('all of them')
})
