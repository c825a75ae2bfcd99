/**
 * PUT of an object or of its status.
 *
 * Throws  StatusError: Conflict when the body's resourceVersion is not the stored one, Invalid, NotFound ...
 * Source: k8s.io/apiserver pkg/endpoints/handlers/update.go, pkg/registry/rest/update.go
 */
import type { AnyObject } from '#api/object.ts'
import { invalid } from '#api/status.ts'
import { createPace } from '#base/turns.ts'
import { admissionValidate, admit } from './admission.ts'
import type { Answer, Call } from './call.ts'
import { confirmCreate } from './create-rights.ts'
import { createObject } from './create.ts'
import { decodeBody, validateChange, warningsFor } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { metadataForUpdate, withGeneration } from './metadata.ts'
import { type Modified, modify, strategyOf } from './modify.ts'
import { type WriteOptions, writeOptions } from './options.ts'
import { trackWrite } from './ownership.ts'
import { distinctOwners, placed } from './placement.ts'
import { checkRevision, checkUid, requireNoUid } from './preconditions.ts'
import { metadataForStatus } from './status-parts.ts'
import { type Strategy, type StrategyContext, withoutPart } from './strategy.ts'
import { type Target, invalidSubject, shownAs, storedAs, targetOf } from './target.ts'

export async function update(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'UpdateOptions')
  const target = targetOf(call)
  const decoded = await decodeBody(call, options.fieldValidation)
  const sent = distinctOwners(placed(target, decoded, call.name), call.warn)
  const strategy = strategyOf(deps, target)
  const exists = deps.cache.get(target.storage, target.namespace, call.name) !== undefined
  if (!exists && strategy.createOnUpdate && call.subresource === '') {
    requireNoUid(target, sent, 'update')
    await confirmCreate(deps, call)
    return createObject(deps, { call, target, options, sent })
  }
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    next: async old => {
      checkUid(target, sent, old)
      checkRevision(target, sent, old)
      return replace(deps, { call, target, options, old }, sent)
    },
  })
  return modifiedAnswer(target, modified)
}

export interface Replacement {
  readonly call: Call
  readonly target: Target
  readonly options: WriteOptions
  /** As it is stored. */
  readonly old: AnyObject
  /** Managed fields of the new object are already right (server-side apply). */
  readonly isOwned?: boolean
}

/** The stored form of `sent` (of the requested version) in place of `old`: completed, admitted, owned and validated. */
export async function replace(
  deps: RegistryDeps,
  replacement: Replacement,
  sent: AnyObject,
): Promise<AnyObject> {
  const { call, target, options, old } = replacement
  const pace = createPace(deps.clock)
  const { dryRun } = options
  const strategy = strategyOf(deps, target)
  const now = deps.clock.now()
  const context = { user: call.user, now, version: call.resource.version, warn: call.warn }
  const admission = {
    operation: 'UPDATE',
    name: call.name,
    oldObject: old,
    options: undefined,
    dryRun,
  } as const
  // What admission and the strategy change belongs to nobody: owners are who asked for a field.
  const stored = storedAs(target, sent)
  const owned = replacement.isOwned
    ? stored
    : trackWrite({ target, next: stored, old, options, now, subresource: call.subresource })
  await pace()
  const admitted = distinctOwners(
    await admit(deps, call, { ...admission, object: owned }),
    call.warn,
    'admitted',
  )
  const prepared = prepare({ strategy, call, target, context }, admitted, old)
  const next = call.subresource === 'status' ? prepared : withGeneration(prepared, old, strategy)
  await pace()
  const faults = validateChange(target, { object: next, old, subresource: call.subresource })
  if (faults.length > 0) throw invalid(invalidSubject(target, call.name, next), faults)
  await pace()
  const warnings = warningsFor(target, { object: next, old, subresource: call.subresource })
  for (const text of warnings) call.warn(text)
  await pace()
  await admissionValidate(deps, call, { ...admission, object: next })
  return next
}

interface Preparing {
  readonly strategy: Strategy
  readonly call: Call
  readonly target: Target
  readonly context: StrategyContext
}

/** What the writer may change, over what it may not: status and the rest belong to different writers. */
function prepare(preparing: Preparing, sent: AnyObject, old: AnyObject): AnyObject {
  const { strategy, call, target, context } = preparing
  const metadata = metadataForUpdate(sent.metadata, old.metadata)
  if (call.subresource === 'status') {
    const status = 'status' in sent ? { status: sent['status'] } : {}
    const kept = metadataForStatus(target.storage, metadata, old.metadata)
    const changed = { ...withoutPart(old, 'status'), metadata: kept, ...status }
    return strategy.prepareForStatus?.(changed, old, context) ?? changed
  }
  const status = 'status' in old ? { status: old['status'] } : {}
  const content = strategy.hasStatus ? { ...withoutPart(sent, 'status'), ...status } : sent
  const changed = { ...content, metadata }
  return strategy.prepareForUpdate?.(changed, old, context) ?? changed
}

export const modifiedAnswer = (target: Target, modified: Modified, code = 200): Answer => ({
  kind: 'object',
  code,
  object: shownAs(target, modified.object),
  ...(modified.bytes === undefined || target.isConverted ? {} : { bytes: modified.bytes }),
})
