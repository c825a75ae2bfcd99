/**
 * What a kind of volume is: a function that makes one volume ready on this host and says where it lies. Types.
 *
 * Law     Making ready is idempotent: after a restart of the agent it runs again over what is there.
 *         Everything made lies below `directory` or `memoryDirectory`; `cleanup.ts` takes it away.
 */
import type { ConfigMap, Pod, Secret, Volume } from '#api/types/core-v1.ts'
import type { FieldFacts } from '../pods/fields.ts'
import type { Mounts } from './mounts.ts'

/** What volumes read from the API. Absent objects are undefined; an unreachable API throws. */
export interface VolumeSources {
  configMap(name: string): Promise<ConfigMap | undefined>
  secret(name: string): Promise<Secret | undefined>
  /** A token of the pod's service account, fresh enough. */
  token(request: TokenRequest): Promise<string>
  fields(): FieldFacts
}

export interface TokenRequest {
  /** '' = the API server's own. */
  readonly audience: string
  readonly expirationSeconds: number
}

export interface VolumeContext {
  readonly pod: Pod
  /** `DATA/agent/pods/<uid>` */
  readonly directory: string
  /** The same on a tmpfs, for what must not reach a disk; equal to `directory` without root. */
  readonly memoryDirectory: string
  readonly sources: VolumeSources
  readonly mounts: Mounts
  /** Random name of a new data folder. */
  readonly newName: () => string
}

/** A volume of a pod; its name has been checked by the API: a DNS label. */
export type SetUp = (volume: Volume, context: VolumeContext) => Promise<string>

/** One file of a payload. */
export interface PayloadFile {
  readonly content: Buffer
  readonly mode: number
}

/** By relative path, without `..` and not absolute (`checkedPath`). */
export type Payload = ReadonlyMap<string, PayloadFile>
