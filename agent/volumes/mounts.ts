/**
 * Mounts of this host: what is mounted below a folder, and tmpfs for volumes. Runs mount(8) and umount(8) with an
 * argument vector.
 * Source: proc(5), /proc/PID/mountinfo
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TIMEOUT_MS = 10_000

export interface MountPoint {
  readonly path: string
  readonly type: string
}

export interface TmpfsOptions {
  /** 0 is half of the memory, the kernel's default. */
  readonly sizeBytes: number
  readonly mode: number
}

export interface Mounts {
  /** Mounts a tmpfs, unless one is there. Returns  whether it did. */
  tmpfs(path: string, options: TmpfsOptions): Promise<boolean>
  /** Everything mounted at or below `path`, deepest first. */
  below(path: string): Promise<readonly MountPoint[]>
  unmount(path: string): Promise<void>
}

export const systemMounts: Mounts = {
  async tmpfs(path, { sizeBytes, mode }) {
    const there = (await systemMounts.below(path)).some(mount => mount.path === path)
    if (there) return false
    const size = sizeBytes === 0 ? '' : `,size=${sizeBytes}`
    const options = `nosuid,nodev,mode=0${mode.toString(8)}${size}`
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { timeout: TIMEOUT_MS })
    return true
  },
  async below(path) {
    const all = parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'))
    return all
      .filter(mount => mount.path === path || mount.path.startsWith(`${path}/`))
      .sort((left, right) => right.path.length - left.path.length)
  },
  async unmount(path) {
    await run('umount', ['--', path], { timeout: TIMEOUT_MS })
  },
}

/** Fields 5 (mount point, octal escapes) and the first after ` - ` (type). Pure. */
export function parseMountInfo(text: string): MountPoint[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .flatMap(line => {
      const [left = '', right = ''] = line.split(' - ')
      const path = left.split(' ')[4]
      const type = right.split(' ')[0] ?? ''
      return path === undefined ? [] : [{ path: unescapeOctal(path), type }]
    })
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/gu, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
