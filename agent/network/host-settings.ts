/**
 * Kernel settings the network needs, and their way back. Owns: the settings named here, and a file that remembers what
 * they were before.
 *
 * Law  `apply` twice is `apply` once: the remembered value is the one from before our first change.
 *      `restore` sets back only what still has the value we gave it.
 */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '#base/logger.ts'
import { readJsonFile, removeFile, writeJsonFile } from './durable-file.ts'

interface HostSetting {
  /** Path under /proc/sys. */
  readonly name: string
  readonly value: string
  readonly reason: string
  /** A path whose existence means that others rely on the setting by now: then it stays. */
  readonly keepWhile?: string
}

const SETTINGS: readonly HostSetting[] = [
  {
    name: 'net/ipv4/ip_forward',
    value: '1',
    reason: 'pods reach other hosts through this one',
    // Docker turns it on itself, unless it is on already; its containers need it as much.
    keepWhile: '/sys/class/net/docker0',
  },
  {
    name: 'net/ipv4/conf/all/route_localnet',
    value: '1',
    reason: 'node ports answer on 127.0.0.1; a rule drops packets to 127/8 from outside',
  },
]

export interface HostSettingsOptions {
  readonly stateFile: string
  readonly log: Logger
  /** `/proc/sys`, unless a test has its own. */
  readonly root?: string
}

type Remembered = Readonly<Record<string, string>>

export async function applyHostSettings(options: HostSettingsOptions): Promise<void> {
  const remembered: Record<string, string> = { ...(await readRemembered(options.stateFile)) }
  for (const setting of SETTINGS) {
    const before = await readSetting(options, setting)
    if (before === setting.value) continue
    if (remembered[setting.name] === undefined) {
      remembered[setting.name] = before
      // Remembered before it is changed: a crash in between restores what was never changed, which is harmless.
      await writeJsonFile(options.stateFile, remembered)
    }
    await writeFile(pathOf(options, setting), setting.value)
    const { name, value, reason } = setting
    options.log.info('kernel setting changed', { name, before, value, reason })
  }
}

export async function restoreHostSettings(options: HostSettingsOptions): Promise<void> {
  const remembered = await readRemembered(options.stateFile)
  for (const setting of SETTINGS) {
    const before = remembered[setting.name]
    if (before === undefined || (await readSetting(options, setting)) !== setting.value) continue
    if (setting.keepWhile !== undefined && (await exists(setting.keepWhile))) continue
    await writeFile(pathOf(options, setting), before)
  }
  await removeFile(options.stateFile)
}

async function readRemembered(path: string): Promise<Remembered> {
  const value = await readJsonFile(path)
  if (typeof value !== 'object' || value === null) return {}
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(entries)
}

const pathOf = (options: HostSettingsOptions, setting: HostSetting): string =>
  join(options.root ?? '/proc/sys', setting.name)

const readSetting = async (options: HostSettingsOptions, setting: HostSetting): Promise<string> =>
  (await readFile(pathOf(options, setting), 'utf8')).trim()

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
