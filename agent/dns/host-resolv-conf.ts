/** The host's resolv.conf, read again when it changed. Owns: nothing but what it last read. */
import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import {
  chooseResolvConf,
  parseResolvConf,
  RESOLV_CONF_FILES,
  type ResolvConf,
} from './resolv-conf.ts'

/** A change (DHCP, VPN) is noticed within this time; looking costs two system calls. */
const LOOK_INTERVAL_MS = 5000

/** Returns  a function that gives the current one, without ever failing. */
export function watchHostResolvConf(
  clock: Clock,
  files: readonly string[] = RESOLV_CONF_FILES,
): () => ResolvConf {
  let current: ResolvConf = { nameservers: [], searches: [], options: [] }
  let stamp: string | undefined
  let lookedMs = Number.NEGATIVE_INFINITY
  return () => {
    if (clock.monotonic() - lookedMs < LOOK_INTERVAL_MS) return current
    lookedMs = clock.monotonic()
    const seen = files.map(stampOf).join(' ')
    if (seen !== stamp) {
      stamp = seen
      current = chooseResolvConf(files.map(readConf))
    }
    return current
  }
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? '-' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
}

function readConf(file: string): ResolvConf | undefined {
  try {
    return parseResolvConf(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
