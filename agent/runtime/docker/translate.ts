/**
 * Our words to the Engine's and back: bodies of create calls, states of containers. Pure.
 *
 * A sandbox is a container with `NetworkDisabled`: it gets an empty network namespace without the Engine's
 * prestart hook (80 to 100 ms); the agent's own network part puts the interface into it.
 */
import {
  containerName,
  LABEL,
  podLabels,
  podOf,
  SANDBOX_CONTAINER,
  TYPE_CONTAINER,
  TYPE_SANDBOX,
} from '../labels.ts'
import type {
  ContainerConfig,
  ContainerState,
  ImageState,
  RuntimeInfo,
  SandboxConfig,
  SandboxState,
} from '../runtime.ts'
import type { WireContainer, WireImage, WireInfo } from './wire.ts'

/** The kubelet's: the sandbox is the last thing the kernel may kill. */
const SANDBOX_OOM_SCORE = -998
const CPU_PERIOD_MICROSECONDS = 100_000
/** What containerd's CRI reports for a program that could not be started. */
const START_ERROR_EXIT_CODE = 128
/** As kubelets rotate: five files of 10 MB. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } } as const

/** What the host allows; discovered while running. */
export interface HostLimits {
  readonly negativeOomScore: boolean
}

const oomScore = (wanted: number, limits: HostLimits): number =>
  limits.negativeOomScore ? wanted : Math.max(0, wanted)

export const sandboxName = (config: SandboxConfig): string =>
  containerName(config.pod, SANDBOX_CONTAINER, config.attempt)

export function sandboxBody(config: SandboxConfig, image: string, limits: HostLimits): unknown {
  return {
    Image: image,
    Hostname: config.hostNetwork ? '' : config.hostname,
    NetworkDisabled: !config.hostNetwork,
    Labels: {
      ...config.labels,
      ...podLabels(config.pod),
      [LABEL.type]: TYPE_SANDBOX,
      [LABEL.containerName]: SANDBOX_CONTAINER,
      [LABEL.attempt]: String(config.attempt),
      [LABEL.hostNetwork]: String(config.hostNetwork),
      [LABEL.graceSeconds]: String(config.graceSeconds),
    },
    HostConfig: {
      ...(config.hostNetwork ? { NetworkMode: 'host' } : {}),
      IpcMode: config.hostIPC ? 'host' : 'shareable',
      PidMode: config.hostPID ? 'host' : '',
      OomScoreAdj: oomScore(SANDBOX_OOM_SCORE, limits),
      CgroupParent: config.cgroupParent,
      Sysctls: config.sysctls,
      SecurityOpt: ['seccomp=unconfined', 'no-new-privileges'],
      LogConfig: { Type: 'none' },
      CpuShares: 2,
    },
  }
}

export const appContainerName = (config: ContainerConfig): string =>
  containerName(config.pod, config.name, config.attempt)

export function containerBody(config: ContainerConfig, limits: HostLimits): unknown {
  const { security } = config
  return {
    Image: config.image,
    ...(config.command === undefined ? {} : { Entrypoint: config.command }),
    ...commandOf(config),
    Env: config.env,
    WorkingDir: config.workingDir,
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    User: security.user,
    // the pod's probes decide, never the image's HEALTHCHECK
    Healthcheck: { Test: ['NONE'] },
    ...(config.stopSignal === '' ? {} : { StopSignal: config.stopSignal }),
    Labels: {
      ...config.labels,
      ...podLabels(config.pod),
      [LABEL.type]: TYPE_CONTAINER,
      [LABEL.containerName]: config.name,
      [LABEL.sandboxID]: config.sandboxID,
      [LABEL.attempt]: String(config.attempt),
      [LABEL.image]: config.image,
      [LABEL.terminationFile]: config.terminationFile,
      [LABEL.terminationPolicy]: config.terminationPolicy,
    },
    HostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : `container:${config.sandboxID}`,
      IpcMode: config.hostIPC ? 'host' : `container:${config.sandboxID}`,
      PidMode: pidMode(config),
      Mounts: config.mounts.map(mountBody),
      Devices: config.devices.map(device => ({
        PathOnHost: device.hostPath,
        PathInContainer: device.containerPath,
        CgroupPermissions: device.permissions,
      })),
      Privileged: security.privileged,
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      CapAdd: security.addCapabilities,
      CapDrop: security.dropCapabilities,
      GroupAdd: security.groups.map(String),
      SecurityOpt: securityOptions(config),
      ...(security.maskedPaths === 'none' ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
      OomScoreAdj: oomScore(config.resources.oomScoreAdj, limits),
      CpuShares: config.resources.cpuShares,
      ...(config.resources.cpuQuota === 0
        ? {}
        : { CpuPeriod: CPU_PERIOD_MICROSECONDS, CpuQuota: config.resources.cpuQuota }),
      Memory: config.resources.memoryBytes,
      // a pod gets no swap on top of its memory
      ...(config.resources.memoryBytes === 0 ? {} : { MemorySwap: config.resources.memoryBytes }),
      CgroupParent: config.cgroupParent,
      LogConfig: LOG_CONFIG,
    },
  }
}

/** As in a pod: a command without arguments drops the image's own arguments. */
function commandOf(config: ContainerConfig): { Cmd?: readonly string[] } {
  if (config.args !== undefined) return { Cmd: config.args }
  return config.command === undefined ? {} : { Cmd: [] }
}

function pidMode(config: ContainerConfig): string {
  if (config.hostPID) return 'host'
  return config.shareProcessNamespace ? `container:${config.sandboxID}` : ''
}

function mountBody(mount: ContainerConfig['mounts'][number]): unknown {
  return {
    Type: 'bind',
    Source: mount.hostPath,
    Target: mount.containerPath,
    ReadOnly: mount.readOnly,
    BindOptions: { Propagation: mount.propagation === 'private' ? 'rprivate' : mount.propagation },
  }
}

function securityOptions({ security }: ContainerConfig): string[] {
  return [
    ...(security.seccomp === '' ? [] : [`seccomp=${security.seccomp}`]),
    ...(security.appArmor === '' ? [] : [`apparmor=${security.appArmor}`]),
    ...security.seLinux.map(option => `label=${option}`),
    ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
  ]
}

/** Engines write year 1 for "never". */
export function epochMs(text: string): number {
  const value = Date.parse(text)
  return Number.isNaN(value) || value < 0 ? 0 : value
}

const isRunning = (status: string): boolean => status === 'running' || status === 'paused'

/** Undefined when the labels are not a sandbox's. */
export function sandboxState(wire: WireContainer): SandboxState | undefined {
  const labels = wire.Config.Labels ?? {}
  const pod = podOf(labels)
  if (pod === undefined || labels[LABEL.type] !== TYPE_SANDBOX) return undefined
  const { Status: status } = wire.State
  return {
    id: wire.Id,
    pod,
    attempt: Number(labels[LABEL.attempt] ?? 0),
    state: isRunning(status) ? 'ready' : status === 'created' ? 'created' : 'not-ready',
    pid: isRunning(status) ? wire.State.Pid : 0,
    createdAtMs: epochMs(wire.Created),
    hostNetwork: labels[LABEL.hostNetwork] === 'true',
    graceSeconds: Number(labels[LABEL.graceSeconds] ?? 30),
  }
}

/** Undefined when the labels are not those of a pod's container. */
export function containerState(wire: WireContainer): ContainerState | undefined {
  const labels = wire.Config.Labels ?? {}
  const pod = podOf(labels)
  if (pod === undefined || labels[LABEL.type] !== TYPE_CONTAINER) return undefined
  const { State: state } = wire
  const running = isRunning(state.Status)
  // an Engine leaves what it could not start as `created`, with the reason: for a pod that is an end
  const failedStart = state.Status === 'created' && state.Error !== ''
  const created = state.Status === 'created' && !failedStart
  const endedAtMs = failedStart ? epochMs(wire.Created) : epochMs(state.FinishedAt)
  return {
    id: wire.Id,
    pod,
    name: labels[LABEL.containerName] ?? '',
    sandboxID: labels[LABEL.sandboxID] ?? '',
    state: running ? 'running' : created ? 'created' : 'exited',
    attempt: Number(labels[LABEL.attempt] ?? 0),
    image: labels[LABEL.image] ?? '',
    imageID: wire.Image,
    pid: running ? state.Pid : 0,
    createdAtMs: epochMs(wire.Created),
    startedAtMs: epochMs(state.StartedAt),
    finishedAtMs: running || created ? 0 : endedAtMs,
    exitCode: failedStart ? START_ERROR_EXIT_CODE : state.ExitCode,
    oomKilled: state.OOMKilled,
    error: state.Error,
    terminationFile: labels[LABEL.terminationFile] ?? '',
    terminationPolicy: labels[LABEL.terminationPolicy] ?? 'File',
    tty: wire.Config.Tty,
  }
}

export const imageState = (wire: WireImage): ImageState => ({
  id: wire.Id,
  tags: (wire.RepoTags ?? []).filter(tag => tag !== '<none>:<none>'),
  digests: (wire.RepoDigests ?? []).filter(digest => digest !== '<none>@<none>'),
  sizeBytes: wire.Size,
  user: wire.Config?.User ?? '',
})

export const runtimeInfo = (wire: WireInfo, apiVersion: string): RuntimeInfo => ({
  name: 'docker',
  version: wire.ServerVersion,
  apiVersion,
  cgroupDriver: wire.CgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs',
  cgroupVersion: wire.CgroupVersion === '2' ? 2 : 1,
  liveRestore: wire.LiveRestoreEnabled,
  rootDir: wire.DockerRootDir,
  kernelVersion: wire.KernelVersion,
  operatingSystem: wire.OperatingSystem,
  osType: wire.OSType,
  architecture: wire.Architecture,
})

/** Where pods' cgroups live. systemd wants a slice, cgroupfs a path. */
export const cgroupParent = (info: Pick<RuntimeInfo, 'cgroupDriver'>): string =>
  info.cgroupDriver === 'systemd' ? 'kubepods.slice' : '/kubepods'
