/**
 * Service account tokens of pods, asked from the API, kept until 80 % of their life is over (at most a day).
 * Source: kubernetes pkg/kubelet/token/token_manager.go
 */
import type { Pod } from '#api/types/core-v1.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Client } from '#client/client.ts'
import type { TokenRequest } from '../volumes/volume.ts'

interface Kept {
  readonly token: string
  readonly refreshAtMs: number
  readonly expiresAtMs: number
}

const LIFE_SHARE = 0.8
const AGE_MAX_MS = 24 * 3600 * 1000

export class Tokens {
  readonly #client: Client
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()

  constructor(options: { readonly client: Client; readonly clock: Clock }) {
    this.#client = options.client
    this.#clock = options.clock
  }

  /** Throws Error with one line when there is none that is still valid. */
  async get(pod: Pod, request: TokenRequest): Promise<string> {
    const nowMs = this.#clock.now()
    const key = `${pod.metadata.uid} ${request.audience} ${request.expirationSeconds}`
    const kept = this.#kept.get(key)
    if (kept !== undefined && nowMs < kept.refreshAtMs) return kept.token
    try {
      const fresh = await this.#request(pod, request, nowMs)
      this.#kept.set(key, fresh)
      return fresh.token
    } catch (error) {
      if (kept !== undefined && nowMs < kept.expiresAtMs) return kept.token
      throw new Error(`failed to fetch token: ${messageOf(error)}`, { cause: error })
    }
  }

  forget(podUID: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${podUID} `)) this.#kept.delete(key)
  }

  async #request(pod: Pod, request: TokenRequest, nowMs: number): Promise<Kept> {
    const { name, namespace, uid } = pod.metadata
    const account = pod.spec?.serviceAccountName ?? 'default'
    const answer = await this.#client.serviceAccounts.createSub(
      { namespace, name: account },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: request.audience === '' ? [] : [request.audience],
          expirationSeconds: request.expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
    )
    const { status } = answer
    if (typeof status !== 'object' || status === null || !('token' in status)) {
      throw new Error('the answer has no token')
    }
    const expires =
      'expirationTimestamp' in status ? Date.parse(String(status.expirationTimestamp)) : Number.NaN
    const expiresAtMs = Number.isNaN(expires) ? nowMs + request.expirationSeconds * 1000 : expires
    const lifeMs = Math.min((expiresAtMs - nowMs) * LIFE_SHARE, AGE_MAX_MS)
    return { token: String(status.token), refreshAtMs: nowMs + lifeMs, expiresAtMs }
  }
}
