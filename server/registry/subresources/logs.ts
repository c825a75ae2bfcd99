/**
 * Logs of pods: what may be asked for, and which node is asked. Carried over the node's tunnel.
 *
 * Output  nothing at all for a pod that no node has yet
 * Throws  StatusError: Invalid for options that do not fit, NotFound, BadRequest for a container that cannot be chosen.
 * Source: kubernetes pkg/registry/core/pod/rest/log.go, pkg/apis/core/validation/validation.go ValidatePodLogOptions
 */
import { canonicalTime, ScalarFault } from '#api/schema/canonical.ts'
import { badRequest, invalid } from '#api/status.ts'
import { type Faults, forbidden, NOT_NEGATIVE, WHOLE, wrong } from '#api/validation/fault.ts'
import type { Answer, Call } from '../call.ts'
import { integerOf, isTrue } from '../options.ts'
import { chosenContainer, placeOf, podOf } from './streams.ts'
import type { SubresourceDeps } from './subresource.ts'

type Query = Call['query']

const FLAGS = ['follow', 'previous', 'timestamps'] as const
const OPTIONS = ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const

export async function logs(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const faults = optionFaults(call.query)
  if (faults.length > 0)
    throw invalid({ group: '', kind: 'PodLogOptions', name: call.name }, faults)
  const pod = podOf(deps, call)
  const container = chosenContainer(pod, call)
  const nodeName = placeOf(pod)
  if (nodeName === '') return { kind: 'raw', code: 204, headers: {}, body: Buffer.alloc(0) }
  const path = `/containerLogs/${call.namespace}/${call.name}/${container}?${asked(call.query)}`
  return {
    kind: 'node-response',
    contentType: 'text/plain',
    open: signal => deps.nodes.request(nodeName, { method: 'GET', path, headers: {} }, signal),
  }
}

/** The query as the node takes it. */
function asked(query: Query): string {
  const found = new URLSearchParams()
  for (const name of FLAGS) if (isTrue(query.get(name))) found.set(name, 'true')
  for (const name of OPTIONS) {
    const value = query.get(name)
    if (value !== null && value !== '') found.set(name, value)
  }
  return found.toString()
}

function optionFaults(query: Query): Faults {
  const faults: Faults = []
  const tailLines = integerOf(query.get('tailLines'))
  const limitBytes = integerOf(query.get('limitBytes'))
  const sinceSeconds = integerOf(query.get('sinceSeconds'))
  const sinceTime = timeOf(query.get('sinceTime'))
  if (tailLines !== undefined && tailLines < 0)
    faults.push(wrong('tailLines', tailLines, NOT_NEGATIVE))
  if (limitBytes !== undefined && limitBytes < 1)
    faults.push(wrong('limitBytes', limitBytes, POSITIVE))
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    faults.push(forbidden(WHOLE, 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    faults.push(wrong('sinceSeconds', sinceSeconds, POSITIVE))
  // One stream alone is asked for behind a gate that is off.
  if (query.get('stream') !== null) faults.push(forbidden('stream', 'may not be specified'))
  return faults
}

const POSITIVE = 'must be greater than 0'

function timeOf(text: string | null): string | undefined {
  if (text === null || text === '') return undefined
  try {
    return canonicalTime(text)
  } catch (error) {
    if (error instanceof ScalarFault) throw badRequest(error.message)
    throw error
  }
}
