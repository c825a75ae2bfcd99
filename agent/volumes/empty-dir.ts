/**
 * A folder that lives as long as its pod, on disk or (medium Memory) on a tmpfs of its own.
 * Source: kubernetes pkg/volume/emptydir/empty_dir.go
 */
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { quantityValue } from '#api/quantity.ts'
import type { SetUp } from './volume.ts'

export const setUpEmptyDir: SetUp = async (volume, context) => {
  const directory = join(context.directory, 'volumes', 'kubernetes.io~empty-dir', volume.name)
  const { medium = '', sizeLimit } = volume.emptyDir ?? {}
  await mkdir(directory, { recursive: true })
  if (medium === 'Memory') {
    const sizeBytes = sizeLimit === undefined ? 0 : quantityValue(sizeLimit)
    await context.mounts.tmpfs(directory, { sizeBytes, mode: 0o777 })
  } else if (medium !== '') {
    throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported by this node`)
  }
  const group = context.pod.spec?.securityContext?.fsGroup
  if (group === undefined) {
    await chmod(directory, 0o777)
  } else {
    await chown(directory, 0, group)
    // new files take the group too
    await chmod(directory, 0o2777)
  }
  return directory
}
