/** Small worlds for the pure parts of the agent: a pod, its sandbox and containers, and what the agent remembers. */
import type { PodLocal, PodView } from '#agent/pods/view.ts'
import type { ContainerState, SandboxState } from '#agent/runtime/runtime.ts'
import type { ObjectMeta } from '#api/object.ts'
import type { Pod, PodSpec } from '#api/types/core-v1.ts'

export const IMAGE = 'img'
const IDENTITY = { uid: 'u1', namespace: 'default', name: 'web' }

export const aPod = (spec: Partial<PodSpec> = {}, metadata: ObjectMeta = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...metadata },
  spec: { containers: [{ name: 'c', image: IMAGE }], terminationGracePeriodSeconds: 30, ...spec },
})

export const withContainer = (name: string): Pod =>
  aPod({
    containers: [
      { name: 'c', image: IMAGE },
      { name, image: IMAGE },
    ],
  })

export const aSandbox = (overrides: Partial<SandboxState> = {}): SandboxState => ({
  id: 's0',
  pod: IDENTITY,
  attempt: 0,
  state: 'ready',
  pid: 7,
  createdAtMs: 0,
  hostNetwork: false,
  graceSeconds: 30,
  ...overrides,
})

export const aContainer = (
  name: string,
  overrides: Partial<ContainerState> = {},
): ContainerState => ({
  id: `${name}-${overrides.attempt ?? 0}`,
  pod: IDENTITY,
  name,
  sandboxID: 's0',
  state: 'running',
  attempt: 0,
  image: IMAGE,
  imageID: 'sha256:1',
  pid: 8,
  createdAtMs: 0,
  startedAtMs: 500,
  finishedAtMs: overrides.state === 'exited' ? 1000 : 0,
  exitCode: 0,
  oomKilled: false,
  error: '',
  terminationFile: '',
  terminationPolicy: 'File',
  tty: false,
  ...overrides,
})

const NOTHING: PodLocal = {
  networkSandboxID: '',
  podIPs: [],
  volumes: 'unmounted',
  volumeFailure: undefined,
  sandboxFailure: undefined,
  images: new Map(),
  startFailures: new Map(),
  crashes: new Map(),
  probes: new Map(),
  stops: new Map(),
  terminationMessages: new Map(),
  probeKilled: new Set(),
  busy: new Set(),
  refusal: undefined,
}

/** Volumes, network and image are there. */
export const READY: Partial<PodLocal> = {
  networkSandboxID: 's0',
  podIPs: ['10.42.0.2'],
  volumes: 'mounted',
  images: new Map([[IMAGE, { id: 'sha256:1', user: '' }]]),
}

export interface World {
  readonly pod?: Pod
  readonly sandboxes?: readonly SandboxState[]
  /** Newest first. */
  readonly containers?: readonly ContainerState[]
  readonly local?: Partial<PodLocal>
  readonly nowMs?: number
}

export const aView = ({
  pod = aPod(),
  sandboxes = [],
  containers = [],
  local = {},
  nowMs = 0,
}: World = {}): PodView => ({
  pod,
  observed: { sandboxes, containers },
  local: { ...NOTHING, ...local },
  nowMs,
})
