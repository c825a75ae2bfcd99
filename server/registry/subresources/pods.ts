/**
 * Binding and eviction of pods.
 *
 * Source: kubernetes pkg/registry/core/pod/storage/storage.go BindingREST, eviction.go
 */
import type { AnyObject } from '#api/object.ts'
import { type Status, badRequest, conflict, notFound } from '#api/status.ts'
import { rfc3339 } from '#base/clock.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { decodeBody, requireValidBody } from '../decoding.ts'
import { removeNamed } from '../delete.ts'
import { bound } from '../kinds/pods.ts'
import { modify } from '../modify.ts'
import { deleteOptions, writeOptions } from '../options.ts'
import { recordOf, textOf } from '../strategy.ts'
import { subjectOf, targetOf } from '../target.ts'
import type { SubresourceDeps } from './subresource.ts'

const CREATED: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
}
const created = (): Answer => ({ kind: 'object', code: 201, object: { ...CREATED } })

const BINDING = { group: '', resource: 'pods/binding' } as const

export async function bind(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const binding = await decodeBody(call, options.fieldValidation)
  requireValidBody(call, binding)
  const { kind, name: nodeName } = recordOf(binding['target'])
  if (kind !== undefined && kind !== '' && kind !== 'Node')
    throw badRequest(
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", ""`,
    )
  const target = targetOf(call)
  const subject = { ...BINDING, name: call.name }
  await admissionValidate(deps, call, {
    operation: 'CREATE',
    name: call.name,
    object: binding,
    oldObject: undefined,
    options: undefined,
    dryRun: options.dryRun,
  })
  const { uid } = binding.metadata
  await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun: options.dryRun,
    ...(uid === undefined || uid === '' ? {} : { preconditions: { uid } }),
    next(pod) {
      if (pod.metadata.deletionTimestamp !== undefined)
        throw conflict(subject, `pod ${call.name} is being deleted, cannot be assigned to a host`)
      const present = textOf(recordOf(pod['spec'])['nodeName'])
      if (present !== '')
        throw conflict(subject, `pod ${call.name} is already assigned to node "${present}"`)
      const to = { nodeName: textOf(nodeName), metadata: binding.metadata }
      return bound(pod, to, rfc3339(deps.clock.now()))
    },
  })
  return created()
}

export async function evict(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const write = writeOptions(call, 'CreateOptions')
  const eviction: AnyObject = await decodeBody(call, write.fieldValidation)
  const target = targetOf(call)
  const { name = '' } = eviction.metadata
  if (name !== '' && name !== call.name)
    throw badRequest('name in URL does not match name in Eviction object')
  if (deps.cache.get(target.storage, target.namespace, call.name) === undefined)
    throw notFound(subjectOf(target, call.name))
  const asked = deleteOptions(eviction['deleteOptions'], call.query)
  const options = { ...asked, dryRun: asked.dryRun || write.dryRun }
  await admissionValidate(deps, call, {
    operation: 'CREATE',
    name: call.name,
    object: eviction,
    oldObject: undefined,
    options: undefined,
    dryRun: options.dryRun,
  })
  await removeNamed(deps, { call, target, options, name: call.name, isAdmitted: true })
  return created()
}
