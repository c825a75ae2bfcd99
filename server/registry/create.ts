/**
 * POST of a collection: decode, complete, admit, validate, reserve, commit.
 *
 * Throws  StatusError: BadRequest, Invalid, AlreadyExists, Forbidden by admission ...
 * Source: k8s.io/apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go Create
 */
import type { AnyObject } from '#api/object.ts'
import { absentValue } from '#api/schema/zero.ts'
import { warningsOf } from '#api/validation/warnings.ts'
import { StatusError, alreadyExists, invalid, isReason } from '#api/status.ts'
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
import { distinctOwners, placed } from './placement.ts'
import { requireNoRevision } from './preconditions.ts'
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
  const fresh = distinctOwners(placed(target, sent, call.name), call.warn)
  requireNoRevision(fresh)
  return createObject(deps, { call, target, options, sent: fresh })
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
      if (!isGenerated) throw taken(deps, creation.target, name)
      if (attempt >= GENERATED_NAMES_MAX) throw unnameable(creation.target, name)
    }
  }
}

/** The name belongs to another object, or still does. */
function taken(deps: RegistryDeps, target: Target, name: string): StatusError {
  const plain = alreadyExists(subjectOf(target, name))
  const present = deps.cache.get(target.storage, target.namespace, name)?.object()
  return present?.metadata.deletionTimestamp === undefined
    ? plain
    : new StatusError('AlreadyExists', `object is being deleted: ${plain.message}`, plain.details)
}

/** Source: k8s.io/apimachinery pkg/api/errors NewGenerateNameConflict */
function unnameable(target: Target, name: string): StatusError {
  const plain = alreadyExists(subjectOf(target, name))
  return new StatusError(
    'AlreadyExists',
    `${plain.message}, the server was not able to generate a unique name for the object`,
    { ...plain.details, retryAfterSeconds: 1 },
  )
}

async function createNamed(deps: RegistryDeps, creation: Creation, name: string): Promise<Answer> {
  const { call, target, options } = creation
  const { dryRun } = options
  const strategy = strategyOf(deps, target.storage)
  const now = deps.clock.now()
  const metadata = metadataForCreate(
    { ...creation.sent.metadata, ...(name === '' ? {} : { name }) },
    { now, random: deps.random, generation: strategy.generation },
  )
  const context = { user: call.user, now }
  const fresh = storedAs(target, { ...creation.sent, metadata })
  const losesStatus = strategy.hasStatus && strategy.keepsStatus !== true
  const completed = complete(strategy, losesStatus ? unobserved(target, fresh) : fresh, context)
  const admission = {
    operation: 'CREATE',
    name,
    oldObject: undefined,
    options: undefined,
    dryRun,
  } as const
  const admitted = distinctOwners(
    await admit(deps, call, { ...admission, object: completed }),
    call.warn,
    'admitted',
  )
  const object = creation.isOwned
    ? admitted
    : trackWrite({ target, next: admitted, old: undefined, options, now, subresource: '' })
  const faults = [...(name === '' ? [NAMELESS] : []), ...validateNew(target, object)]
  if (faults.length > 0) throw invalid(invalidSubject(target, name), faults)
  for (const text of warningsOf(target.stored, object, undefined)) call.warn(text)
  await admissionValidate(deps, call, { ...admission, object })
  const written = await commitNew(deps, creation, object)
  return {
    kind: 'object',
    code: 201,
    object: shownAs(target, written.object),
    ...(written.bytes === undefined || target.isConverted ? {} : { bytes: written.bytes }),
  }
}

/** The object as nobody has looked at it yet: the status of most kinds shows its zero values even then. */
function unobserved({ stored }: Target, object: AnyObject): AnyObject {
  const field = stored.type().fields.get('status')
  const status = field === undefined ? undefined : absentValue(field)
  const rest = without(object, 'status')
  return status === undefined ? rest : { ...rest, status }
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
