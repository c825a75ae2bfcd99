/**
 * What the agent asks of a container runtime, in CRI's words: sandboxes, containers, images, streams, events.
 * The one implementation is `docker/`; nothing outside `agent/runtime` knows which engine answers.
 *
 * Throws  RuntimeError, from every method. Every call has a deadline of its own.
 * Law     Creating is idempotent by name: a second create with the same name returns the first one's id.
 * Source: k8s.io/cri-api pkg/apis/runtime/v1/api.proto
 */
import type { Duplex, Readable } from 'node:stream'

export interface RuntimeInfo {
  /** `docker` */
  readonly name: string
  readonly version: string
  readonly apiVersion: string
  readonly cgroupDriver: 'cgroupfs' | 'systemd'
  readonly cgroupVersion: 1 | 2
  readonly liveRestore: boolean
  readonly rootDir: string
  readonly kernelVersion: string
  readonly operatingSystem: string
  readonly osType: string
  readonly architecture: string
}

/** Whose a sandbox or container is: enough to rebuild the agent's knowledge after a restart. */
export interface PodIdentity {
  readonly uid: string
  readonly namespace: string
  readonly name: string
}

export interface SandboxState {
  readonly id: string
  readonly pod: PodIdentity
  readonly attempt: number
  readonly state: 'created' | 'ready' | 'not-ready'
  /** Process id of the sandbox's init on this host; 0 unless ready. */
  readonly pid: number
  readonly createdAtMs: number
  readonly hostNetwork: boolean
  /** Seconds a pod that is no longer known to the API gets to end. */
  readonly graceSeconds: number
}

export interface ContainerState {
  readonly id: string
  readonly pod: PodIdentity
  readonly name: string
  readonly sandboxID: string
  readonly state: 'created' | 'running' | 'exited'
  /** 0 for the first instance; the restart count of its name. */
  readonly attempt: number
  /** The reference the pod asked for. */
  readonly image: string
  /** `sha256:...` */
  readonly imageID: string
  readonly pid: number
  readonly createdAtMs: number
  /** 0 when it never started. */
  readonly startedAtMs: number
  /** 0 unless exited. */
  readonly finishedAtMs: number
  readonly exitCode: number
  readonly oomKilled: boolean
  /** The engine's own words when it could not start. */
  readonly error: string
  /** Host file with the termination message, or empty. */
  readonly terminationFile: string
  readonly terminationPolicy: string
  readonly tty: boolean
}

export interface Observation {
  readonly sandboxes: readonly SandboxState[]
  readonly containers: readonly ContainerState[]
}

export interface SandboxConfig {
  readonly pod: PodIdentity
  readonly attempt: number
  readonly hostname: string
  readonly hostNetwork: boolean
  readonly hostPID: boolean
  readonly hostIPC: boolean
  readonly sysctls: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly cgroupParent: string
  readonly graceSeconds: number
}

export interface Mount {
  readonly hostPath: string
  readonly containerPath: string
  readonly readOnly: boolean
  readonly propagation: 'private' | 'rslave' | 'rshared'
}

export interface Device {
  readonly hostPath: string
  readonly containerPath: string
  readonly permissions: string
}

export interface ContainerResources {
  readonly cpuShares: number
  /** Microseconds per 100 ms; 0 is no limit. */
  readonly cpuQuota: number
  /** Bytes; 0 is no limit. */
  readonly memoryBytes: number
  readonly oomScoreAdj: number
}

export interface ContainerSecurity {
  /** `uid`, `uid:gid`, or empty for the image's own. */
  readonly user: string
  readonly groups: readonly number[]
  readonly privileged: boolean
  readonly readOnlyRootFilesystem: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly noNewPrivileges: boolean
  /** `unconfined`, a profile file's content, or empty for the engine's default. */
  readonly seccomp: string
  readonly appArmor: string
  readonly seLinux: readonly string[]
  readonly maskedPaths: 'default' | 'none'
}

export interface ContainerConfig {
  readonly pod: PodIdentity
  readonly sandboxID: string
  readonly name: string
  readonly attempt: number
  readonly image: string
  /** Undefined keeps the image's ENTRYPOINT; an empty list is not possible in a pod. */
  readonly command: readonly string[] | undefined
  readonly args: readonly string[] | undefined
  readonly env: readonly string[]
  readonly workingDir: string
  readonly mounts: readonly Mount[]
  readonly devices: readonly Device[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly resources: ContainerResources
  readonly security: ContainerSecurity
  readonly hostNetwork: boolean
  readonly hostPID: boolean
  readonly hostIPC: boolean
  readonly shareProcessNamespace: boolean
  readonly cgroupParent: string
  readonly terminationFile: string
  readonly terminationPolicy: string
  readonly labels: Readonly<Record<string, string>>
  /** Empty keeps the image's own. */
  readonly stopSignal: string
}

export interface ImageState {
  /** `sha256:...` of the image's configuration. */
  readonly id: string
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly sizeBytes: number
  /** The image's USER: empty, a name, or `uid[:gid]`. */
  readonly user: string
}

export interface RegistryAuth {
  readonly username: string
  readonly password: string
  readonly serverAddress: string
}

export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly tailLines?: number
  /** Seconds since the epoch, with fraction. */
  readonly sinceSeconds?: number
}

export interface ExecOptions {
  readonly command: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

/** A running exec or attach. Reading `stdout` and `stderr` to their ends is the caller's duty. */
export interface StreamSession {
  readonly stdin: Duplex | undefined
  readonly stdout: Readable
  readonly stderr: Readable
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>
  /** Exit code once the streams have ended; for attach, undefined. */
  exitCode(): Promise<number | undefined>
  close(): void
}

export interface ExecResult {
  readonly exitCode: number
  /** stdout and stderr in order of arrival, cut at 10 kB. */
  readonly output: string
}

/** Something happened to a container or sandbox of this pod: look again. */
export interface RuntimeEvent {
  readonly podUID: string
  readonly containerID: string
  readonly action: string
}

export interface Runtime {
  /** Cheap liveness of the engine. */
  ping(): Promise<void>
  info(): Promise<RuntimeInfo>
  /** Everything of one pod, or of all pods; sandboxes and containers newest first. */
  observe(podUID?: string): Promise<Observation>

  createSandbox(config: SandboxConfig): Promise<string>
  /** Starts a created sandbox; returns its init's process id. */
  startSandbox(sandboxID: string): Promise<number>
  removeSandbox(sandboxID: string): Promise<void>

  createContainer(config: ContainerConfig): Promise<string>
  startContainer(containerID: string): Promise<void>
  /** Sends the stop signal of the container's image (or TERM); does not wait. Gone or ended is fine. */
  signalStop(containerID: string): Promise<void>
  killContainer(containerID: string): Promise<void>
  /** Kills if it runs. Gone is fine. */
  removeContainer(containerID: string): Promise<void>

  imageStatus(reference: string): Promise<ImageState | undefined>
  listImages(): Promise<readonly ImageState[]>
  /** Throws RuntimeError('timeout') when no progress is seen for a minute. */
  pullImage(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<void>
  /** Loads a `docker save` archive. */
  loadImage(archive: Buffer): Promise<void>
  /** Gone is fine. */
  removeImage(reference: string): Promise<void>

  /** Log lines as bytes; stdout and stderr in their order. Ends when the container does, or now. */
  logs(containerID: string, options: LogOptions, signal: AbortSignal): Promise<Readable>
  exec(containerID: string, options: ExecOptions): Promise<StreamSession>
  execSync(containerID: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>
  attach(containerID: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession>

  /**
   * Calls `onEvent` until `signal` aborts, across engine restarts. `onConnect` runs after each (re)connection:
   * events in between are lost, so look at everything again.
   */
  events(
    handlers: { onEvent(event: RuntimeEvent): void; onConnect(): void; onDisconnect(): void },
    signal: AbortSignal,
  ): Promise<void>
}
