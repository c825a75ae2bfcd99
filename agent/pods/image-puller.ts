/**
 * Makes an image be there, as the container's pull policy says. Pulls of one image are one pull, and at most a few
 * run at once.
 * Source: kubernetes pkg/kubelet/images/image_manager.go EnsureImageExists
 */
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { ImageState, RegistryAuth, Runtime } from '../runtime/runtime.ts'
import { Limiter } from './limiter.ts'

const PARALLEL_PULLS = 5

export type EnsuredImage =
  | { readonly kind: 'present'; readonly image: ImageState }
  | {
      readonly kind: 'pulled'
      readonly image: ImageState
      readonly tookMs: number
      readonly waitedMs: number
    }
  | {
      readonly kind: 'failed'
      readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName'
      readonly message: string
    }

export interface EnsureRequest {
  readonly reference: string
  readonly policy: 'Always' | 'IfNotPresent' | 'Never'
  readonly auth: readonly RegistryAuth[]
  readonly onPulling: () => void
}

export class ImagePuller {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #limiter = new Limiter(PARALLEL_PULLS)
  readonly #pulls = new Map<string, Promise<void>>()

  constructor(options: { readonly runtime: Runtime; readonly clock: Clock }) {
    this.#runtime = options.runtime
    this.#clock = options.clock
  }

  async ensure(request: EnsureRequest, signal: AbortSignal): Promise<EnsuredImage> {
    const { reference, policy } = request
    if (reference === '' || /[\s"]/u.test(reference)) {
      return {
        kind: 'failed',
        reason: 'InvalidImageName',
        message: `Failed to apply default image tag "${reference}": couldn't parse image name "${reference}": invalid reference format`,
      }
    }
    const there = policy === 'Always' ? undefined : await this.#runtime.imageStatus(reference)
    if (there !== undefined) return { kind: 'present', image: there }
    if (policy === 'Never') {
      const message = `Container image "${reference}" is not present with pull policy of Never`
      return { kind: 'failed', reason: 'ErrImageNeverPull', message }
    }
    request.onPulling()
    const askedAtMs = this.#clock.monotonic()
    let startedAtMs = askedAtMs
    try {
      await this.#shared(request, signal, () => {
        startedAtMs = this.#clock.monotonic()
      })
      const image = await this.#runtime.imageStatus(reference)
      if (image === undefined) throw new Error('the image is not there after its pull')
      const nowMs = this.#clock.monotonic()
      return { kind: 'pulled', image, tookMs: nowMs - startedAtMs, waitedMs: nowMs - askedAtMs }
    } catch (error) {
      return { kind: 'failed', reason: 'ErrImagePull', message: messageOf(error) }
    }
  }

  #shared(
    { reference, auth }: EnsureRequest,
    signal: AbortSignal,
    onStart: () => void,
  ): Promise<void> {
    const running = this.#pulls.get(reference)
    if (running !== undefined) return running
    const pull = this.#limiter
      .run(() => {
        onStart()
        return this.#tryEach(reference, auth, signal)
      })
      .finally(() => this.#pulls.delete(reference))
    this.#pulls.set(reference, pull)
    return pull
  }

  /** Every credential that fits, then none; the last refusal is told. */
  async #tryEach(
    reference: string,
    auth: readonly RegistryAuth[],
    signal: AbortSignal,
  ): Promise<void> {
    let failure: unknown
    for (const candidate of auth.length === 0 ? [undefined] : auth) {
      try {
        return await this.#runtime.pullImage(reference, candidate, signal)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}
