/** What the kubelet API's answers are made from, and how a path names a container. Types only. */
import type { Pod } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface NodeApiDeps {
  readonly nodeName: string
  readonly nodeIPs: readonly string[]
  readonly runtime: Runtime
  readonly clock: Clock
  readonly pods: {
    get(namespace: string, name: string): Pod | undefined
    list(): readonly Pod[]
  }
}

/** Which container a path names. */
export interface ContainerPath {
  readonly pod: Pod
  readonly container: string
  readonly query: URLSearchParams
}
