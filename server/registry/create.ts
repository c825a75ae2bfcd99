/**
 * POST of a collection: decode, complete, admit, validate, reserve, commit.
 *
 * Throws  StatusError: BadRequest, Invalid, AlreadyExists, Forbidden by admission ...
 * Source: k8s.io/apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go Create
 */
import type { AnyObject } from '#api/object.ts'
import { absentValue } from '#api/schema/zero.ts'
import { MODIFIED, StatusError, alreadyExists, conflict, invalid, isReason } from '#api/status.ts'
import { createPace } from '#base/turns.ts'
import type { Put } from '#server/store/store.ts'
import { admissionValidate, admit } from './admission.ts'
import type { Answer, Call } from './call.ts'
import { isStoreConflict } from './committer.ts'
import { companionWrites } from './companions.ts'
import { decodeBody, validateNew, warningsFor } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { type Encoding, encodeAt } from './encoding.ts'
import { generateName, metadataForCreate } from './metadata.ts'
import { strategyOf } from './modify.ts'
import { type WriteOptions, writeOptions } from './options.ts'
import { trackWrite } from './ownership.ts'
import { distinctOwners, placed } from './placement.ts'
import { requireNoRevision } from './preconditions.ts'
import { withoutPart } from './strategy.ts'
import {
  type Target,
  invalidSubject,
  keyAt,
  shownAs,
  storedAs,
  subjectOf,
  targetOf,
} from './target.ts'

const GENERATED_NAMES_MAX = 8
const COMPANIONS_MAX = 20

export async function create(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const target = targetOf(call)
  const sent = await decodeBody(call, options.fieldValidation)
  const fresh = distinctOwners(placed(target, sent, ''), call.warn)
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
  const strategy = strategyOf(deps, target)
  const pace = createPace(deps.clock)
  const now = deps.clock.now()
  const metadata = metadataForCreate(
    { ...creation.sent.metadata, ...(name === '' ? {} : { name }) },
    { now, random: deps.random, generation: strategy.generation },
  )
  const context = { user: call.user, now, version: call.resource.version, warn: call.warn }
  const fresh = storedAs(target, { ...creation.sent, metadata })
  const admission = {
    operation: 'CREATE',
    name,
    oldObject: undefined,
    options: undefined,
    dryRun,
  } as const
  // What admission and the strategy add belongs to nobody: owners are who asked for a field.
  const owned = creation.isOwned
    ? fresh
    : trackWrite({ target, next: fresh, old: undefined, options, now, subresource: '' })
  await pace()
  const admitted = distinctOwners(
    await admit(deps, call, { ...admission, object: owned }),
    call.warn,
    'admitted',
  )
  const losesStatus = strategy.hasStatus && strategy.keepsStatus !== true
  const object = complete(strategy, losesStatus ? unobserved(target, admitted) : admitted, context)
  await pace()
  const faults = validateNew(target, object)
  if (faults.length > 0) throw invalid(invalidSubject(target, name, object), faults)
  await pace()
  for (const text of warningsFor(target, { object, old: undefined, subresource: '' }))
    call.warn(text)
  await pace()
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
  const rest = withoutPart(object, 'status')
  return status === undefined ? rest : { ...rest, status }
}

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
  const strategy = strategyOf(deps, target)
  const author = { user: call.user.name, atMs: deps.clock.now() }
  for (let attempt = 1; ; attempt++) {
    const reservation = await strategy.reserve?.(object, undefined)
    const encoding = encodeAt(reservation?.object ?? object)
    if (options.dryRun) {
      reservation?.rollback()
      return encoding.result()
    }
    try {
      const companions = companionWrites(deps, reservation?.companions)
      const put = putOf(strategy, key, { object, encoding, now: author.atMs })
      await deps.committer.commit([put, ...companions], author)
    } catch (error) {
      reservation?.rollback()
      if (!isStoreConflict(error) || error.key === undefined || error.key === key) throw error
      // Somebody else made what it was to come with: what is reserved now differs.
      if (attempt >= COMPANIONS_MAX) throw conflict(subjectOf(target, name), MODIFIED)
      await deps.committer.settled(error.key)
      continue
    }
    reservation?.commit()
    return encoding.result()
  }
}

function putOf(
  strategy: ReturnType<typeof strategyOf>,
  key: string,
  of: { readonly object: AnyObject; readonly encoding: Encoding; readonly now: number },
): Put {
  const expiresAtMs = strategy.expiresAtMs?.(of.object, of.now)
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs }
  return { kind: 'put', key, expected: 0, encode: of.encoding.encode, ...expiry }
}
