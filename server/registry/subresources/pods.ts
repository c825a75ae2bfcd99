/**
 * Binding of pods to nodes: through the pod, or as a Binding of its own.
 *
 * Source: kubernetes pkg/registry/core/pod/storage/storage.go BindingREST, LegacyBindingREST
 */
import type { AnyObject } from '#api/object.ts'
import { resourceOf } from '#api/scheme.ts'
import { type Status, badRequest, conflict } from '#api/status.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { decodeBody, requireValidBody } from '../decoding.ts'
import type { RegistryDeps } from '../deps.ts'
import { bound } from '../kinds/pods.ts'
import { modify } from '../modify.ts'
import { writeOptions } from '../options.ts'
import { placed } from '../placement.ts'
import { targetOf } from '../target.ts'
import { rfc3339 } from '#api/time.ts'
import { listOf, recordOf, textOf } from '#api/values.ts'

const CREATED: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
}
const created = (): Answer => ({ kind: 'object', code: 201, object: { ...CREATED } })

const BINDING = { group: '', resource: 'pods/binding' } as const

export async function bind(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const binding = await decodeBody(call, options.fieldValidation)
  if ((binding.metadata.name ?? '') !== call.name)
    throw badRequest('name in URL does not match name in Binding object')
  return assign(deps, call, { binding, dryRun: options.dryRun })
}

/** POST of a Binding to a namespace: its name is the pod's. */
export async function bindNamed(deps: RegistryDeps, call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const sent = await decodeBody(call, options.fieldValidation)
  const binding = placed(targetOf(call), sent, '')
  const pods = resourceOf('', 'v1', 'pods')
  if (pods === undefined) throw new Error('pods are not served')
  const name = binding.metadata.name ?? ''
  const named = { ...call, resource: pods, subresource: 'binding', name }
  return assign(deps, named, { binding, dryRun: options.dryRun })
}

async function assign(
  deps: RegistryDeps,
  call: Call,
  { binding, dryRun }: { readonly binding: AnyObject; readonly dryRun: boolean },
): Promise<Answer> {
  requireValidBody(call, binding)
  const { name: nodeName } = recordOf(binding['target'])
  const target = targetOf(call)
  const subject = { ...BINDING, name: call.name }
  await admissionValidate(deps, call, {
    operation: 'CREATE',
    name: call.name,
    object: binding,
    oldObject: undefined,
    options: undefined,
    dryRun,
  })
  const { uid = '', resourceVersion = '' } = binding.metadata
  await modify(deps, {
    target,
    name: call.name,
    user: call.user.name,
    dryRun,
    preconditions: {
      ...(uid === '' ? {} : { uid }),
      ...(resourceVersion === '' ? {} : { resourceVersion }),
    },
    next(pod) {
      if (pod.metadata.deletionTimestamp !== undefined)
        throw conflict(subject, `pod ${call.name} is being deleted, cannot be assigned to a host`)
      const present = textOf(recordOf(pod['spec'])['nodeName'])
      if (present !== '')
        throw conflict(subject, `pod ${call.name} is already assigned to node "${present}"`)
      if (listOf(recordOf(pod['spec'])['schedulingGates']).length > 0)
        throw conflict(subject, `pod ${call.name} has non-empty .spec.schedulingGates`)
      const to = { nodeName: textOf(nodeName), metadata: binding.metadata }
      return bound(pod, to, rfc3339(deps.clock.now()))
    },
  })
  return created()
}
