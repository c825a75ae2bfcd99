/**
 * What a user brings to a machine: a clone of the source, here a snapshot of it, so that an edit meanwhile harms
 * nothing; and where a test does not want to build in the machine, the tree that was built from it (KITES_TREE).
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { closeAtEnd } from './machine.ts'
import { DISKS } from './machine-network.ts'

const run = promisify(execFile)
const PARTS =
  'base api client server agent netfilter cmd packaging systemd package.json package-lock.json README.md .npmrc'

export interface MachineSource {
  /** Holds `source/` and, when asked for, `tree/`. */
  readonly directory: string
  readonly hasTree: boolean
  close(): Promise<void>
}

export async function machineSource(label: string, hasTree: boolean): Promise<MachineSource> {
  const directory = join(DISKS, `kites-machine-source${label}-${process.pid}`)
  const made: MachineSource = {
    directory,
    hasTree,
    close: () => {
      rmSync(directory, { recursive: true, force: true })
      return Promise.resolve()
    },
  }
  closeAtEnd(made)
  const source = join(directory, 'source')
  mkdirSync(source, { recursive: true })
  for (const part of PARTS.split(' ')) cpSync(part, join(source, part), { recursive: true })
  if (!hasTree) return made
  symlinkSync(resolve('node_modules'), join(source, 'node_modules'))
  const build = join(source, 'packaging/build.mjs')
  await run('node_modules/.bin/node', [build, '--tree', join(directory, 'tree')])
  rmSync(join(source, 'node_modules'))
  rmSync(join(source, 'dist'), { recursive: true })
  return made
}
