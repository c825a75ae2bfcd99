/**
 * What a PodDisruptionBudget says about evicting one of its pods, and the budget once it is evicted. Pure.
 *
 * Throws  StatusError: TooManyRequests with the cause DisruptionBudget, Forbidden when its status makes no sense.
 * Source: kubernetes pkg/registry/core/pod/storage/eviction.go checkAndDecrement, canIgnorePDB
 */
import type { AnyObject } from '#api/object.ts'
import { StatusError, forbidden } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { isRecord, listOf, recordOf, textOf, numberOf } from '#api/values.ts'

const DISRUPTED_MAX = 2000
const WAIT_SECONDS = 10
const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Pending'])

/** Ended, not yet started, or going anyway: no budget counts it. */
export const isBeyondHarm = (pod: AnyObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  ENDED.has(textOf(recordOf(pod['status'])['phase']))

/** An unready pod that the budget does not need. */
export function isSpare(pod: AnyObject, budget: AnyObject): boolean {
  if (isReady(pod)) return false
  if (recordOf(budget['spec'])['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return true
  const { desired, current } = countsOf(budget)
  return current >= desired && desired > 0
}

const isReady = (pod: AnyObject): boolean =>
  listOf(recordOf(pod['status'])['conditions']).some(
    condition =>
      isRecord(condition) && condition['type'] === 'Ready' && condition['status'] === 'True',
  )

const countsOf = (budget: AnyObject): { desired: number; current: number; allowed: number } => {
  const status = recordOf(budget['status'])
  return {
    desired: numberOf(status['desiredHealthy']),
    current: numberOf(status['currentHealthy']),
    allowed: numberOf(status['disruptionsAllowed']),
  }
}

/** The budget with one disruption less. Throws TooManyRequests or Forbidden. Pure. */
export function disrupted(budget: AnyObject, pod: string, now: number): AnyObject {
  const name = textOf(budget.metadata.name)
  const status = recordOf(budget['status'])
  const { allowed } = countsOf(budget)
  if (numberOf(status['observedGeneration']) < (budget.metadata.generation ?? 0))
    throw stillProcessed(name)
  const pods = recordOf(status['disruptedPods'])
  const subject = { group: 'policy', resource: 'poddisruptionbudget', name }
  if (allowed < 0) throw forbidden(subject, 'pdb disruptions allowed is negative')
  if (Object.keys(pods).length > DISRUPTED_MAX)
    throw forbidden(
      subject,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    )
  if (allowed === 0) throw tooMany(whyNone(budget), undefined)
  const left = allowed - 1
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...pods, [pod]: rfc3339(now) },
      ...(left > 0 ? {} : { conditions: withoutDisruption(status, now) }),
    },
  }
}

const ALLOWED = 'DisruptionAllowed'

function whyNone(budget: AnyObject): string {
  const name = textOf(budget.metadata.name)
  const { desired, current } = countsOf(budget)
  const condition = conditionsOf(recordOf(budget['status'])).find(one => one['type'] === ALLOWED)
  return condition?.['status'] === 'False' && condition['reason'] === 'SyncFailed'
    ? `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${textOf(condition['message'])}`
    : `The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`
}

type Fields = Readonly<Record<string, unknown>>

const conditionsOf = (status: Fields): readonly Fields[] =>
  listOf(status['conditions']).filter(isRecord)

/** The conditions, saying that no disruption is left. */
function withoutDisruption(status: Fields, now: number): readonly Fields[] {
  const conditions = conditionsOf(status)
  const present = conditions.find(one => one['type'] === ALLOWED)
  const condition = {
    type: ALLOWED,
    status: 'False',
    observedGeneration: numberOf(status['observedGeneration']),
    lastTransitionTime:
      present?.['status'] === 'False' ? present['lastTransitionTime'] : rfc3339(now),
    reason: 'InsufficientPods',
    message: textOf(present?.['message']),
  }
  return present === undefined
    ? [...conditions, condition]
    : conditions.map(one => (one === present ? condition : one))
}

export const stillProcessed = (name: string): StatusError =>
  tooMany(`The disruption budget ${name} is still being processed by the server.`, WAIT_SECONDS)

const tooMany = (why: string, retryAfterSeconds: number | undefined): StatusError =>
  new StatusError(
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: 'DisruptionBudget', message: why }],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  )
