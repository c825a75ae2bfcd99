/**
 * Log lines of a container, present or previous.
 *
 * Throws  StatusError(BadRequest) with upstream's words when there is nothing to read yet, or an option is wrong.
 * Source: kubernetes pkg/kubelet/kubelet.go GetKubeletContainerLogs, pkg/kubelet/kubelet_pods.go validateContainerLogStatus
 */
import { Readable } from 'node:stream'
import { badRequest } from '#api/status.ts'
import type { ContainerStatus, Pod } from '#api/types/core-v1.ts'
import type { NodeResponse } from '#client/node-api.ts'
import type { LogOptions } from '../runtime/runtime.ts'
import type { ContainerPath, NodeApiDeps } from './deps.ts'

export async function containerLogs(
  { runtime, clock }: NodeApiDeps,
  { pod, container, query }: ContainerPath,
  signal: AbortSignal,
): Promise<NodeResponse> {
  const id = loggedContainer(pod, container, query.get('previous') === 'true')
  const options = logOptions(query, clock.now())
  const limitBytes = wholeNumber(query, 'limitBytes', 1)
  const source = await runtime.logs(id, options, signal)
  return {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: limitBytes === undefined ? source : limited(source, limitBytes),
  }
}

/** The engine's id of the instance whose log is wanted. Pure. */
export function loggedContainer(pod: Pod, container: string, isPrevious: boolean): string {
  const status = statusOf(pod, container)
  const name = pod.metadata.name ?? ''
  if (status === undefined) {
    throw badRequest(`container "${container}" in pod "${name}" is not available`)
  }
  const { state, lastState } = status
  const last = lastState?.terminated
  if (isPrevious) {
    if (last?.containerID === undefined) {
      throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`)
    }
    return bareID(last.containerID)
  }
  if (state?.running !== undefined && status.containerID !== undefined)
    return bareID(status.containerID)
  if (state?.terminated?.containerID !== undefined) return bareID(state.terminated.containerID)
  if (last?.containerID !== undefined) return bareID(last.containerID)
  const waiting = state?.waiting
  const reason = waiting?.reason
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') {
    const why =
      reason === 'ErrImagePull' ? "image can't be pulled" : 'trying and failing to pull image'
    throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${why}`)
  }
  throw badRequest(
    `container "${container}" in pod "${name}" is waiting to start: ${reason ?? 'no logs yet'}`,
  )
}

export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container)
}

/** `docker://abc` -> `abc` */
export const bareID = (containerID: string): string => containerID.replace(/^[a-z-]+:\/\//u, '')

/** Pure. Throws StatusError(BadRequest) for options that contradict each other or are no numbers. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = wholeNumber(query, 'tailLines', 0)
  const sinceSeconds = wholeNumber(query, 'sinceSeconds', 1)
  const sinceTime = query.get('sinceTime')
  if (sinceSeconds !== undefined && sinceTime !== null) {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified')
  }
  const sinceTimeMs = sinceTime === null ? undefined : Date.parse(sinceTime)
  if (sinceTimeMs !== undefined && Number.isNaN(sinceTimeMs)) {
    throw badRequest(`invalid sinceTime: ${sinceTime}`)
  }
  const since = sinceSeconds === undefined ? sinceTimeMs : nowMs - sinceSeconds * 1000
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { sinceSeconds: since / 1000 }),
  }
}

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < least) {
    throw badRequest(`${name} must be greater than or equal to ${least}`)
  }
  return number
}

/** The first `limit` bytes; the source is closed once they are read. */
const limited = (source: Readable, limit: number): Readable => Readable.from(head(source, limit))

async function* head(source: Readable, limit: number): AsyncGenerator<Buffer> {
  let left = limit
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(0, left)
    left -= piece.length
    yield piece
    if (left === 0) return
  }
}
