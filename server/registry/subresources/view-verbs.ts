/** GET, PUT and PATCH (apply too) of a subresource that is a view of its parent: scale, finalize, approval ... */
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import { apiVersionOf } from '#api/scheme.ts'
import { invalid, methodNotAllowed, notFound } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Body, Call } from '../call.ts'
import { bodyKind, decodeBody, decodeValue, requireValidBody, validateChange } from '../decoding.ts'
import type { RegistryDeps } from '../deps.ts'
import { withGeneration, withMetadata } from '../metadata.ts'
import { modify, strategyOf } from '../modify.ts'
import { type WriteOptions, isApplyType, writeOptions } from '../options.ts'
import { applyOwned, trackWrite } from '../ownership.ts'
import { patchBody } from '../patch.ts'
import { patchedObject } from '../patched.ts'
import { placed } from '../placement.ts'
import { checkRevision, checkUid } from '../preconditions.ts'
import { type Target, invalidSubject, subjectOf, targetOf } from '../target.ts'
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
    return change(deps, { call, target, options, view }, () => ({ object: sent }))
  }
  if (call.verb !== 'patch') throw methodNotAllowed()
  const options = writeOptions(call, 'PatchOptions')
  const viewed = { call, target, options, view }
  return change(deps, viewed, patching(deps, viewed, await patchBody(call)))
}

interface ViewChange {
  readonly call: Call
  readonly target: Target
  readonly options: WriteOptions
  readonly view: View
}

/** What a write makes of the view. */
interface Sent {
  readonly object: AnyObject
  /** Of the view's fields, when the write was an apply and knows them. */
  readonly owners?: readonly ManagedFieldsEntry[]
}

type Sending = (parent: AnyObject) => Sent

function patching(deps: RegistryDeps, viewed: ViewChange, patch: Body): Sending {
  const { call, target, options, view } = viewed
  if (!isApplyType(call.contentType)) {
    return parent => {
      const document = view.show(parent)
      const object = patchedObject(call, options, { document, sent: patch })
      return { object: placed(target, object, call.name) }
    }
  }
  const decoding = { validation: options.fieldValidation, duplicates: [] }
  return parent => {
    const { managedFields } = parent.metadata
    const owners = view.owners?.show(managedFields, apiVersionOf(bodyKind(call))) ?? managedFields
    const live = withMetadata(
      view.show(parent),
      owners === undefined ? {} : { managedFields: owners },
    )
    const now = deps.clock.now()
    const owned = applyOwned({ call, target, options, sent: patch.value, live, now })
    const object = placed(target, decodeValue(call, owned, decoding), call.name)
    return { object, owners: owned.metadata.managedFields ?? [] }
  }
}

async function change(deps: RegistryDeps, viewed: ViewChange, send: Sending): Promise<Answer> {
  const { call, target, options, view } = viewed
  const { dryRun } = options
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun,
    next: async old => {
      const next = changed(deps, viewed, { old, sent: send(old) })
      const judged = { object: next, old, subresource: call.subresource }
      const faults = [...validateChange(target, judged), ...(view.faults?.(next, old) ?? [])]
      if (faults.length > 0) throw invalid(invalidSubject(target, call.name), faults)
      await admissionValidate(deps, call, {
        operation: 'UPDATE',
        name: call.name,
        object: view.show(next),
        oldObject: view.show(old),
        options: undefined,
        dryRun,
      })
      return next
    },
  })
  return { kind: 'object', code: 200, object: view.show(modified.object) }
}

/** The parent with the view written, owned. */
function changed(
  deps: RegistryDeps,
  viewed: ViewChange,
  { old, sent }: { readonly old: AnyObject; readonly sent: Sent },
): AnyObject {
  const { call, target, options, view } = viewed
  checkUid(target, sent.object, old)
  // A view of an object that must be written with its version need not bear it.
  if ((sent.object.metadata.resourceVersion ?? '') !== '') checkRevision(target, sent.object, old)
  requireValidBody(call, sent.object)
  const now = deps.clock.now()
  const applied = withMetadata(view.apply(sent.object, old, rfc3339(now)), { ...old.metadata })
  const owned =
    sent.owners === undefined
      ? trackWrite({ target, next: applied, old, options, now, subresource: call.subresource })
      : withMetadata(applied, { managedFields: ownersOf(viewed, old, sent.owners) })
  const next = view.owners === undefined ? owned : untimed(owned, call.subresource)
  return withGeneration(next, old, strategyOf(deps, target))
}

/** Upstream loses the time of who writes through such a view. */
function untimed(owned: AnyObject, subresource: string): AnyObject {
  const managedFields = owned.metadata.managedFields?.map(entry => {
    const { time: _lost, ...rest } = entry
    return entry.subresource === subresource ? rest : entry
  })
  return managedFields === undefined ? owned : withMetadata(owned, { managedFields })
}

const ownersOf = (
  { target, view }: ViewChange,
  old: AnyObject,
  owners: readonly ManagedFieldsEntry[],
): readonly ManagedFieldsEntry[] =>
  view.owners?.apply(old.metadata.managedFields, owners, apiVersionOf(target.resource)) ?? owners
