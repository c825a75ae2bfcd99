/**
 * How many requests may be at work at once: reads and writes are counted apart, long-running ones not at all.
 *
 * Source: k8s.io/apiserver pkg/server/filters/maxinflight.go (same defaults)
 */
import type { UserInfo } from '#api/request.ts'
import { type StatusError, tooManyRequests } from '#api/status.ts'

export interface FlowLimits {
  readonly reads: number
  readonly writes: number
}

export const FLOW_LIMITS: FlowLimits = { reads: 400, writes: 200 }

const READS = new Set(['get', 'list', 'watch', 'head', 'options'])
const LONG_RUNNING_SUBRESOURCES = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])
const RETRY_AFTER_SECONDS = 1

export interface FlowRequest {
  readonly verb: string
  readonly subresource: string
  readonly user: UserInfo
}

export interface FlowControl {
  readonly reading: number
  readonly writing: number
  /** Runs `task` when there is room. Throws StatusError(TooManyRequests) when there is none. */
  run<T>(request: FlowRequest, task: () => Promise<T>): Promise<T>
}

const isLongRunning = (request: Pick<FlowRequest, 'verb' | 'subresource'>): boolean =>
  request.verb === 'watch' || LONG_RUNNING_SUBRESOURCES.has(request.subresource)

export function createFlowControl(limits: FlowLimits): FlowControl {
  const busy = { reads: 0, writes: 0 }
  return {
    get reading() {
      return busy.reads
    },
    get writing() {
      return busy.writes
    },
    async run(request, task) {
      // The cluster's own parts must get through when everyone else fills the house.
      if (isLongRunning(request) || request.user.groups.includes('system:masters')) return task()
      const kind = READS.has(request.verb) ? 'reads' : 'writes'
      if (busy[kind] >= limits[kind]) throw refusal()
      busy[kind] += 1
      try {
        return await task()
      } finally {
        busy[kind] -= 1
      }
    },
  }
}

const refusal = (): StatusError =>
  tooManyRequests('too many requests, please try again later.', RETRY_AFTER_SECONDS)
