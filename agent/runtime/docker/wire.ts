/**
 * The parts of the Docker Engine's JSON that we read. Types only; field names are the Engine's.
 * Source: Docker Engine API v1.41 (swagger.yaml)
 */

export interface WireContainerSummary {
  readonly Id: string
  readonly Image: string
  readonly ImageID: string
  /** Seconds since the epoch. */
  readonly Created: number
  readonly Labels: Readonly<Record<string, string>> | null
  readonly State: string
}

export interface WireContainer {
  readonly Id: string
  /** RFC 3339 with nanoseconds. */
  readonly Created: string
  readonly Image: string
  readonly State: {
    readonly Status: string
    readonly Pid: number
    readonly ExitCode: number
    readonly OOMKilled: boolean
    readonly Error: string
    readonly StartedAt: string
    readonly FinishedAt: string
  }
  readonly Config: {
    readonly Tty: boolean
    readonly StopSignal?: string
    readonly Labels: Readonly<Record<string, string>> | null
  }
}

export interface WireImage {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
  readonly Size: number
  readonly Config?: { readonly User?: string } | null
}

export interface WireInfo {
  readonly ServerVersion: string
  readonly CgroupDriver: string
  readonly CgroupVersion?: string
  readonly LiveRestoreEnabled: boolean
  readonly DockerRootDir: string
  readonly KernelVersion: string
  readonly OperatingSystem: string
  readonly OSType: string
  readonly Architecture: string
}

export interface WireEvent {
  readonly Action?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> }
}

export interface WirePullProgress {
  readonly status?: string
  readonly error?: string
  readonly errorDetail?: { readonly message?: string }
}
