/**
 * The host path of a volume's `subPath`, made when missing, and never outside the volume.
 *
 * Throws  Error when a link leads out of the volume. A container that swaps a folder for a link between this check
 *         and the start of another container of its own pod can still win that race.
 * Source: kubernetes pkg/volume/util/subpath/subpath_linux.go (its rules, without its bind mounts)
 */
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '#base/errors.ts'

export async function resolveSubPath(volumeRoot: string, subPath: string): Promise<string> {
  if (subPath === '') return volumeRoot
  const parts = subPath.split('/').filter(part => part !== '')
  if (subPath.startsWith('/') || parts.includes('..')) {
    throw new Error(`subPath ${JSON.stringify(subPath)} must stay inside its volume`)
  }
  const root = await realpath(volumeRoot)
  let current = root
  for (const part of parts) {
    current = await enter(root, join(current, part))
  }
  return current
}

/** The real path of one step, made as a folder when it is missing. */
async function enter(root: string, path: string): Promise<string> {
  try {
    await mkdir(path, { mode: 0o755 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const real = await realpath(path)
  if (real !== root && !real.startsWith(`${root}/`)) {
    throw new Error(`subPath leads out of its volume: ${path} is ${real}`)
  }
  return real
}
