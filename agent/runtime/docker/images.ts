/**
 * Images of the Engine: is it here, list, pull with progress, load an archive.
 * A pull that shows no progress for a minute is given up; a slow one that moves is not.
 */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { isRuntimeError, RuntimeError } from '../errors.ts'
import type { ImageState, RegistryAuth } from '../runtime.ts'
import { type Engine, transportError } from './engine.ts'
import { imageState } from './translate.ts'
import type { WireImage, WirePullProgress } from './wire.ts'

const PROGRESS_DEADLINE_MS = 60_000

export interface Images {
  status(reference: string): Promise<ImageState | undefined>
  list(): Promise<readonly ImageState[]>
  pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<void>
  load(archive: Buffer): Promise<void>
  remove(reference: string): Promise<void>
}

export function createImages(engine: Engine, clock: Clock): Images {
  return {
    async status(reference) {
      try {
        const path = `/images/${encodeURIComponent(reference)}/json`
        return imageState(await engine.call<WireImage>({ method: 'GET', path, timeoutMs: 15_000 }))
      } catch (error) {
        if (isRuntimeError(error, 'not-found')) return undefined
        throw error
      }
    },

    async list() {
      const call = { method: 'GET', path: '/images/json', timeoutMs: 30_000 } as const
      return (await engine.call<readonly WireImage[]>(call)).map(imageState)
    },

    async remove(reference) {
      const path = `/images/${encodeURIComponent(reference)}`
      await engine.call({ method: 'DELETE', path, timeoutMs: 30_000, accept: [404] })
    },

    async pull(reference, auth, signal) {
      const stalled = new AbortController()
      const both = AbortSignal.any([signal, stalled.signal])
      let timer = clock.after(PROGRESS_DEADLINE_MS, () => stalled.abort())
      try {
        const docker = await engine.dockerode()
        const stream = await docker.pull(withTag(reference), {
          abortSignal: both,
          ...(auth === undefined ? {} : { authconfig: authConfig(auth) }),
        })
        stream.on('error', () => {})
        for await (const line of createInterface({ input: stream })) {
          timer.cancel()
          timer = clock.after(PROGRESS_DEADLINE_MS, () => stalled.abort())
          throwRefusal(line)
        }
      } catch (error) {
        throw stalled.signal.aborted
          ? new RuntimeError('timeout', `no progress for ${PROGRESS_DEADLINE_MS / 1000} s`)
          : transportError(error)
      } finally {
        timer.cancel()
      }
      signal.throwIfAborted()
      if (stalled.signal.aborted) throw new RuntimeError('timeout', 'pull stalled')
    },

    async load(archive) {
      try {
        const docker = await engine.dockerode()
        const stream = await docker.loadImage(Readable.from([archive]), { quiet: true })
        stream.on('error', () => {})
        for await (const line of createInterface({ input: stream })) throwRefusal(line)
      } catch (error) {
        throw transportError(error)
      }
    },
  }
}

/** Without a tag the Engine would fetch every tag. */
export function withTag(reference: string): string {
  if (reference.includes('@')) return reference
  const last = reference.slice(reference.lastIndexOf('/') + 1)
  return last.includes(':') ? reference : `${reference}:latest`
}

const authConfig = (auth: RegistryAuth): Record<string, string> => ({
  username: auth.username,
  password: auth.password,
  serveraddress: auth.serverAddress,
})

function throwRefusal(line: string): void {
  if (line.trim() === '') return
  const progress: WirePullProgress = JSON.parse(line)
  const why = progress.errorDetail?.message ?? progress.error
  if (why !== undefined) throw new RuntimeError('rejected', why)
}
