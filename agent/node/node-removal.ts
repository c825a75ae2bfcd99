/**
 * Takes everything that pods left off this host: containers, their cgroups, files and mounts, the sandbox image. For uninstall
 * only: what is desired does not matter here.
 *
 * Law     Safe to run again; what is not there is no mistake.
 * Throws  Error naming what could not be removed, after everything else has been.
 */
import { messageOf } from '#base/errors.ts'
import type { Mounts } from '../volumes/mounts.ts'
import { removeTree } from '../volumes/cleanup.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { removePodCgroups } from './pod-cgroups.ts'

export interface NodeRemovalOptions {
  readonly runtime: Pick<Runtime, 'observe' | 'removeContainer' | 'removeSandbox' | 'removeImage'>
  readonly mounts: Mounts
  /** `DATA/agent` */
  readonly dataDirectory: string
  readonly sandboxImage: string
}

export interface Removed {
  readonly pods: number
}

export async function removeNode(options: NodeRemovalOptions): Promise<Removed> {
  const { runtime } = options
  const { sandboxes, containers } = await runtime.observe()
  const failures: unknown[] = []
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  await Promise.all(containers.map(({ id }) => attempt(() => runtime.removeContainer(id))))
  await Promise.all(sandboxes.map(({ id }) => attempt(() => runtime.removeSandbox(id))))
  await attempt(() => runtime.removeImage(options.sandboxImage))
  await attempt(() => removePodCgroups())
  for (const folder of ['pods', 'memory']) {
    await attempt(() => removeTree(`${options.dataDirectory}/${folder}`, options.mounts))
  }
  if (failures.length > 0) throw new Error(failures.map(messageOf).join('; '))
  return { pods: sandboxes.length }
}
