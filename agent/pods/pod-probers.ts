/** The probers of one pod: one per running container that has probes, started and stopped as containers come and go. */
import type { Pod } from '#api/types/core-v1.ts'
import type { Observation } from '../runtime/runtime.ts'
import type { PodDeps } from './deps.ts'
import type { PodMemory } from './memory.ts'
import { containerEvent, warning } from './pod-events.ts'
import { hasProbes, Prober } from './prober.ts'
import { containerID } from './status.ts'
import { isDeleted } from './view.ts'

const TITLE = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const

export class PodProbers {
  readonly #deps: PodDeps
  readonly #memory: PodMemory
  readonly #onChange: () => void
  readonly #probers = new Map<string, Prober>()

  constructor(deps: PodDeps, memory: PodMemory, onChange: () => void) {
    this.#deps = deps
    this.#memory = memory
    this.#onChange = onChange
  }

  sync(pod: Pod, observed: Observation): void {
    const alive = new Set<string>()
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
    const podIP = this.#memory.podIPs[0] ?? ''
    for (const state of observed.containers) {
      // a container that is being stopped is not asked whether it is well
      const isStopping = this.#memory.stops.has(state.id) || isDeleted(pod)
      if (state.state !== 'running' || isStopping) continue
      alive.add(state.id)
      const container = containers.find(({ name }) => name === state.name)
      if (container === undefined || !hasProbes(container) || podIP === '') continue
      if (!this.#probers.has(state.id)) {
        const known = pod.status?.containerStatuses?.find(({ name }) => name === state.name)
        this.#probers.set(
          state.id,
          new Prober({
            runtime: this.#deps.runtime,
            clock: this.#deps.clock,
            target: { container, containerID: state.id, podIP },
            startedAtMs: state.startedAtMs,
            wasReady: known?.containerID === containerID(state) && known.ready,
            onChange: () => this.#publish(state.id),
            onFailure: (kind, { output }) =>
              containerEvent(
                this.#deps.events,
                { pod, container: state.name },
                warning('Unhealthy', `${TITLE[kind]} probe failed: ${output}`),
              ),
          }),
        )
      }
      const summary = this.#probers.get(state.id)?.summary
      if (summary !== undefined) this.#memory.probes.set(state.id, summary)
    }
    this.#forgetExcept(alive)
  }

  close(): void {
    this.#forgetExcept(new Set())
  }

  #publish(id: string): void {
    const summary = this.#probers.get(id)?.summary
    if (summary !== undefined) this.#memory.probes.set(id, summary)
    this.#onChange()
  }

  #forgetExcept(alive: ReadonlySet<string>): void {
    for (const [id, prober] of this.#probers) {
      if (alive.has(id)) continue
      prober.stop()
      this.#probers.delete(id)
      this.#memory.probes.delete(id)
    }
  }
}
