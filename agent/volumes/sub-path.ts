/**
 * The host path of a volume's `subPath`, made when missing, and never outside the volume. What is made has the mode and
 * group of the volume itself: whoever may write into the volume may write there.
 *
 * Throws  Error when a link leads out of the volume. A container that swaps a folder for a link between this check
 *         and the start of another container of its own pod can still win that race.
 * Source: kubernetes pkg/volume/util/subpath/subpath_linux.go (its rules, without its bind mounts)
 */
import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '#base/errors.ts'

export async function resolveSubPath(volumeRoot: string, subPath: string): Promise<string> {
  if (subPath === '') return volumeRoot
  const parts = subPath.split('/').filter(part => part !== '')
  if (subPath.startsWith('/') || parts.includes('..')) {
    throw new Error(`subPath ${JSON.stringify(subPath)} must stay inside its volume`)
  }
  const root = await realpath(volumeRoot)
  const { mode, gid } = await stat(root)
  let current = root
  for (const part of parts) {
    current = await enter({ root, path: join(current, part), mode: mode & 0o7777, gid })
  }
  return current
}

interface Step {
  /** The volume, and what a folder made in it is given. */
  readonly root: string
  readonly mode: number
  readonly gid: number
  readonly path: string
}

/** The real path of one step, made as a folder when it is missing. */
async function enter({ root, mode, gid, path }: Step): Promise<string> {
  try {
    await mkdir(path, { mode: 0o700 })
    await chown(path, -1, gid)
    await chmod(path, mode)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const real = await realpath(path)
  if (real !== root && !real.startsWith(`${root}/`)) {
    throw new Error(`subPath leads out of its volume: ${path} is ${real}`)
  }
  return real
}
