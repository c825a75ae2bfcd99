/**
 * The kubelet API: what the server asks of this node through the tunnel. One row per path.
 *
 *   GET  /healthz  /pods  /stats/summary
 *   GET  /containerLogs/<namespace>/<pod>/<container>?follow=true...
 *   POST /exec|/attach/<namespace>/<pod>/<container>?command=...&input=1&output=1&error=1&tty=1   (streams)
 *   POST /portForward/<namespace>/<pod>?port=<number>   /dial/<address>/<port>                     (raw bytes)
 *
 * Throws  StatusError: NotFound for a path or pod that is not here, BadRequest for one that cannot answer now.
 * Source: kubernetes pkg/kubelet/server/server.go
 */
import { Readable } from 'node:stream'
import type { Pod } from '#api/types/core-v1.ts'
import { methodNotAllowed, noSuchResource, notFound } from '#api/status.ts'
import type { NodeHandler, NodeResponse } from '#client/node-api.ts'
import { dialStream, portForwardStream } from './connections.ts'
import { containerLogs } from './container-logs.ts'
import type { ContainerPath, NodeApiDeps } from './deps.ts'
import { attachStream, execStream } from './interactive.ts'
import { PodPorts } from './pod-ports.ts'
import { statsSummary } from './stats.ts'

export function createNodeHandler(deps: NodeApiDeps): NodeHandler {
  const ports = new PodPorts(deps.clock)
  return {
    async request({ method, path }, signal) {
      const url = new URL(path, 'http://node')
      const [first = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
      if (method !== 'GET') throw methodNotAllowed()
      if (first === 'healthz' && rest.length === 0) return text('ok')
      if (first === 'pods' && rest.length === 0) return json(podList(deps.pods.list()))
      if (first === 'stats' && rest[0] === 'summary') return json(await statsSummary(deps))
      if (first === 'containerLogs') {
        return await containerLogs(deps, containerOf(deps, rest, url.searchParams), signal)
      }
      throw noSuchResource()
    },

    async connect({ path }) {
      const url = new URL(path, 'http://node')
      const [first = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
      if (first === 'dial') return dialStream(deps, rest)
      if (first === 'portForward') return portForwardStream(deps, ports, rest, url.searchParams)
      if (first !== 'exec' && first !== 'attach') throw noSuchResource()
      const target = containerOf(deps, rest, url.searchParams)
      return first === 'exec' ? await execStream(deps, target) : await attachStream(deps, target)
    },
  }
}

function containerOf(
  { pods }: NodeApiDeps,
  [namespace = '', name = '', container = '', ...more]: readonly string[],
  query: URLSearchParams,
): ContainerPath {
  if (namespace === '' || name === '' || container === '' || more.length > 0) throw noSuchResource()
  const pod = pods.get(namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  return { pod, container, query }
}

const podList = (pods: readonly Pod[]): unknown => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: {},
  items: pods,
})

const text = (body: string): NodeResponse => respond('text/plain; charset=utf-8', body)
const json = (body: unknown): NodeResponse => respond('application/json', JSON.stringify(body))

const respond = (type: string, body: string): NodeResponse => ({
  status: 200,
  headers: { 'content-type': type },
  body: Readable.from([Buffer.from(body)]),
})
