/**
 * The cgroups above those of pods, which the Engine makes for containers and never takes away. Those named after a
 * slice are systemd's, which does.
 *
 * Law     Only empty cgroups can go: one with a process in it stays, and the call says so.
 * Throws  ErrnoException (EBUSY).
 */
import { existsSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
const NAME = 'kubepods'

/** One hierarchy with cgroup v2, one per controller with v1. */
export async function removePodCgroups(root: string = ROOT): Promise<void> {
  const controllers = await readdir(root, { withFileTypes: true })
  const folders = controllers.filter(entry => entry.isDirectory()).map(({ name }) => name)
  for (const hierarchy of ['', ...folders]) {
    const path = join(root, hierarchy, NAME)
    if (existsSync(path)) await removeEmpty(path)
  }
}

async function removeEmpty(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeEmpty(join(path, entry.name))
  }
  await rmdir(path)
}
