/**
 * What the server counts about itself, and `/metrics` in Prometheus' text form.
 *
 * Owns    counters in memory, bounded by the number of verbs and resources, and nothing else.
 */
import type { Turns } from '#base/turns.ts'
import type { NonResourceRoute } from './chain.ts'
import type { FlowControl } from './flow-control.ts'
import { text } from './health.ts'

export interface RequestMeasure {
  readonly verb: string
  /** `group/version` */
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly code: number
  readonly seconds: number
}

export interface Metrics {
  observe(measure: RequestMeasure): void
  readonly route: NonResourceRoute
}

export interface MetricsSources {
  readonly turns: Turns
  readonly flow: FlowControl
  readonly watchers: () => number
  readonly revision: () => number
  /** How many there are, by storage. */
  readonly objects: () => Promise<readonly (readonly [string, number])[]>
  /** More lines, ready in text form (store, tunnel ...). */
  readonly more?: () => string
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
/** No client can make more series than this by asking for odd names. */
const SERIES_MAX = 5000

interface Histogram {
  readonly buckets: number[]
  sum: number
  count: number
}

export function createMetrics(sources: MetricsSources): Metrics {
  const counts = new Map<string, number>()
  const durations = new Map<string, Histogram>()
  return {
    observe(measure) {
      const { verb, group, version, resource, subresource, code, seconds } = measure
      const of = `verb="${verb.toUpperCase()}",group="${group}",version="${version}",resource="${resource}",subresource="${subresource}"`
      const counted = `${of},code="${code}"`
      if (counts.size < SERIES_MAX || counts.has(counted))
        counts.set(counted, (counts.get(counted) ?? 0) + 1)
      if (durations.size < SERIES_MAX || durations.has(of)) add(durations, of, seconds)
    },
    route: {
      matches: path => path === '/metrics',
      handle: async () => {
        const objects = await sources.objects()
        return text(200, exposition({ sources, objects, counts, durations }))
      },
    },
  }
}

function add(durations: Map<string, Histogram>, labels: string, seconds: number): void {
  let histogram = durations.get(labels)
  if (histogram === undefined) {
    histogram = { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 }
    durations.set(labels, histogram)
  }
  histogram.sum += seconds
  histogram.count += 1
  const index = BUCKETS.findIndex(bound => seconds <= bound)
  const inBucket = histogram.buckets[index]
  if (inBucket !== undefined) histogram.buckets[index] = inBucket + 1
}

interface Exposed {
  readonly sources: MetricsSources
  readonly objects: Awaited<ReturnType<MetricsSources['objects']>>
  readonly counts: ReadonlyMap<string, number>
  readonly durations: ReadonlyMap<string, Histogram>
}

const family = (
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  lines: readonly string[],
): readonly string[] => [`# TYPE ${name} ${type}`, ...lines]

function exposition({ sources, objects, counts, durations }: Exposed): string {
  const { flow, watchers, revision, more, turns } = sources
  const { lengths, work } = turns
  const memory = process.memoryUsage()
  const cpu = process.cpuUsage()
  const requests = [...counts].map(
    ([labels, count]) => `apiserver_request_total{${labels}} ${count}`,
  )
  const stored = objects.map(
    ([resource, count]) => `apiserver_storage_objects{resource="${resource}"} ${count}`,
  )
  const lines = [
    ...family('apiserver_request_total', 'counter', requests),
    ...family(
      'apiserver_request_duration_seconds',
      'histogram',
      [...durations].flatMap(histogramLines),
    ),
    ...family('apiserver_current_inflight_requests', 'gauge', [
      `apiserver_current_inflight_requests{request_kind="mutating"} ${flow.writing}`,
      `apiserver_current_inflight_requests{request_kind="readOnly"} ${flow.reading}`,
    ]),
    ...family('apiserver_registered_watchers', 'gauge', [
      `apiserver_registered_watchers ${watchers()}`,
    ]),
    ...family('apiserver_storage_objects', 'gauge', stored),
    ...family('kites_store_revision', 'gauge', [`kites_store_revision ${revision()}`]),
    ...family('nodejs_eventloop_lag_max_seconds', 'gauge', [
      `nodejs_eventloop_lag_max_seconds ${lengths.max / 1e9}`,
    ]),
    ...family('nodejs_eventloop_lag_p99_seconds', 'gauge', [
      `nodejs_eventloop_lag_p99_seconds ${lengths.percentile(99) / 1e9}`,
    ]),
    ...family('kites_eventloop_turn_cpu_max_seconds', 'gauge', [
      `kites_eventloop_turn_cpu_max_seconds ${work.max / 1e9}`,
    ]),
    ...family('process_resident_memory_bytes', 'gauge', [
      `process_resident_memory_bytes ${memory.rss}`,
    ]),
    ...family('process_cpu_seconds_total', 'counter', [
      `process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}`,
    ]),
  ]
  lengths.reset()
  work.reset()
  return `${lines.join('\n')}\n${more?.() ?? ''}`
}

function histogramLines([labels, histogram]: readonly [string, Histogram]): string[] {
  const name = 'apiserver_request_duration_seconds'
  let below = 0
  const buckets = BUCKETS.map((bound, index) => {
    below += histogram.buckets[index] ?? 0
    return `${name}_bucket{${labels},le="${bound}"} ${below}`
  })
  return [
    ...buckets,
    `${name}_bucket{${labels},le="+Inf"} ${histogram.count}`,
    `${name}_sum{${labels}} ${histogram.sum}`,
    `${name}_count{${labels}} ${histogram.count}`,
  ]
}
