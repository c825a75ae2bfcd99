/**
 * Small secret files: written whole or not at all (temporary name, flush, rename), readable by their owner only.
 *
 * Throws  the file system's Error with its code (EACCES, ENOSPC ...), the path in its message.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '#base/errors.ts'

const SECRET_FILE_MODE = 0o600
const SECRET_FOLDER_MODE = 0o700

/** Creates missing folders (0700) on the way. */
export function writeSecretFile(path: string, content: string, mode = SECRET_FILE_MODE): void {
  mkdirSync(dirname(path), { recursive: true, mode: SECRET_FOLDER_MODE })
  const temporary = `${path}.tmp-${process.pid}`
  try {
    const file = openSync(temporary, 'w', SECRET_FILE_MODE)
    try {
      fchmodSync(file, mode)
      // All of it: a single write may stop short on a disk that is about to be full.
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The new name is on the disk, too: a power cut must not bring the former file back, or none. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The text of a file; undefined when there is none. */
export function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
