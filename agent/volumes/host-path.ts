/**
 * A path of the host, checked or made as its type says.
 * Source: kubernetes pkg/volume/hostpath/host_path.go checkType
 */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Stats } from 'node:fs'
import { codeOf } from '#base/errors.ts'
import type { SetUp } from './volume.ts'

interface Check {
  /** Words of the refusal: `is not a directory`. */
  readonly fault: string
  matches(found: Stats): boolean
}

const CHECKS: Readonly<Record<string, Check>> = {
  Directory: { fault: 'is not a directory', matches: found => found.isDirectory() },
  File: { fault: 'is not a file', matches: found => found.isFile() },
  Socket: { fault: 'is not a socket file', matches: found => found.isSocket() },
  CharDevice: { fault: 'is not a character device', matches: found => found.isCharacterDevice() },
  BlockDevice: { fault: 'is not a block device', matches: found => found.isBlockDevice() },
}

export const setUpHostPath: SetUp = async volume => {
  const path = volume.hostPath?.path ?? ''
  const type = volume.hostPath?.type ?? ''
  if (!path.startsWith('/')) throw new Error(`hostPath must be absolute: ${JSON.stringify(path)}`)
  const found = await statOrUndefined(path)
  if (type === '') {
    // the engine refuses to bind what is not there
    if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 })
    return path
  }
  if (type === 'DirectoryOrCreate' && found === undefined) {
    await mkdir(path, { recursive: true, mode: 0o755 })
    return path
  }
  if (type === 'FileOrCreate' && found === undefined) {
    await stat(dirname(path))
    await writeFile(path, '', { mode: 0o644, flag: 'a' })
    return path
  }
  const check = CHECKS[type.replace(/OrCreate$/u, '')]
  if (check === undefined) throw new Error(`${type} is an invalid volume type`)
  if (found === undefined || !check.matches(found)) {
    throw new Error(`hostPath type check failed: ${path} ${check.fault}`)
  }
  return path
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}
