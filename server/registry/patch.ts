/**
 * PATCH in its four forms: JSON patch, merge patch, strategic merge patch, server-side apply.
 *
 * Law     A patch without resourceVersion is tried again when somebody else was faster.
 * Throws  StatusError: UnsupportedMediaType, BadRequest, Conflict (also of field managers), Invalid, NotFound.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import type { AnyObject } from '#api/object.ts'
import { badRequest, StatusError } from '#api/status.ts'
import { createPace } from '#base/turns.ts'
import { recordOf, textOf } from '#api/values.ts'
import type { Answer, Body, Call } from './call.ts'
import { confirmCreate } from './create-rights.ts'
import { createObject } from './create.ts'
import { type Decoding, decodeValue } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { modify } from './modify.ts'
import {
  type WriteOptions,
  isApplyType,
  unroutedMedia,
  unsupportedMedia,
  writeOptions,
} from './options.ts'
import { applyOwned, inStoredTerms } from './ownership.ts'
import { conversionFault, patchedObject, plainPatchTypes } from './patched.ts'
import { placed } from './placement.ts'
import { checkRevision, requireNoUid } from './preconditions.ts'
import { type Target, shownAs, targetOf } from './target.ts'
import { modifiedAnswer, replace } from './update.ts'

const APPLY_TYPE = 'application/apply-patch+yaml'

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
  const types = [...plainPatchTypes(call), APPLY_TYPE]
  if (!types.includes(call.contentType))
    throw isCustom(call.resource) ? unsupportedMedia(types) : unroutedMedia()
  const body = await call.body()
  if (body === undefined) throw badRequest('the request body is empty: a patch is required')
  return body
}

/** Throws StatusError(BadRequest) for fields given twice, unless the last one may count. */
function heedDuplicates(call: Call, options: WriteOptions, { duplicates }: Body): void {
  const [repeated] = duplicates
  if (repeated === undefined || options.fieldValidation === 'Ignore') return
  const fault = `error converting YAML to JSON: ${repeated}`
  if (options.fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${fault}`)
  call.warn(fault)
}

async function apply(
  deps: RegistryDeps,
  asked: Call,
  options: WriteOptions,
  configuration: Body,
): Promise<Answer> {
  const { call, sent } = inStoredTerms(asked, configuration.value)
  const shown = targetOf(asked)
  const target = { ...targetOf(call), judgedAs: asked.resource }
  const decoding = { validation: options.fieldValidation, duplicates: [] }
  const now = (): number => deps.clock.now()
  const merge = async (live: AnyObject | undefined): Promise<AnyObject> => {
    const pace = createPace(deps.clock)
    const owned = applyOwned({ call, target, options, sent, live, now: now() })
    // Behind the merge, as upstream: conflicts are told first.
    heedDuplicates(asked, options, configuration)
    const { managedFields } = owned.metadata
    await pace()
    const decoded = placed(target, decodeApplied(call, { owned, sent }, decoding), call.name)
    await pace()
    return managedFields === undefined
      ? decoded
      : { ...decoded, metadata: { ...decoded.metadata, managedFields } }
  }
  const exists = deps.cache.get(target.storage, target.namespace, call.name) !== undefined
  if (!exists && call.subresource === '') {
    const fresh = await merge(undefined)
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
      const object = await merge(shownAs(target, stored))
      checkRevision(target, object, stored)
      return replace(deps, { call, target, options, old: stored, isOwned: true }, object)
    },
  })
  return modifiedAnswer(shown, modified)
}

/** What is applied to a kind of ours becomes an object of its type, and faults tell which. */
function decodeApplied(
  call: Call,
  { owned, sent }: { readonly owned: AnyObject; readonly sent: unknown },
  decoding: Decoding,
): AnyObject {
  try {
    return decodeValue(call, owned, decoding)
  } catch (error) {
    if (
      isCustom(call.resource) ||
      !(error instanceof StatusError) ||
      typeof error.cause !== 'string'
    )
      throw error
    const { apiVersion, kind } = owned
    const { namespace, name } = recordOf(recordOf(sent)['metadata'])
    const what = `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
    throw badRequest(
      `failed to convert new object (${textOf(namespace)}/${textOf(name)}; ${what}) to proper version: unable to convert unstructured object to ${what}: ${conversionFault(error.cause)}`,
    )
  }
}

/** An answer in stored form, as the version asked for shows it. */
const shownAnswer = (shown: Target, answer: Answer): Answer =>
  shown.isConverted && answer.kind === 'object'
    ? { kind: 'object', code: answer.code, object: shownAs(shown, answer.object) }
    : answer
