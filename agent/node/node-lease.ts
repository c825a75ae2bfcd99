/**
 * The node's heartbeat: a Lease in kube-node-lease, renewed every 10 s and good for 40 s. A renewal changes nothing
 * but renewTime, which the server answers without writing to disk.
 * Source: k8s.io/component-helpers apimachinery/lease/controller.go
 */
import { rfc3339Micro } from '#api/time.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import { backoffMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import type { Part } from '#base/lifetime.ts'
import type { Logger } from '#base/logger.ts'
import type { Random } from '#base/random.ts'
import { ifThere } from '#client/absence.ts'
import type { Client } from '#client/client.ts'

const NAMESPACE = 'kube-node-lease'
const RENEW_MS = 10_000
const DURATION_SECONDS = 40
const RETRY = { baseMs: 200, maxMs: 7000 } as const

export interface NodeLeaseOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly nodeName: string
  /** Owner of the Lease, once registered. */
  readonly nodeUID: () => string | undefined
}

export function createNodeLease(options: NodeLeaseOptions): Part {
  const { client, clock, random, log, nodeName } = options
  let known: Lease | undefined

  const wanted = (before: Lease | undefined): Lease => {
    const uid = options.nodeUID()
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: uid ?? '' }
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: before?.metadata ?? {
        name: nodeName,
        namespace: NAMESPACE,
        ...(uid === undefined ? {} : { ownerReferences: [owner] }),
      },
      spec: {
        holderIdentity: nodeName,
        leaseDurationSeconds: DURATION_SECONDS,
        renewTime: rfc3339Micro(clock.now()),
      },
    }
  }

  const renew = async (signal: AbortSignal): Promise<void> => {
    const at = { namespace: NAMESPACE, name: nodeName }
    if (known === undefined) {
      const before = await ifThere(client.leases.get(at, signal))
      known = before ?? (await client.leases.create(wanted(undefined), {}, signal))
      if (before === undefined) return
    }
    known = await client.leases.update(wanted(known), {}, signal)
  }

  return {
    name: 'node lease',
    async run(signal) {
      let failures = 0
      while (!signal.aborted) {
        try {
          if (options.nodeUID() !== undefined) await renew(signal)
          failures = 0
        } catch (error) {
          if (signal.aborted) return
          // whatever was wrong, the next try starts from what the server has
          known = undefined
          failures += 1
          log[failures === 3 ? 'warn' : 'debug']('node lease could not be renewed', { error })
        }
        const isRegistered = options.nodeUID() !== undefined
        const pauseMs = isRegistered ? RENEW_MS : 100
        await clock.sleep(failures > 0 ? backoffMs(RETRY, failures, random) : pauseMs, signal)
      }
    },
  }
}
