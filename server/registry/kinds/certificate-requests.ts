/**
 * CertificateSigningRequests: who asks is who the server saw, and decisions have a subresource of their own. Pure.
 *
 * Source: kubernetes pkg/registry/certificates/certificates/strategy.go
 */
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import { isRecord, listOf, recordOf } from '#api/values.ts'
import { DEFAULT_STRATEGY, type Strategy, withoutPart } from '../strategy.ts'

/** The requester is who the server saw, whatever the body says. */
export const requestStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  prepareForCreate: (request, { user }) => ({
    ...withoutPart(request, 'status'),
    spec: {
      ...recordOf(request['spec']),
      username: user.name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: user.groups,
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    status: {},
  }),
  prepareForUpdate: (request, old) => ({ ...request, spec: old['spec'] }),
  /** Approval has its own subresource: those conditions stay as they were, unless their number says otherwise. */
  prepareForStatus: (request, old, { now }) => {
    const sent = conditionsOf(request)
    const kept = DECISIONS.reduce((conditions, type) => keeping(conditions, old, type), sent)
    return withConditions(request, recordOf(request['status']), dated(kept, old, rfc3339(now)))
  },
}

type Condition = Readonly<Record<string, unknown>>

const DECISIONS: readonly string[] = ['Approved', 'Denied']

const conditionsOf = (object: AnyObject): readonly Condition[] =>
  listOf(recordOf(object['status'])['conditions']).filter(isRecord)

/** With the old conditions of the type in the places of the new ones, when there are as many. */
function keeping(
  conditions: readonly Condition[],
  old: AnyObject,
  type: string,
): readonly Condition[] {
  const before = conditionsOf(old).filter(condition => condition['type'] === type)
  if (conditions.filter(condition => condition['type'] === type).length !== before.length) {
    return conditions
  }
  let at = 0
  return conditions.map(condition =>
    condition['type'] === type ? (before[at++] ?? condition) : condition,
  )
}

/** Times that nobody gave: now, or since when the old condition has said the same. */
const dated = (
  conditions: readonly Condition[],
  old: AnyObject,
  now: string,
): readonly Condition[] =>
  conditions.map(condition => {
    const same = conditionsOf(old).find(
      before =>
        before['type'] === condition['type'] &&
        before['status'] === condition['status'] &&
        before['lastTransitionTime'] !== undefined,
    )
    return {
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? same?.['lastTransitionTime'] ?? now,
    }
  })

const withConditions = (
  object: AnyObject,
  { conditions: _conditions, ...status }: Condition,
  conditions: readonly Condition[],
): AnyObject => ({
  ...object,
  status: conditions.length === 0 ? status : { ...status, conditions },
})

/** PUT .../approval: the conditions, and nothing else. */
export const approved = (sent: AnyObject, old: AnyObject, now: string): AnyObject =>
  withConditions(old, recordOf(old['status']), dated(conditionsOf(sent), old, now))
