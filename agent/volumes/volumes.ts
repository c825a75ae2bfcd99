/**
 * The volumes of a pod: makes all of them ready, keeps their contents current, takes them away. One row per kind.
 */
import { join } from 'node:path'
import type { Volume } from '#api/types/core-v1.ts'
import { messageOf } from '#base/errors.ts'
import { removeTree } from './cleanup.ts'
import { setUpConfigMap } from './config-map.ts'
import { setUpDownwardAPI } from './downward-api.ts'
import { setUpEmptyDir } from './empty-dir.ts'
import { setUpHostPath } from './host-path.ts'
import type { Mounts } from './mounts.ts'
import { setUpProjected } from './projected.ts'
import { setUpSecret } from './secret.ts'
import type { SetUp, VolumeContext } from './volume.ts'

interface Kind {
  readonly name: keyof Volume
  readonly setUp: SetUp
  /** Its contents follow objects of the API. */
  readonly isLive: boolean
}

const KINDS: readonly Kind[] = [
  { name: 'emptyDir', setUp: setUpEmptyDir, isLive: false },
  { name: 'hostPath', setUp: setUpHostPath, isLive: false },
  { name: 'configMap', setUp: setUpConfigMap, isLive: true },
  { name: 'secret', setUp: setUpSecret, isLive: true },
  { name: 'downwardAPI', setUp: setUpDownwardAPI, isLive: true },
  { name: 'projected', setUp: setUpProjected, isLive: true },
]

const kindOf = (volume: Volume): Kind | undefined =>
  KINDS.find(({ name }) => volume[name] !== undefined)

/** Host paths by volume name. Throws Error with the words of a FailedMount event. */
export async function setUpVolumes(context: VolumeContext): Promise<ReadonlyMap<string, string>> {
  const volumes = context.pod.spec?.volumes ?? []
  const entries = await Promise.all(
    volumes.map(async volume => [volume.name, await setUpOne(volume, context)] as const),
  )
  return new Map(entries)
}

/** Writes again what follows objects of the API: cheap when nothing changed. */
export async function refreshVolumes(context: VolumeContext): Promise<void> {
  const volumes = context.pod.spec?.volumes ?? []
  await Promise.all(
    volumes
      .filter(volume => kindOf(volume)?.isLive === true)
      .map(volume => setUpOne(volume, context)),
  )
}

export const isLiveVolume = (volume: Volume): boolean => kindOf(volume)?.isLive === true

async function setUpOne(volume: Volume, context: VolumeContext): Promise<string> {
  const kind = kindOf(volume)
  try {
    if (kind === undefined) throw new Error('this kind of volume is not supported by this node')
    return await kind.setUp(volume, context)
  } catch (error) {
    throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** `root` and `memoryRoot` hold one folder per pod UID. */
export async function tearDownVolumes(
  place: { readonly directory: string; readonly memoryDirectory: string },
  mounts: Mounts,
): Promise<void> {
  await removeTree(place.directory, mounts)
  if (place.memoryDirectory !== place.directory) await removeTree(place.memoryDirectory, mounts)
}

/** Where the volumes of a pod lie. A UID comes from the API, and is still checked: it becomes a path. */
export function podDirectory(root: string, podUID: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/u.test(podUID)) throw new Error(`bad pod UID: ${podUID}`)
  return join(root, podUID)
}
