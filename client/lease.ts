/**
 * Leader election over a Lease: of several candidates one runs `lead`, and stops before another may start.
 *
 * The holder renews every `retryMs`; a candidate takes over when it has itself seen the Lease unchanged for
 * `leaseMs` (its own clock, so that skewed wall clocks do no harm). A holder that could not renew within `renewMs`
 * aborts `lead` first.
 * Law  renewMs < leaseMs, so that two never lead at once while clocks run at the same speed.
 * Source: k8s.io/client-go tools/leaderelection/leaderelection.go
 */
import { isReason } from '#api/status.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import { type Clock, rfc3339Micro } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Client } from './client.ts'

export interface ElectionOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly namespace: string
  readonly name: string
  /** Unique among the candidates. */
  readonly identity: string
  readonly leaseMs?: number
  readonly renewMs?: number
  readonly retryMs?: number
  /** Runs while this candidate leads; its signal aborts when the lead is lost. */
  lead(signal: AbortSignal): Promise<void>
}

const LEASE_MS = 15_000
const RENEW_MS = 10_000
const RETRY_MS = 2_000

interface Seen {
  readonly mark: string
  readonly atMs: number
}

/** Whether a candidate may write itself in. Pure. */
export function mayTake(
  lease: Lease | undefined,
  identity: string,
  unchangedForMs: number,
  leaseMs: number,
): boolean {
  const holder = lease?.spec?.holderIdentity ?? ''
  if (holder === '' || holder === identity) return true
  return unchangedForMs >= (lease?.spec?.leaseDurationSeconds ?? leaseMs / 1000) * 1000
}

/** The Lease as `identity` writes it over `before`. Pure. */
export function renewed(
  before: Lease | undefined,
  options: Pick<ElectionOptions, 'namespace' | 'name' | 'identity'> & { readonly leaseMs: number },
  nowMs: number,
): Lease {
  const spec = before?.spec
  const stamp = rfc3339Micro(nowMs)
  const isSame = spec?.holderIdentity === options.identity
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: before?.metadata ?? { name: options.name, namespace: options.namespace },
    spec: {
      ...spec,
      holderIdentity: options.identity,
      leaseDurationSeconds: Math.ceil(options.leaseMs / 1000),
      acquireTime: isSame ? (spec.acquireTime ?? stamp) : stamp,
      renewTime: stamp,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + (isSame || spec === undefined ? 0 : 1),
    },
  }
}

export function createElection(options: ElectionOptions): Part {
  const { client, clock, identity, log } = options
  const leaseMs = options.leaseMs ?? LEASE_MS
  const renewMs = options.renewMs ?? RENEW_MS
  const retryMs = options.retryMs ?? RETRY_MS
  const at = { namespace: options.namespace, name: options.name }
  let seen: Seen = { mark: '', atMs: clock.monotonic() }

  /** Returns  whether this candidate holds the Lease now. */
  const attempt = async (signal: AbortSignal): Promise<boolean> => {
    try {
      const lease = await client.leases.get(at, signal).catch((error: unknown) => {
        if (isReason(error, 'NotFound')) return undefined
        throw error
      })
      const mark = `${lease?.spec?.holderIdentity}|${lease?.spec?.renewTime}`
      if (mark !== seen.mark) seen = { mark, atMs: clock.monotonic() }
      if (!mayTake(lease, identity, clock.monotonic() - seen.atMs, leaseMs)) return false
      const next = renewed(lease, { ...at, identity, leaseMs }, clock.now())
      await (lease === undefined
        ? client.leases.create(next, {}, signal)
        : client.leases.update(next, {}, signal))
      return true
    } catch (error) {
      if (!signal.aborted) log.debug('lease not renewed', { lease: options.name, error })
      return false
    }
  }

  const leadWhileHeld = async (signal: AbortSignal): Promise<void> => {
    const lost = new AbortController()
    const both = AbortSignal.any([signal, lost.signal])
    const keep = async (): Promise<void> => {
      let heldAtMs = clock.monotonic()
      while (!both.aborted) {
        await clock.sleep(retryMs, both)
        if (both.aborted) return
        const startedMs = clock.monotonic()
        if (await attempt(both)) heldAtMs = startedMs
        else if (clock.monotonic() - heldAtMs >= renewMs) {
          log.warn('lead lost', { lease: options.name })
          lost.abort()
        }
      }
    }
    await Promise.all([options.lead(both).finally(() => lost.abort()), keep()])
  }

  return {
    name: `election ${options.name}`,
    async run(signal) {
      while (!signal.aborted) {
        if (await attempt(signal)) await leadWhileHeld(signal)
        await clock.sleep(retryMs, signal)
      }
    },
  }
}
