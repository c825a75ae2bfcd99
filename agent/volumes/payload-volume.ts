/** What all volumes made of files share: their folder, and the atomic write into it. */
import { join } from 'node:path'
import type { Volume } from '#api/types/core-v1.ts'
import { writeAtomically } from './atomic-writer.ts'
import type { Payload, VolumeContext } from './volume.ts'

export interface PayloadVolume {
  /** Folder name of the kind, as kubelets call it. */
  readonly plugin: string
  readonly volume: Volume
  readonly context: VolumeContext
  /** On tmpfs: for what must not reach a disk. */
  readonly inMemory: boolean
}

export async function payloadVolume(
  { plugin, volume, context, inMemory }: PayloadVolume,
  collect: () => Promise<Payload>,
): Promise<string> {
  const root = inMemory ? context.memoryDirectory : context.directory
  const directory = join(root, 'volumes', `kubernetes.io~${plugin}`, volume.name)
  await writeAtomically({
    directory,
    payload: await collect(),
    group: context.pod.spec?.securityContext?.fsGroup,
    newName: context.newName(),
  })
  return directory
}
