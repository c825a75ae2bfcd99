/**
 * Subresources as old versions of their parents had them: their own Scale kinds, the parent's old form, and rollback.
 *
 * Source: kubernetes 1.15 pkg/registry/extensions/..., 1.20 pkg/registry/apps/deployment/storage/storage.go RollbackREST
 */
import { oldScale } from '#api/conversion/smaller.ts'
import { rollingBack } from '#api/conversion/workloads.ts'
import type { AnyObject } from '#api/object.ts'
import { type TypedKind, apiVersionOf } from '#api/scheme.ts'
import { badRequest, invalid } from '#api/status.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { bodyKind, decodeBody, validateChange } from '../decoding.ts'
import { modify } from '../modify.ts'
import { writeOptions } from '../options.ts'
import { invalidSubject, shownAs, storedAs, targetOf } from '../target.ts'
import type { SubresourceDeps, View } from './subresource.ts'
import { recordOf } from '#api/values.ts'

const scaleIn = (kind: TypedKind, scale: AnyObject): AnyObject => ({
  ...oldScale(scale),
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  metadata: scale.metadata,
})

/** The view in the version that the call names; the same view when that is the stored one. */
export function viewIn(call: Call, view: View): View {
  const target = targetOf(call)
  if (!target.isConverted) return view
  const kind = bodyKind(call)
  if (kind.kind === 'Scale') {
    if (kind.group === 'autoscaling') return view
    return { ...view, show: parent => scaleIn(kind, view.show(parent)) }
  }
  return {
    show: parent => shownAs(target, view.show(parent)),
    apply: (sent, parent, now) => view.apply(storedAs(target, sent), parent, now),
  }
}

/** POST of a DeploymentRollback: leaves word for the controller, and the annotations asked for. */
export async function rollBack(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const sent = await decodeBody(call, options.fieldValidation)
  if (sent['name'] !== call.name)
    throw badRequest(
      `name in URL does not match name in DeploymentRollback object: ${call.name}, ${String(sent['name'])}`,
    )
  const revision = Number(recordOf(sent['rollbackTo'])['revision'] ?? 0)
  const target = targetOf(call)
  await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    next: async deployment => {
      const annotations = {
        ...deployment.metadata.annotations,
        ...recordOf(sent['updatedAnnotations']),
      }
      const annotated = { ...deployment, metadata: { ...deployment.metadata, annotations } }
      const next = { ...deployment, ...rollingBack(annotated, revision) }
      const faults = validateChange(target, { object: next, old: deployment, subresource: '' })
      if (faults.length > 0) throw invalid(invalidSubject(target, call.name), faults)
      await admissionValidate(deps, call, {
        operation: 'CREATE',
        name: call.name,
        object: sent,
        oldObject: undefined,
        options: undefined,
        dryRun: options.dryRun,
      })
      return next
    },
  })
  const message = `rollback request for deployment ${JSON.stringify(call.name)} succeeded`
  const object = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    message,
    code: 200,
  }
  return { kind: 'object', code: 201, object }
}
