/**
 * POST serviceaccounts/NAME/token: a token for the account, bound to a pod, secret or node if asked.
 *
 * Source: kubernetes pkg/registry/core/serviceaccount/storage/token.go
 */
import type { AnyObject } from '#api/object.ts'
import { badRequest, conflict, invalid, notFound } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { wrong } from '#api/validation/fault.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { bodyKind, decodeBody, requireValidBody } from '../decoding.ts'
import { writeOptions } from '../options.ts'
import { subjectOf, targetOf } from '../target.ts'
import type { BoundObject, SubresourceDeps } from './subresource.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

const DEFAULT_SECONDS = 3600

export async function requestToken(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const request = await decodeBody(call, options.fieldValidation)
  requireOwnName(call, request)
  const target = targetOf(call)
  const account = deps.cache.get(target.storage, target.namespace, call.name)?.object()
  if (account === undefined) throw notFound(subjectOf(target, call.name))
  const { uid = '' } = account.metadata
  requireOwnUid(call, request, uid)
  requireValidBody(call, request)
  const spec = recordOf(request['spec'])
  const asked = spec['expirationSeconds']
  const seconds = typeof asked === 'number' ? asked : DEFAULT_SECONDS
  await admissionValidate(deps, call, {
    operation: 'CREATE',
    name: call.name,
    object: request,
    oldObject: undefined,
    options: undefined,
    dryRun: options.dryRun,
  })
  const issued = deps.tokens.issue({
    namespace: target.namespace,
    name: call.name,
    uid,
    audiences: listOf(spec['audiences']).map(textOf),
    expirationSeconds: seconds,
    boundObjectRef: boundObject(deps, call, spec['boundObjectRef']),
  })
  const object: AnyObject = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {
      name: call.name,
      namespace: target.namespace,
      uid,
      creationTimestamp: rfc3339(deps.clock.now()),
    },
    spec: { ...spec, audiences: issued.audiences, expirationSeconds: seconds },
    status: { token: issued.token, expirationTimestamp: issued.expirationTimestamp },
  }
  return { kind: 'object', code: 201, object }
}

const ELSEWHERE =
  'the namespace of the provided object does not match the namespace sent on the request'

/** What the request says it is for must be the account of the path. */
function requireOwnName(call: Call, { metadata }: AnyObject): void {
  const { name = '', namespace = '' } = metadata
  if (namespace !== '' && namespace !== call.namespace) throw badRequest(ELSEWHERE)
  if (name === '' || name === call.name) return
  const detail = 'must match the service account name if specified'
  const { group, kind } = bodyKind(call)
  throw invalid({ group, kind, name: call.name }, [wrong('metadata.name', name, detail)])
}

function requireOwnUid(call: Call, { metadata }: AnyObject, uid: string): void {
  const { uid: given = '' } = metadata
  if (given === '' || given === uid) return
  const { group, kind } = bodyKind(call)
  throw conflict(
    { group, resource: kind, name: call.name },
    `the UID in the token request (${given}) does not match the UID of the service account (${uid})`,
  )
}

/** `/v1, Kind=Pod`: as Go prints a kind with its group. */
const formatKind = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`

const BINDABLE: Readonly<
  Record<string, { kind: BoundObject['kind']; storage: string; namespaced: boolean }>
> = {
  'v1/Pod': { kind: 'Pod', storage: 'pods', namespaced: true },
  'v1/Secret': { kind: 'Secret', storage: 'secrets', namespaced: true },
  'v1/Node': { kind: 'Node', storage: 'nodes', namespaced: false },
}

function boundObject(
  deps: SubresourceDeps,
  call: Call,
  reference: unknown,
): BoundObject | undefined {
  if (!isRecord(reference)) return undefined
  const { apiVersion, kind, uid } = reference
  const name = textOf(reference['name'])
  const bindable = BINDABLE[`${textOf(apiVersion)}/${textOf(kind)}`]
  if (bindable === undefined)
    throw badRequest(
      `cannot bind token to object of type ${formatKind(textOf(apiVersion), textOf(kind))}`,
    )
  const namespace = bindable.namespaced ? call.namespace : ''
  const found = deps.cache.get(bindable.storage, namespace, name)?.object()
  const subject = { group: '', resource: bindable.storage, name }
  if (found === undefined) throw notFound(subject)
  if (bindable.kind === 'Pod') confirmRunsAs(found, call.name)
  const present = found.metadata.uid ?? ''
  if (textOf(uid) !== '' && uid !== present)
    throw conflict(
      { ...subject, resource: bindable.kind },
      `the UID in the bound object reference (${textOf(uid)}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return { kind: bindable.kind, name, uid: present }
}

/** A token may be bound only to a pod that runs as its account. */
function confirmRunsAs(pod: AnyObject, account: string): void {
  if (textOf(recordOf(pod['spec'])['serviceAccountName']) === account) return
  throw badRequest(
    `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
  )
}
