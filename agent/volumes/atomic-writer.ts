/**
 * Writes a set of files so that a reader sees all of the old or all of the new, never a mixture.
 *
 *   data/..2026_a1b2/key    the files themselves
 *   data/..data             -> ..2026_a1b2, swapped by one rename
 *   data/key                -> ..data/key
 *
 * Law     The same payload again changes nothing. A crash at any moment leaves old or new.
 * Source: kubernetes pkg/volume/util/atomic_writer.go
 */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '#base/errors.ts'
import type { Payload, PayloadFile } from './volume.ts'

const DATA_LINK = '..data'
const NEW_DATA_LINK = '..data_tmp'

export interface AtomicWrite {
  readonly directory: string
  readonly payload: Payload
  /** Group that must be able to read, from the pod's fsGroup. */
  readonly group: number | undefined
  readonly newName: string
}

/** Returns  whether anything changed. */
export async function writeAtomically(write: AtomicWrite): Promise<boolean> {
  const { directory, payload } = write
  if ((await mkdir(directory, { recursive: true })) !== undefined) await chmod(directory, 0o755)
  const current = await currentData(directory)
  if (current !== undefined && (await isSame(join(directory, current), write))) {
    // A crash after the swap may have left these two undone.
    await linkNames(directory, payload)
    await removeStale(directory, { payload, keep: current })
    return false
  }
  const fresh = `..${write.newName}`
  await writePayload(join(directory, fresh), write)
  await rm(join(directory, NEW_DATA_LINK), { force: true })
  await symlink(fresh, join(directory, NEW_DATA_LINK))
  await rename(join(directory, NEW_DATA_LINK), join(directory, DATA_LINK))
  await linkNames(directory, payload)
  await removeStale(directory, { payload, keep: fresh })
  return true
}

/** Name of the data folder in use; undefined before the first write. */
async function currentData(directory: string): Promise<string | undefined> {
  try {
    return await readlink(join(directory, DATA_LINK))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function isSame(data: string, { payload, group }: AtomicWrite): Promise<boolean> {
  const found = await listFiles(data, '')
  if (found.length !== payload.size) return false
  for (const path of found) {
    const wanted = payload.get(path)
    if (wanted === undefined) return false
    const there = join(data, path)
    if (((await stat(there)).mode & 0o777) !== modeOf(wanted, group)) return false
    if (!(await readFile(there)).equals(wanted.content)) return false
  }
  return true
}

/** A group that shares the volume must be able to read. */
const modeOf = ({ mode }: PayloadFile, group: number | undefined): number =>
  (group === undefined ? mode : mode | 0o440) & 0o777

async function listFiles(root: string, below: string): Promise<string[]> {
  let entries
  try {
    entries = await readdir(join(root, below), { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
  const lists = await Promise.all(
    entries.map(async entry => {
      const path = join(below, entry.name)
      return entry.isDirectory() ? listFiles(root, path) : [path]
    }),
  )
  return lists.flat()
}

async function writePayload(data: string, { payload, group }: AtomicWrite): Promise<void> {
  await mkdir(data, { mode: 0o755 })
  await chmod(data, 0o755)
  for (const [path, file] of payload) {
    const target = join(data, path)
    await makeFolders(data, dirname(path))
    await writeFile(target, file.content, { mode: 0o600, flag: 'wx' })
    if (group !== undefined) await chown(target, 0, group)
    await chmod(target, modeOf(file, group))
  }
}

/** Readable for all, whatever the umask of this process. */
async function makeFolders(data: string, path: string): Promise<void> {
  let folder = data
  for (const part of path === '.' ? [] : path.split('/')) {
    folder = join(folder, part)
    if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755)
  }
}

/** The names a container sees: one link per first path element. */
async function linkNames(directory: string, payload: Payload): Promise<void> {
  for (const name of topNames(payload)) {
    const link = join(directory, name)
    const exists = await lstat(link).then(
      () => true,
      () => false,
    )
    if (!exists) await symlink(join(DATA_LINK, name), link)
  }
}

const topNames = (payload: Payload): Set<string> =>
  new Set([...payload.keys()].map(path => path.split('/')[0] ?? path))

async function removeStale(
  directory: string,
  { payload, keep }: { readonly payload: Payload; readonly keep: string },
): Promise<void> {
  const names = topNames(payload)
  for (const name of await readdir(directory)) {
    if (name === DATA_LINK || name === keep || names.has(name)) continue
    await rm(join(directory, name), { recursive: true, force: true })
  }
}
