/** Back-off of crashing containers, and the counters of probes. */
import t from 'tap'
import { initialProbe, nextProbe, type ProbeKind, probeTimes } from '#agent/pods/probe-state.ts'
import { crashWaitMs, goDuration, nextCrashBackoff } from '#agent/pods/restart.ts'

void t.test('a container that crashes at once waits 0, 10, 20 ... 300 s', async t => {
  let backoff: ReturnType<typeof nextCrashBackoff> | undefined
  let nowMs = 0
  const waits: number[] = []
  for (let index = 0; index < 8; index++) {
    const waitMs = crashWaitMs(backoff, nowMs, nowMs)
    waits.push(waitMs / 1000)
    nowMs += waitMs
    backoff = nextCrashBackoff(backoff, nowMs, nowMs)
  }
  t.same(waits, [0, 10, 20, 40, 80, 160, 300, 300])
})

void t.test('ten quiet minutes forgive everything', async t => {
  const backoff = { delayMs: 300_000, updatedAtMs: 0 }
  t.equal(crashWaitMs(backoff, 600_000, 600_000), 300_000)
  t.equal(crashWaitMs(backoff, 600_001, 600_001), 0)
  t.same(nextCrashBackoff(backoff, 600_001, 600_001), { delayMs: 10_000, updatedAtMs: 600_001 })
})

void t.test('durations as Go writes them', async t => {
  t.same([10_000, 40_000, 80_000, 300_000, 3_600_000].map(goDuration), [
    '10s',
    '40s',
    '1m20s',
    '5m0s',
    '1h0m0s',
  ])
})

const probes: readonly {
  name: string
  kind: ProbeKind
  outcomes: string
  success?: number
  failure?: number
  want: string
}[] = [
  { name: 'readiness begins as failure', kind: 'readiness', outcomes: '', want: '' },
  { name: 'one success is enough', kind: 'readiness', outcomes: '+', want: 's' },
  {
    name: 'successThreshold counts a row',
    kind: 'readiness',
    success: 2,
    outcomes: '+-++',
    want: 'fffs',
  },
  {
    name: 'failureThreshold counts a row',
    kind: 'liveness',
    failure: 3,
    outcomes: '--+---',
    want: 'sssssf',
  },
  {
    name: 'startup is unknown until it knows',
    kind: 'startup',
    failure: 3,
    outcomes: '--+',
    want: 'uus',
  },
]
for (const { name, kind, outcomes, success = 1, failure = 3, want } of probes) {
  void t.test(name, async t => {
    let state = initialProbe(kind)
    const seen = Array.from(outcomes).map(outcome => {
      state = nextProbe(state, outcome === '+', {
        successThreshold: success,
        failureThreshold: failure,
      })
      return state.result[0]
    })
    t.equal(seen.join(''), want)
  })
}

void t.test('defaults of a probe', async t => {
  t.same(probeTimes({}), {
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutMs: 1000,
    successThreshold: 1,
    failureThreshold: 3,
  })
})
