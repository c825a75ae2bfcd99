/**
 * Exec, attach and port-forward of pods: which node is asked for what. Carried over the node's tunnel.
 *
 * Throws  StatusError: NotFound, BadRequest for a container that cannot be chosen, ServiceUnavailable for a node
 *         that does not answer.
 * Source: kubernetes pkg/registry/core/pod/strategy.go streamLocation
 */
import type { AnyObject } from '#api/object.ts'
import { badRequest, notFound } from '#api/status.ts'
import { admissionValidate } from '../admission.ts'
import type { Answer, Call, CommandStreams } from '../call.ts'
import { isTrue } from '../options.ts'
import { subjectOf, targetOf } from '../target.ts'
import type { SubresourceDeps } from './subresource.ts'
import { listOf, recordOf, textOf } from '#api/values.ts'

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
  const asked = (name: string): boolean => isTrue(call.query.get(name))
  const tty = asked('tty')
  const streams: CommandStreams = {
    stdin: asked('stdin'),
    stdout: asked('stdout'),
    // A terminal has one output.
    stderr: asked('stderr') && !tty,
    tty,
  }
  for (const [here, there] of STREAMS) if (streams[here]) query.set(there, '1')
  if (verb === 'exec') {
    const command = call.query.getAll('command')
    if (command.length === 0)
      throw badRequest('you must specify at least one command for the container')
    for (const word of command) query.append('command', word)
  }
  await admitConnect(deps, call, { container })
  const path = `/${verb}/${call.namespace}/${call.name}/${container}?${query.toString()}`
  return {
    kind: 'node-stream',
    streams,
    connect: signal => deps.nodes.connect(nodeName, { method: 'POST', path, headers: {} }, signal),
  }
}

/** Ports are asked for by each connection, except in the oldest way over WebSocket, which names them here. */
export async function portForward(deps: SubresourceDeps, call: Call): Promise<Answer> {
  const pod = podOf(deps, call)
  const nodeName = nodeOf(pod)
  const ports = call.query.getAll('ports').flatMap(list => list.split(',').map(portOf))
  await admitConnect(deps, call, ports.length === 0 ? {} : { ports })
  return {
    kind: 'port-forward',
    pod: { name: call.name, uid: pod.metadata.uid ?? '' },
    ports,
    connect: (port, signal) => {
      const path = `/portForward/${call.namespace}/${call.name}?port=${port}`
      return deps.nodes.connect(nodeName, { method: 'POST', path, headers: {} }, signal)
    },
  }
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
  if (port < 1) throw badRequest(`port ${JSON.stringify(text)} must be > 0`)
  return port
}

/** Admission sees whom a stream is opened to, and the options it is opened with. */
export const admitConnect = (
  deps: SubresourceDeps,
  call: Call,
  options: Readonly<Record<string, unknown>>,
): Promise<void> =>
  admissionValidate(deps, call, {
    operation: 'CONNECT',
    name: call.name,
    object: undefined,
    oldObject: undefined,
    options,
    dryRun: false,
  })

interface Located {
  readonly nodeName: string
  readonly container: string
}

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

function locate(deps: SubresourceDeps, call: Call): Located {
  const pod = podOf(deps, call)
  const container = chosenContainer(pod, call)
  return { nodeName: nodeOf(pod), container }
}

export function podOf(deps: SubresourceDeps, call: Call): AnyObject {
  const target = targetOf(call)
  const pod = deps.cache.get(target.storage, target.namespace, call.name)?.object()
  if (pod === undefined) throw notFound(subjectOf(target, call.name))
  return pod
}

/** Where a pod is; '' before it is anywhere. */
export const placeOf = (pod: AnyObject): string => textOf(recordOf(pod['spec'])['nodeName'])

function nodeOf(pod: AnyObject): string {
  const nodeName = placeOf(pod)
  if (nodeName === '')
    throw badRequest(`pod ${pod.metadata.name ?? ''} does not have a host assigned`)
  return nodeName
}

export function chosenContainer(pod: AnyObject, call: Call): string {
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
