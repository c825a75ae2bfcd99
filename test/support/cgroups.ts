/** The cgroup hierarchies of the machine, as test hosts use them. Needs root. */
import { existsSync, readdirSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

export const CGROUPS = '/sys/fs/cgroup'
/** The machine's cgroup v1 hierarchies, and `unified` and `systemd` where they are mounted beside them. */
export const CONTROLLERS = readdirSync(CGROUPS, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

/** Shell words that move the shell into a cgroup of every hierarchy. */
export const enterCgroups = (root: string, path: string): string =>
  CONTROLLERS.map(controller => `echo $$ > ${root}/${controller}${path}/cgroup.procs`).join('; ')

export async function removeCgroup(path: string, attempts = 50): Promise<void> {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(path, entry.name), attempts)
  }
  // processes that were just killed hold their cgroup for a moment
  for (let attempt = 0; attempt < attempts; attempt++) {
    const gone = await rmdir(path).then(
      () => true,
      () => !existsSync(path),
    )
    if (gone) return
    await setTimeout(20)
  }
}
