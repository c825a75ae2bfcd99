/**
 * PATCH in its four forms: JSON patch, merge patch, strategic merge patch, server-side apply.
 *
 * Law     A patch without resourceVersion is tried again when somebody else was faster.
 * Throws  StatusError: UnsupportedMediaType, BadRequest, Conflict (also of field managers), Invalid, NotFound.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go
 */
import type { AnyObject } from '#api/object.ts'
import { applyJsonPatch } from '#api/patch/json-patch.ts'
import { applyMergePatch } from '#api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#api/patch/strategic-merge-patch.ts'
import { badRequest } from '#api/status.ts'
import type { Answer, Call } from './call.ts'
import { confirmCreate } from './create-rights.ts'
import { createObject, placed } from './create.ts'
import { bodyKind, decodeValue } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { modify } from './modify.ts'
import { type WriteOptions, isApplyType, unsupportedMedia, writeOptions } from './options.ts'
import { applyOwned } from './ownership.ts'
import { shownAs, targetOf } from './target.ts'
import { checkIdentity, modifiedAnswer, replace } from './update.ts'

type PatchFunction = (call: Call, document: AnyObject, patch: unknown) => unknown

const PATCHES: Readonly<Record<string, PatchFunction>> = {
  'application/json-patch+json': (_call, document, patch) => applyJsonPatch(document, patch),
  'application/merge-patch+json': (_call, document, patch) => applyMergePatch(document, patch),
  'application/strategic-merge-patch+json': (call, document, patch) =>
    applyStrategicMergePatch(bodyKind(call).type, document, patch),
}
const APPLY_TYPE = 'application/apply-patch+yaml'

export const PATCH_TYPES: readonly string[] = [...Object.keys(PATCHES), APPLY_TYPE]

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
      checkIdentity(target, object, old)
      return replace(deps, { call, target, options, old }, object)
    },
  })
  return modifiedAnswer(target, modified)
}

/** The parsed patch. */
export async function patchBody(call: Call): Promise<unknown> {
  if (!PATCH_TYPES.includes(call.contentType)) throw unsupportedMedia(PATCH_TYPES)
  const body = await call.body()
  if (body === undefined) throw badRequest('the request body is empty: a patch is required')
  return body.value
}

/** `document` after the patch, decoded as the kind it is. */
export function patchedObject(
  call: Call,
  options: WriteOptions,
  on: { readonly document: AnyObject; readonly sent: unknown },
): AnyObject {
  const patched = PATCHES[call.contentType]?.(call, on.document, on.sent)
  return decodeValue(call, patched, { validation: options.fieldValidation, duplicates: [] })
}

async function apply(
  deps: RegistryDeps,
  call: Call,
  options: WriteOptions,
  sent: unknown,
): Promise<Answer> {
  const target = targetOf(call)
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
    await confirmCreate(deps, call)
    return createObject(deps, { call, target, options, sent: merge(undefined), isOwned: true })
  }
  const modified = await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    next: async stored => {
      const old = shownAs(target, stored)
      const object = merge(old)
      checkIdentity(target, object, old)
      return replace(deps, { call, target, options, old, isOwned: true }, object)
    },
  })
  return modifiedAnswer(target, modified)
}
