/** GET, PUT and PATCH of a subresource that is a view of its parent (scale, finalize, approval). */
import type { AnyObject } from '#api/object.ts'
import { invalid, methodNotAllowed, notFound } from '#api/status.ts'
import { rfc3339 } from '#base/clock.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { placed } from '../create.ts'
import { decodeBody, requireValidBody, validateChange } from '../decoding.ts'
import type { RegistryDeps } from '../deps.ts'
import { withGeneration, withMetadata } from '../metadata.ts'
import { modify, strategyOf } from '../modify.ts'
import { type WriteOptions, writeOptions } from '../options.ts'
import { trackWrite } from '../ownership.ts'
import { patchBody, patchedObject } from '../patch.ts'
import { type Target, invalidSubject, subjectOf, targetOf } from '../target.ts'
import { checkIdentity } from '../update.ts'
import type { View } from './subresource.ts'

export async function viewVerb(deps: RegistryDeps, call: Call, view: View): Promise<Answer> {
  const target = targetOf(call)
  if (call.verb === 'get') {
    const parent = deps.cache.get(target.storage, target.namespace, call.name)?.object()
    if (parent === undefined) throw notFound(subjectOf(target, call.name))
    return { kind: 'object', code: 200, object: view.show(parent) }
  }
  if (call.verb === 'update') {
    const options = writeOptions(call, 'UpdateOptions')
    const sent = placed(target, await decodeBody(call, options.fieldValidation), call.name)
    return change(deps, { call, target, options, view }, () => sent)
  }
  if (call.verb !== 'patch') throw methodNotAllowed()
  const options = writeOptions(call, 'PatchOptions')
  const patch = await patchBody(call)
  return change(deps, { call, target, options, view }, document =>
    placed(target, patchedObject(call, options, { document, sent: patch }), call.name),
  )
}

interface ViewChange {
  readonly call: Call
  readonly target: Target
  readonly options: WriteOptions
  readonly view: View
}

async function change(
  deps: RegistryDeps,
  viewed: ViewChange,
  sentFor: (document: AnyObject) => AnyObject,
): Promise<Answer> {
  const { call, target, options, view } = viewed
  const { dryRun } = options
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun,
    next: async old => {
      const oldView = view.show(old)
      const sent = sentFor(oldView)
      checkIdentity(target, sent, old)
      requireValidBody(call, sent)
      const now = deps.clock.now()
      const applied = view.apply(sent, old, rfc3339(now))
      const kept = withMetadata(applied, { ...old.metadata })
      const strategy = strategyOf(deps, target.storage)
      const next = withGeneration(
        trackWrite({ target, next: kept, old, options, now, subresource: call.subresource }),
        old,
        strategy,
      )
      const faults = validateChange(target, { object: next, old, subresource: call.subresource })
      if (faults.length > 0) throw invalid(invalidSubject(target, call.name), faults)
      await admissionValidate(deps, call, {
        operation: 'UPDATE',
        name: call.name,
        object: view.show(next),
        oldObject: oldView,
        options: undefined,
        dryRun,
      })
      return next
    },
  })
  return { kind: 'object', code: 200, object: view.show(modified.object) }
}
