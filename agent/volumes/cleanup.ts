/**
 * Takes away what a pod left on this host. Never deletes through a mount point: our own tmpfs are unmounted, and
 * anything else that is mounted there stops the deletion with an error, until somebody unmounts it.
 */
import { rm } from 'node:fs/promises'
import type { Mounts } from './mounts.ts'

export async function removeTree(path: string, mounts: Mounts): Promise<void> {
  for (const mount of await mounts.below(path)) {
    if (mount.type !== 'tmpfs') {
      throw new Error(`${mount.path} is still mounted (${mount.type}): nothing below it is deleted`)
    }
    await mounts.unmount(mount.path)
  }
  const [left] = await mounts.below(path)
  if (left !== undefined)
    throw new Error(`${left.path} is still mounted: nothing below it is deleted`)
  await rm(path, { recursive: true, force: true })
}
