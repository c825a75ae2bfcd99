/** The agent's memory of one pod: `PodLocal`, writable by the executors of its worker alone. */
import type { CrashBackoff } from './restart.ts'
import type { ImageRecord, PodLocal, ProbeSummary, StartFailure, StopRecord } from './view.ts'

export interface PodMemory extends PodLocal {
  networkSandboxID: string
  podIPs: readonly string[]
  volumes: PodLocal['volumes']
  volumeFailure: PodLocal['volumeFailure']
  sandboxFailure: PodLocal['sandboxFailure']
  refusal: PodLocal['refusal']
  readonly images: Map<string, ImageRecord>
  readonly startFailures: Map<string, StartFailure>
  readonly crashes: Map<string, CrashBackoff>
  readonly probes: Map<string, ProbeSummary>
  readonly stops: Map<string, StopRecord>
  readonly terminationMessages: Map<string, string>
  readonly probeKilled: Set<string>
  readonly busy: Set<string>
  /** Host paths of mounted volumes by name. */
  volumePaths: ReadonlyMap<string, string>
  /** Failures in a row, for back-off. */
  volumeFailures: number
  sandboxFailures: number
  /** When a back-off was last reported, by container name. */
  readonly reported: Map<string, number>
}

export const newMemory = (): PodMemory => ({
  networkSandboxID: '',
  podIPs: [],
  volumes: 'unmounted',
  volumeFailure: undefined,
  sandboxFailure: undefined,
  refusal: undefined,
  images: new Map(),
  startFailures: new Map(),
  crashes: new Map(),
  probes: new Map(),
  stops: new Map(),
  terminationMessages: new Map(),
  probeKilled: new Set(),
  busy: new Set(),
  volumePaths: new Map(),
  volumeFailures: 0,
  sandboxFailures: 0,
  reported: new Map(),
})
