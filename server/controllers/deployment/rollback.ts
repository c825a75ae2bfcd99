/**
 * A rollback asked for through an old version (`rollbackTo`, or the rollback subresource): the template of an earlier
 * revision comes back, and the request goes. Pure.
 *
 * Output  undefined when none was asked for; else the Deployment as it shall be, and what to tell
 * Source: kubernetes pkg/controller/deployment/rollback.go
 */
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import { NOT_COPIED, revisionOf, ROLLBACK_TO } from './replica-sets.ts'
import { HASH_LABEL, isSameTemplate } from './template-hash.ts'

export interface Rollback {
  readonly deployment: Deployment
  readonly event: {
    readonly type: 'Normal' | 'Warning'
    readonly reason: string
    readonly message: string
  }
}

export function planRollback(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): Rollback | undefined {
  const asked = Number.parseInt(deployment.metadata.annotations?.[ROLLBACK_TO] ?? '', 10)
  if (Number.isNaN(asked)) return undefined
  const revision = asked === 0 ? lastRevision(replicaSets) : asked
  const settled = withoutRequest(deployment)
  if (revision === 0) return { deployment: settled, event: lost('Unable to find last revision.') }
  const target = replicaSets.find(replicaSet => revisionOf(replicaSet) === revision)
  if (target === undefined)
    return { deployment: settled, event: lost('Unable to find the revision to rollback to.') }
  const name = JSON.stringify(deployment.metadata.name)
  const template = target.spec?.template ?? {}
  if (deployment.spec === undefined || isSameTemplate(deployment.spec.template, template)) {
    const reason = 'DeploymentRollbackTemplateUnchanged'
    const message = `The rollback revision contains the same template as current deployment ${name}`
    return { deployment: settled, event: { type: 'Warning', reason, message } }
  }
  const message = `Rolled back deployment ${name} to revision ${revision}`
  return {
    deployment: restored(settled, deployment.spec, target),
    event: { type: 'Normal', reason: 'DeploymentRollback', message },
  }
}

const lost = (message: string): Rollback['event'] => ({
  type: 'Warning',
  reason: 'DeploymentRollbackRevisionNotFound',
  message,
})

/** The one before the newest; 0 when there is none. */
function lastRevision(replicaSets: readonly ReplicaSet[]): number {
  const [, second = 0] = replicaSets.map(revisionOf).sort((left, right) => right - left)
  return second
}

function withoutRequest(deployment: Deployment): Deployment {
  const { [ROLLBACK_TO]: _request, ...annotations } = deployment.metadata.annotations ?? {}
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

/** The template of the revision, and the annotations the Deployment had then. */
function restored(
  deployment: Deployment,
  spec: NonNullable<Deployment['spec']>,
  target: ReplicaSet,
): Deployment {
  const template = target.spec?.template ?? {}
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {}
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) =>
    NOT_COPIED.includes(name),
  )
  const old = Object.entries(target.metadata.annotations ?? {}).filter(
    ([name]) => !NOT_COPIED.includes(name),
  )
  return {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: Object.fromEntries([...own, ...old]) },
    spec: { ...spec, template: { ...template, metadata: { ...template.metadata, labels } } },
  }
}
