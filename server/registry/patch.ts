/**
 * PATCH in its four forms: JSON patch, merge patch, strategic merge patch, server-side apply.
 *
 * Law     A patch without resourceVersion is tried again when somebody else was faster.
 * Throws  StatusError: UnsupportedMediaType, BadRequest, Conflict (also of field managers), Invalid, NotFound.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go
 */
import type { AnyObject } from '#api/object.ts'
import { badRequest } from '#api/status.ts'
import type { Answer, Body, Call } from './call.ts'
import { confirmCreate } from './create-rights.ts'
import { createObject } from './create.ts'
import { decodeValue } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { modify } from './modify.ts'
import { type WriteOptions, isApplyType, unsupportedMedia, writeOptions } from './options.ts'
import { applyOwned, inStoredTerms } from './ownership.ts'
import { PLAIN_PATCH_TYPES, patchedObject } from './patched.ts'
import { placed } from './placement.ts'
import { checkRevision, requireNoUid } from './preconditions.ts'
import { type Target, shownAs, targetOf } from './target.ts'
import { modifiedAnswer, replace } from './update.ts'

const APPLY_TYPE = 'application/apply-patch+yaml'

export const PATCH_TYPES: readonly string[] = [...PLAIN_PATCH_TYPES, APPLY_TYPE]

export async function patch(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'PatchOptions')
  const sent = await patchBody(call)
  if (isApplyType(call.contentType)) return apply(deps, call, options, sent)
  const target = targetOf(call)
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    next: async stored => {
      const old = shownAs(target, stored)
      const object = placed(
        target,
        patchedObject(call, options, { document: old, sent }),
        call.name,
      )
      checkRevision(target, object, stored)
      return replace(deps, { call, target, options, old: stored }, object)
    },
  })
  return modifiedAnswer(target, modified)
}

/** The parsed patch. */
export async function patchBody(call: Call): Promise<Body> {
  if (!PATCH_TYPES.includes(call.contentType)) throw unsupportedMedia(PATCH_TYPES)
  const body = await call.body()
  if (body === undefined) throw badRequest('the request body is empty: a patch is required')
  return body
}

/** Throws StatusError(BadRequest) for fields given twice, unless the last one may count. */
function heedDuplicates(call: Call, options: WriteOptions, { duplicates }: Body): void {
  const [fault] = duplicates
  if (fault === undefined || options.fieldValidation === 'Ignore') return
  if (options.fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${fault}`)
  call.warn(fault)
}

async function apply(
  deps: RegistryDeps,
  asked: Call,
  options: WriteOptions,
  configuration: Body,
): Promise<Answer> {
  heedDuplicates(asked, options, configuration)
  const { call, sent } = inStoredTerms(asked, configuration.value)
  const shown = targetOf(asked)
  const target = { ...targetOf(call), judgedAs: asked.resource }
  const decoding = { validation: options.fieldValidation, duplicates: [] }
  const now = (): number => deps.clock.now()
  const merge = (live: AnyObject | undefined): AnyObject => {
    const owned = applyOwned({ call, target, options, sent, live, now: now() })
    const { managedFields } = owned.metadata
    const decoded = placed(target, decodeValue(call, owned, decoding), call.name)
    return managedFields === undefined
      ? decoded
      : { ...decoded, metadata: { ...decoded.metadata, managedFields } }
  }
  const exists = deps.cache.get(target.storage, target.namespace, call.name) !== undefined
  if (!exists && call.subresource === '') {
    const fresh = merge(undefined)
    requireNoUid(target, fresh, 'apply')
    await confirmCreate(deps, call)
    return shownAnswer(
      shown,
      await createObject(deps, { call, target, options, sent: fresh, isOwned: true }),
    )
  }
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    next: async stored => {
      const object = merge(shownAs(target, stored))
      checkRevision(target, object, stored)
      return replace(deps, { call, target, options, old: stored, isOwned: true }, object)
    },
  })
  return modifiedAnswer(shown, modified)
}

/** An answer in stored form, as the version asked for shows it. */
const shownAnswer = (shown: Target, answer: Answer): Answer =>
  shown.isConverted && answer.kind === 'object'
    ? { kind: 'object', code: answer.code, object: shownAs(shown, answer.object) }
    : answer
