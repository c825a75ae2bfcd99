/**
 * Decides how far the deletion of a namespace has come: its conditions, and whether it may go. Pure.
 *
 * Input   the namespace, what was found while emptying it
 * Output  the new status; `mayFinalize` when nothing is left and nothing failed
 * Source: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go, status_condition_utils.go
 */
import { rfc3339 } from '#api/time.ts'
import type { Namespace, NamespaceCondition, NamespaceStatus } from '#api/types/core-v1.ts'

/** What is left of one resource after deleting all of it. */
export interface Remainder {
  /** `pods.`, `deployments.apps`: upstream's spelling, version left out. */
  readonly resource: string
  readonly count: number
  /** Finalizers of what is left, each with how many objects bear it. */
  readonly finalizers: Readonly<Record<string, number>>
  /** The longest grace any of it still has, in seconds. */
  readonly graceSeconds: number
}

export interface Emptying {
  readonly remainders: readonly Remainder[]
  readonly discoveryFailure?: string
  readonly deletionFailures: readonly string[]
}

export interface NamespacePlan {
  readonly status: NamespaceStatus
  readonly mayFinalize: boolean
  /** When to look again while something is left. */
  readonly requeueAfterMs?: number
}

const NAMESPACE_FINALIZER = 'kubernetes'
const LOOK_AGAIN_MS = 1_000
const LOOK_AGAIN_MAX_MS = 15_000

interface Verdict {
  readonly type: string
  readonly failure: { readonly reason: string; readonly message: string } | undefined
  readonly success: { readonly reason: string; readonly message: string }
}

const listed = (parts: readonly string[]): string => [...parts].sort().join(', ')

function verdicts({
  remainders,
  discoveryFailure,
  deletionFailures,
}: Emptying): readonly Verdict[] {
  const left = remainders.filter(({ count }) => count > 0)
  const finalizers = new Map<string, number>()
  for (const remainder of left) {
    for (const [name, count] of Object.entries(remainder.finalizers)) {
      finalizers.set(name, (finalizers.get(name) ?? 0) + count)
    }
  }
  const content = listed(
    left.map(({ resource, count }) => `${resource} has ${count} resource instances`),
  )
  const held = listed(
    [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`),
  )
  return [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      failure:
        discoveryFailure === undefined
          ? undefined
          : {
              reason: 'DiscoveryFailed',
              message: `Discovery failed for some groups, ${discoveryFailure}`,
            },
      success: {
        reason: 'ResourcesDiscovered',
        message: 'All resources successfully discovered',
      },
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      failure: undefined,
      success: {
        reason: 'ParsedGroupVersions',
        message: 'All legacy kube types successfully parsed',
      },
    },
    {
      type: 'NamespaceDeletionContentFailure',
      failure:
        deletionFailures.length === 0
          ? undefined
          : {
              reason: 'ContentDeletionFailed',
              message: `Failed to delete all resource types, ${deletionFailures.length} remaining: ${listed(deletionFailures)}`,
            },
      success: {
        reason: 'ContentDeleted',
        message: 'All content successfully deleted, may be waiting on finalization',
      },
    },
    {
      type: 'NamespaceContentRemaining',
      failure:
        left.length === 0
          ? undefined
          : {
              reason: 'SomeResourcesRemain',
              message: `Some resources are remaining: ${content}`,
            },
      success: { reason: 'ContentRemoved', message: 'All content successfully removed' },
    },
    {
      type: 'NamespaceFinalizersRemaining',
      failure:
        finalizers.size === 0
          ? undefined
          : {
              reason: 'SomeFinalizersRemain',
              message: `Some content in the namespace has finalizers remaining: ${held}`,
            },
      success: {
        reason: 'ContentHasNoFinalizers',
        message: 'All content-preserving finalizers finished',
      },
    },
  ]
}

function conditionOf(
  { type, failure, success }: Verdict,
  before: NamespaceCondition | undefined,
  nowMs: number,
): NamespaceCondition {
  const status = failure === undefined ? 'False' : 'True'
  const told = failure ?? success
  const isSame = before?.status === status
  const lastTransitionTime = (isSame ? before.lastTransitionTime : undefined) ?? rfc3339(nowMs)
  return { type, status, lastTransitionTime, ...told }
}

export const isGoing = (namespace: Namespace): boolean =>
  namespace.metadata.deletionTimestamp !== undefined &&
  (namespace.spec?.finalizers ?? []).includes(NAMESPACE_FINALIZER)

export function planNamespace(
  namespace: Namespace,
  emptying: Emptying,
  nowMs: number,
): NamespacePlan {
  const before = namespace.status?.conditions ?? []
  const conditions = verdicts(emptying).map(verdict =>
    conditionOf(
      verdict,
      before.find(condition => condition.type === verdict.type),
      nowMs,
    ),
  )
  const left = emptying.remainders.filter(({ count }) => count > 0)
  const hasFailed = emptying.discoveryFailure !== undefined || emptying.deletionFailures.length > 0
  const status = { ...namespace.status, phase: 'Terminating', conditions } as const
  if (left.length === 0 && !hasFailed) return { status, mayFinalize: true }
  const graceMs = Math.max(0, ...left.map(({ graceSeconds }) => graceSeconds)) * 1000
  const requeueAfterMs = Math.min(LOOK_AGAIN_MAX_MS, Math.max(LOOK_AGAIN_MS, graceMs / 2))
  return { status, mayFinalize: false, requeueAfterMs }
}

/** The namespace without our hold on it: what is PUT to its `finalize` subresource. */
export const finalized = (namespace: Namespace): Namespace => ({
  ...namespace,
  spec: {
    ...namespace.spec,
    finalizers: (namespace.spec?.finalizers ?? []).filter(name => name !== NAMESPACE_FINALIZER),
  },
})
