/**
 * Logs, exec and attach of pods, and the proxy of nodes: carried over the node's tunnel. WebSocket ends here.
 *
 * Throws  StatusError: NotFound, BadRequest for a container that cannot be chosen, ServiceUnavailable for a node
 *         that does not answer.
 * Source: kubernetes pkg/registry/core/pod/strategy.go LogLocation, streamLocation
 */
import type { AnyObject } from '#api/object.ts'
import { badRequest, notFound } from '#api/status.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call } from '../call.ts'
import { listOf, recordOf, textOf } from '../strategy.ts'
import { subjectOf, targetOf } from '../target.ts'
import type { SubresourceDeps } from './subresource.ts'

const LOG_OPTIONS = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
] as const

export async function logs(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const { nodeName, container } = locate(deps, call)
  const query = new URLSearchParams()
  for (const name of LOG_OPTIONS) {
    const value = call.query.get(name)
    if (value !== null && value !== '') query.set(name, value)
  }
  const path = `/containerLogs/${call.namespace}/${call.name}/${container}?${query.toString()}`
  return {
    kind: 'node-response',
    contentType: 'text/plain',
    open: signal => deps.nodes.request(nodeName, { method: 'GET', path, headers: {} }, signal),
  }
}

/** [name here, name at the node]. */
const STREAMS = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const

export const exec = (deps: SubresourceDeps, call: Call): Promise<Answer> =>
  interactive(deps, call, 'exec')

export const attach = (deps: SubresourceDeps, call: Call): Promise<Answer> =>
  interactive(deps, call, 'attach')

async function interactive(
  deps: SubresourceDeps,
  call: Call,
  verb: 'exec' | 'attach',
): Promise<Answer> {
  const { nodeName, container } = locate(deps, call)
  const query = new URLSearchParams()
  for (const [here, there] of STREAMS) {
    const value = call.query.get(here)
    if (value === 'true' || value === '1') query.set(there, '1')
  }
  if (verb === 'exec') {
    const command = call.query.getAll('command')
    if (command.length === 0)
      throw badRequest('you must specify at least one command for the container')
    for (const word of command) query.append('command', word)
  }
  await admissionValidate(deps, call, {
    operation: 'CONNECT',
    name: call.name,
    object: undefined,
    oldObject: undefined,
    options: Object.fromEntries([['container', container]]),
    dryRun: false,
  })
  const path = `/${verb}/${call.namespace}/${call.name}/${container}?${query.toString()}`
  return {
    kind: 'node-stream',
    connect: signal => deps.nodes.connect(nodeName, { method: 'POST', path, headers: {} }, signal),
  }
}

export async function proxyNode(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const target = targetOf(call)
  if (deps.cache.get(target.storage, '', call.name) === undefined)
    throw notFound(subjectOf(target, call.name))
  if (call.verb !== 'get') throw badRequest('only GET is carried to a node')
  const path = `/${call.rest.map(encodeURIComponent).join('/')}`
  const query = call.query.toString()
  const request = { method: 'GET', path: query === '' ? path : `${path}?${query}`, headers: {} }
  return {
    kind: 'node-response',
    contentType: 'application/octet-stream',
    open: signal => deps.nodes.request(call.name, request, signal),
  }
}

interface Located {
  readonly nodeName: string
  readonly container: string
}

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

function locate(deps: SubresourceDeps, call: Call): Located {
  const target = targetOf(call)
  const pod = deps.cache.get(target.storage, target.namespace, call.name)?.object()
  if (pod === undefined) throw notFound(subjectOf(target, call.name))
  const container = chosenContainer(pod, call)
  const nodeName = textOf(recordOf(pod['spec'])['nodeName'])
  if (nodeName === '') throw badRequest(`pod ${call.name} does not have a host assigned`)
  return { nodeName, container }
}

function chosenContainer(pod: AnyObject, call: Call): string {
  const spec = recordOf(pod['spec'])
  const names = (list: string): string[] =>
    listOf(spec[list]).map(container => textOf(recordOf(container)['name']))
  const asked = call.query.get('container') ?? ''
  if (asked !== '') {
    if (CONTAINER_LISTS.some(list => names(list).includes(asked))) return asked
    throw badRequest(`container ${asked} is not valid for pod ${call.name}`)
  }
  const regular = names('containers')
  const [only] = regular
  if (regular.length === 1 && only !== undefined) return only
  const preferred = pod.metadata.annotations?.[DEFAULT_CONTAINER]
  if (preferred !== undefined && regular.includes(preferred)) return preferred
  const initial = names('initContainers')
  const others =
    initial.length === 0 ? '' : ` or one of the init containers: [${initial.join(' ')}]`
  throw badRequest(
    `a container name must be specified for pod ${call.name}, choose one of: [${regular.join(' ')}]${others}`,
  )
}
