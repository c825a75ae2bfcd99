/**
 * POST of a collection: decode, complete, admit, validate, reserve, commit.
 *
 * Throws  StatusError: BadRequest, Invalid, AlreadyExists, Forbidden by admission ...
 * Source: k8s.io/apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go Create
 */
import type { AnyObject } from '#api/object.ts'
import { alreadyExists, badRequest, invalid, isReason } from '#api/status.ts'
import { admissionValidate, admit } from './admission.ts'
import type { Answer, Call } from './call.ts'
import { isStoreConflict } from './committer.ts'
import { decodeBody, validateNew } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { encodeAt } from './encoding.ts'
import { generateName, metadataForCreate } from './metadata.ts'
import { strategyOf } from './modify.ts'
import { type WriteOptions, writeOptions } from './options.ts'
import { trackWrite } from './ownership.ts'
import { without } from './strategy.ts'
import {
  type Target,
  invalidSubject,
  keyAt,
  required,
  shownAs,
  storedAs,
  subjectOf,
  targetOf,
} from './target.ts'

const GENERATED_NAMES_MAX = 8

export async function create(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const target = targetOf(call)
  const sent = await decodeBody(call, options.fieldValidation)
  return createObject(deps, { call, target, options, sent: placed(target, sent, call.name) })
}

export interface Creation {
  readonly call: Call
  readonly target: Target
  readonly options: WriteOptions
  /** Decoded and defaulted, in the requested version, with its namespace. */
  readonly sent: AnyObject
  /** Managed fields are already right (server-side apply). */
  readonly isOwned?: boolean
}

export async function createObject(deps: RegistryDeps, creation: Creation): Promise<Answer> {
  const { sent } = creation
  const prefix = sent.metadata.generateName ?? ''
  const isGenerated = (sent.metadata.name ?? '') === '' && prefix !== ''
  for (let attempt = 1; ; attempt++) {
    const name = isGenerated ? generateName(prefix, deps.random) : (sent.metadata.name ?? '')
    try {
      return await deps.creations.run(creation.target.namespace, () =>
        createNamed(deps, creation, name),
      )
    } catch (error) {
      if (!isStoreConflict(error) && !isReason(error, 'AlreadyExists')) throw error
      if (!isGenerated || attempt >= GENERATED_NAMES_MAX)
        throw alreadyExists(subjectOf(creation.target, name))
    }
  }
}

async function createNamed(deps: RegistryDeps, creation: Creation, name: string): Promise<Answer> {
  const { call, target, options } = creation
  const { dryRun } = options
  const strategy = strategyOf(deps, target.storage)
  const now = deps.clock.now()
  const losesStatus = strategy.hasStatus && strategy.keepsStatus !== true
  const fresh = losesStatus ? without(creation.sent, 'status') : creation.sent
  const metadata = metadataForCreate(
    { ...fresh.metadata, ...(name === '' ? {} : { name }) },
    { now, random: deps.random, generation: strategy.generation },
  )
  const context = { user: call.user, now }
  const completed = complete(strategy, storedAs(target, { ...fresh, metadata }), context)
  const admission = {
    operation: 'CREATE',
    name,
    oldObject: undefined,
    options: undefined,
    dryRun,
  } as const
  const admitted = await admit(deps, call, { ...admission, object: shownAs(target, completed) })
  const object = creation.isOwned
    ? admitted
    : trackWrite({ target, next: admitted, old: undefined, options, now, subresource: '' })
  const faults = [...(name === '' ? [NAMELESS] : []), ...validateNew(target, object)]
  if (faults.length > 0) throw invalid(invalidSubject(target, name), faults)
  await admissionValidate(deps, call, { ...admission, object })
  const written = await commitNew(deps, creation, storedAs(target, object))
  return {
    kind: 'object',
    code: 201,
    object: shownAs(target, written.object),
    ...(written.bytes === undefined || target.conversion !== undefined
      ? {}
      : { bytes: written.bytes }),
  }
}

const NAMELESS = required('metadata.name', 'name or generateName is required')

const complete = (
  strategy: ReturnType<typeof strategyOf>,
  object: AnyObject,
  context: Parameters<NonNullable<typeof strategy.prepareForCreate>>[1],
): AnyObject => strategy.prepareForCreate?.(object, context) ?? object

async function commitNew(
  deps: RegistryDeps,
  creation: Creation,
  object: AnyObject,
): Promise<{ readonly object: AnyObject; readonly bytes: Buffer | undefined }> {
  const { target, options, call } = creation
  const name = object.metadata.name ?? ''
  const key = keyAt(target, name)
  await deps.committer.settled(key)
  if (deps.cache.get(target.storage, target.namespace, name) !== undefined)
    throw alreadyExists(subjectOf(target, name))
  const strategy = strategyOf(deps, target.storage)
  const reservation = strategy.reserve?.(object, undefined)
  const encoding = encodeAt(reservation?.object ?? object)
  if (options.dryRun) {
    reservation?.rollback()
    return encoding.result()
  }
  const now = deps.clock.now()
  const expiresAtMs = strategy.expiresAtMs?.(object, now)
  try {
    await deps.committer.commit(
      [
        {
          kind: 'put',
          key,
          expected: 0,
          encode: encoding.encode,
          ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        },
      ],
      { user: call.user.name, atMs: now },
    )
  } catch (error) {
    reservation?.rollback()
    throw error
  }
  reservation?.commit()
  return encoding.result()
}

/**
 * The object with the namespace of the request.
 * Throws BadRequest when the body names another namespace, or another name than the path.
 */
export function placed(target: Target, object: AnyObject, pathName: string): AnyObject {
  const { name = '', namespace = '' } = object.metadata
  if (target.namespace !== '' && namespace !== '' && namespace !== target.namespace)
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request`,
    )
  if (pathName !== '' && name !== '' && name !== pathName)
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${pathName})`,
    )
  const { namespace: _namespace, ...rest } = object.metadata
  return {
    ...object,
    metadata: {
      ...rest,
      ...(pathName === '' ? {} : { name: pathName }),
      ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    },
  }
}
