/**
 * Bare Debian root file systems for the machine tests: made once by debootstrap from the package registry and kept in
 * /var/tmp; each machine runs on a copy. One to two minutes the first time.
 */
import { execFile } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What a Debian installation always has; nothing that kites needs is in it. */
const BARE = ['systemd', 'systemd-sysv', 'dbus', 'udev', 'iproute2', 'procps', 'ca-certificates']

export type Suite = 'bookworm' | 'trixie'

/** The folder of a root file system with those packages on top of the bare ones. `label` names the combination. */
export async function debianRoot(
  suite: Suite,
  label = '',
  further: readonly string[] = [],
): Promise<string> {
  const kept = `/var/tmp/kites-debian-${suite}${label === '' ? '' : `-${label}`}`
  if (existsSync(kept)) return kept
  // Complete or not there: it gets its name when it is whole.
  const fresh = `${kept}.${process.pid}`
  const include = [...BARE, ...further].join(',')
  try {
    await run('debootstrap', ['--variant=minbase', `--include=${include}`, suite, fresh], {
      maxBuffer: 1e8,
    })
    rmSync(`${fresh}/var/cache/apt/archives`, { recursive: true, force: true })
    renameSync(fresh, kept)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    throw error
  }
  return kept
}
