/**
 * A folder that lives as long as its pod, on disk or (medium Memory) on a tmpfs of its own.
 * Source: kubernetes pkg/volume/emptydir/empty_dir.go
 */
import { chmod, chown, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { quantityValue } from '#api/quantity.ts'
import type { SetUp } from './volume.ts'

export const setUpEmptyDir: SetUp = async (volume, context) => {
  const directory = join(context.directory, 'volumes', 'kubernetes.io~empty-dir', volume.name)
  const { medium = '', sizeLimit } = volume.emptyDir ?? {}
  if (medium !== '' && medium !== 'Memory') {
    throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported by this node`)
  }
  const group = context.pod.spec?.securityContext?.fsGroup
  // Once it is there it belongs to the pod, whose programs may have given it another mode.
  if (!(await isFolder(directory))) await makeFolder(directory, group)
  if (medium === 'Memory') {
    const sizeBytes = sizeLimit === undefined ? 0 : quantityValue(sizeLimit)
    const isNew = await context.mounts.tmpfs(directory, { sizeBytes, mode: 0o777 })
    if (isNew) await open(directory, group)
  }
  return directory
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  )

/** Under its own name only when it is complete. */
async function makeFolder(directory: string, group: number | undefined): Promise<void> {
  const making = `${directory}${MAKING_SUFFIX}`
  await mkdir(making, { recursive: true })
  await open(making, group)
  await rename(making, directory)
}

/** For everybody; with a group that shares the volume, new files take that group too. */
async function open(directory: string, group: number | undefined): Promise<void> {
  if (group === undefined) return chmod(directory, 0o777)
  await chown(directory, 0, group)
  await chmod(directory, 0o2777)
}

/** No volume's name ends so: names are DNS labels. */
const MAKING_SUFFIX = '.making'
