/**
 * POST pods/NAME/eviction: a deletion that a PodDisruptionBudget may refuse.
 *
 * The budget's status is its controller's; here one disruption is taken from it before the pod is deleted. Who wants to
 * evict while that status is older than the budget, or allows nothing, is told to come again (429).
 * Source: kubernetes pkg/registry/core/pod/storage/eviction.go
 */
import type { AnyObject } from '#api/object.ts'
import { resourceOf } from '#api/scheme.ts'
import { labelSelectorOf } from '#api/selectors.ts'
import { badRequest, internalError, invalid, isReason, notFound } from '#api/status.ts'
import { rfc3339 } from '#api/time.ts'
import { wrong } from '#api/validation/fault.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { decodeBody } from '../decoding.ts'
import { removeNamed } from '../delete.ts'
import { withCondition } from '../kinds/pods.ts'
import { modify } from '../modify.ts'
import { type DeleteOptions, deleteOptions, writeOptions } from '../options.ts'
import { subjectOf, targetOf } from '../target.ts'
import { disrupted, isBeyondHarm, isSpare, stillProcessed } from './disruption.ts'
import type { SubresourceDeps } from './subresource.ts'
import { isRecord, recordOf, textOf } from '#api/values.ts'

const BUDGETS = 'poddisruptionbudgets.policy'
const IGNORES_ERRORS = 'ignoreStoreReadErrorWithClusterBreakingPotential'

interface Eviction {
  readonly call: Call
  readonly options: DeleteOptions
  readonly pod: AnyObject
}

export async function evict(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const write = writeOptions(call, 'CreateOptions')
  const body = await decodeBody(call, write.fieldValidation)
  if ((body.metadata.name ?? '') !== call.name)
    throw badRequest('name in URL does not match name in Eviction object')
  if (recordOf(body['deleteOptions'])[IGNORES_ERRORS] === true) {
    const detail = 'can not be set for pod eviction, try after removing the option'
    const subject = { group: 'policy', kind: 'Eviction', name: call.name }
    throw invalid(subject, [wrong(`deleteOptions.${IGNORES_ERRORS}`, true, detail)])
  }
  const asked = deleteOptions(body['deleteOptions'], new URLSearchParams())
  const options = { ...asked, dryRun: asked.dryRun || write.dryRun }
  await admissionValidate(deps, call, {
    operation: 'CREATE',
    name: call.name,
    object: body,
    oldObject: undefined,
    options: undefined,
    dryRun: options.dryRun,
  })
  const target = targetOf(call)
  const pod = deps.cache.get(target.storage, target.namespace, call.name)?.object()
  if (pod === undefined) throw notFound(subjectOf(target, call.name))
  await disrupt(deps, { call, options, pod })
  return created()
}

const created = (): Answer => ({
  kind: 'object',
  code: 201,
  object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
})

async function disrupt(deps: SubresourceDeps, eviction: Eviction): Promise<void> {
  const { pod } = eviction
  const budgets = isBeyondHarm(pod) ? [] : await budgetsOf(deps, pod)
  const [budget] = budgets
  if (budgets.length > 1)
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  if (budget === undefined) return removePod(deps, eviction)
  if (!isSpare(pod, budget)) {
    await take(deps, eviction, budget)
    return removePod(deps, eviction)
  }
  const { preconditions } = eviction.options
  const { resourceVersion = '' } = pod.metadata
  try {
    // It must still be as unready as it was judged.
    const pinned = { resourceVersion, ...preconditions }
    await removePod(deps, { ...eviction, options: { ...eviction.options, preconditions: pinned } })
  } catch (error) {
    if (!isReason(error, 'Conflict') || preconditions.resourceVersion !== undefined) throw error
    throw stillProcessed(textOf(budget.metadata.name))
  }
}

const EVICTED = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
}

/** Says why before it goes. */
async function removePod(deps: SubresourceDeps, eviction: Eviction): Promise<void> {
  const { call, options } = eviction
  const target = targetOf(call)
  const settled = options.dryRun ? options : await marked(deps, eviction)
  await removeNamed(deps, { call, target, options: settled, name: call.name, isAdmitted: true })
}

/** The options, with the revision that the mark made where one was asked for. */
async function marked(deps: SubresourceDeps, { call, options }: Eviction): Promise<DeleteOptions> {
  const { preconditions } = options
  const { object } = await modify(deps, {
    target: targetOf(call),
    name: call.name,
    user: call.user.name,
    dryRun: false,
    preconditions,
    next: pod => ({
      ...pod,
      status: withCondition(recordOf(pod['status']), EVICTED, rfc3339(deps.clock.now())),
    }),
  })
  const { resourceVersion } = object.metadata
  return preconditions.resourceVersion === undefined || resourceVersion === undefined
    ? options
    : { ...options, preconditions: { ...preconditions, resourceVersion } }
}

/** A selector that is empty or absent matches nothing here. */
async function budgetsOf(deps: SubresourceDeps, pod: AnyObject): Promise<readonly AnyObject[]> {
  const { namespace = '', labels = {} } = pod.metadata
  const page = await deps.cache.list({ groupResource: BUDGETS, namespace }, { limit: 0 })
  return page.items
    .map(item => item.object())
    .filter(budget => {
      const selector = recordOf(budget['spec'])['selector']
      if (!isRecord(selector)) return false
      const wanted = labelSelectorOf(selector)
      return wanted.requirements.length > 0 && wanted.matches(labels)
    })
}

/** Takes one disruption from the budget, for the pod by its name. */
async function take(deps: SubresourceDeps, eviction: Eviction, budget: AnyObject): Promise<void> {
  const { call, options, pod } = eviction
  const resource = resourceOf('policy', 'v1', 'poddisruptionbudgets')
  if (resource === undefined) throw new Error('poddisruptionbudgets are not served')
  await modify(deps, {
    target: targetOf({ resource, namespace: textOf(pod.metadata.namespace) }),
    name: textOf(budget.metadata.name),
    user: call.user.name,
    dryRun: options.dryRun,
    next: latest => disrupted(latest, textOf(pod.metadata.name), deps.clock.now()),
  })
}
