/** What the server makes of new pods and of what nodes say, before anybody judges it. */
import type { AnyObject } from '#api/object.ts'
import { bound, podStrategy, withCondition } from '#server/registry/kinds/pods.ts'
import { templated } from '#server/registry/kinds/pod-specs.ts'
import { DEFAULT_STRATEGY, type StrategyContext } from '#server/registry/strategy.ts'
import { listOf, recordOf } from '#api/values.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const NOW = Date.parse('2026-01-02T03:04:05Z')
const SOON = '2026-01-02T03:04:05Z'

const warnings: string[] = []
const context: StrategyContext = {
  user: { name: 'u', groups: [] },
  now: NOW,
  warn: text => void warnings.push(text),
}

const pod = (spec: Fields, metadata: Fields = {}, status?: Fields): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
  ...(status === undefined ? {} : { status }),
})
const born = (spec: Fields, metadata: Fields = {}): AnyObject | undefined =>
  podStrategy.prepareForCreate?.(pod(spec, metadata), context)

void t.test('what belongs to features that are off is dropped', async t => {
  const stopping = { name: 'c', lifecycle: { stopSignal: 'SIGTERM' } }
  const sources = [{ clusterTrustBundle: { path: 'a' } }, { podCertificate: {} }, { secret: {} }]
  const gated = {
    schedulingGroup: { podGroupName: 'g' },
    containers: [stopping, { name: 'd', lifecycle: { stopSignal: 'SIGTERM', preStop: {} } }],
    volumes: [
      { name: 'v', projected: { sources } },
      { name: 'w', emptyDir: {} },
    ],
  }
  const plain = {
    containers: [{ name: 'c' }, { name: 'd', lifecycle: { preStop: {} } }],
    volumes: [
      { name: 'v', projected: { sources: [{}, {}, { secret: {} }] } },
      { name: 'w', emptyDir: {} },
    ],
  }
  t.strictSame(born(gated)?.['spec'], plain, 'of new pods')
  const kept = podStrategy.prepareForUpdate?.(pod(gated), pod(gated), context)
  t.strictSame(kept?.['spec'], gated, 'not of those that have it')
  const template = (spec: Fields): AnyObject => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {},
    spec: { template: { spec } },
  })
  const strategy = templated(DEFAULT_STRATEGY, 'spec', 'template')
  t.strictSame(strategy.prepareForCreate?.(template(gated), context), template(plain))
  const same = template(plain)
  t.equal(strategy.prepareForUpdate?.(same, template(gated), context), same, 'nothing to drop')
  const mounted = [{ name: 'c', volumeMounts: [{ name: 'v', volumeStatus: { image: {} } }] }]
  const said = { containerStatuses: mounted, nodeAllocatableResourceClaimStatuses: [] }
  const told = podStrategy.prepareForStatus?.(pod({}, {}, said), pod({}, {}, {}), context)
  t.strictSame(told?.['status'], {
    containerStatuses: [{ name: 'c', volumeMounts: [{ name: 'v' }] }],
  })
})

void t.test('labels become part of selectors', async t => {
  const term = { topologyKey: 'x', matchLabelKeys: ['a', 'none'], mismatchLabelKeys: ['b'] }
  const selector = { matchExpressions: [{ key: 'q', operator: 'Exists' }] }
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution'
  const made = born(
    {
      affinity: {
        podAffinity: { [hard]: [{ ...term, labelSelector: selector }, term] },
      },
      topologySpreadConstraints: [{ matchLabelKeys: ['a'], labelSelector: {} }],
    },
    { labels: { a: '1', b: '2' } },
  )
  const own = { key: 'a', operator: 'In', values: ['1'] }
  const other = { key: 'b', operator: 'NotIn', values: ['2'] }
  t.match(made?.['spec'], {
    affinity: {
      podAffinity: {
        [hard]: [
          {
            ...term,
            labelSelector: { matchExpressions: [...selector.matchExpressions, own, other] },
          },
          term,
        ],
      },
    },
    topologySpreadConstraints: [{ labelSelector: { matchExpressions: [own] } }],
  })
})

void t.test('profiles of old annotations', async t => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c'
  const profileOf = (annotation: string, spec: Fields = {}): unknown => {
    warnings.length = 0
    const made = born(spec, { annotations: { [key]: annotation } })
    const [container] = listOf(recordOf(made?.['spec'])['containers'])
    return recordOf(container)['securityContext']
  }
  const told = `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`
  t.strictSame(profileOf('localhost/x'), {
    appArmorProfile: { type: 'Localhost', localhostProfile: 'x' },
  })
  t.strictSame(warnings, [told])
  t.equal(profileOf('localhost/'), undefined, 'none that a field could name')
  t.strictSame(warnings, [told])
  const shared = { securityContext: { appArmorProfile: { type: 'Unconfined' } } }
  t.equal(profileOf('unconfined', shared), undefined, 'the pod says it already')
  t.strictSame(warnings, [])
  t.equal(profileOf('unconfined', { os: { name: 'windows' } }), undefined, 'not on Windows')
})

void t.test('conditions', async t => {
  t.match(born({ schedulingGates: [{ name: 'g' }] })?.['status'], {
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        lastTransitionTime: SOON,
      },
    ],
  })
  const before = { conditions: [{ type: 'A', status: 'True', lastTransitionTime: 'then' }] }
  const same = withCondition(before, { type: 'A', status: 'True' }, 'now')
  t.match(same, { conditions: [{ lastTransitionTime: 'then' }] })
  const other = withCondition(before, { type: 'A', status: 'False' }, 'now')
  t.match(other, { conditions: [{ status: 'False', lastTransitionTime: 'now' }] })
  const nominated = pod({}, {}, { ...before, nominatedNodeName: 'm' })
  t.strictSame(bound(nominated, { nodeName: 'n', metadata: {} }, 'now')['status'], {
    conditions: [
      ...before.conditions,
      { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: 'now' },
    ],
  })
})

void t.test('what has been observed stays observed', async t => {
  const seen = {
    observedGeneration: 3,
    qosClass: 'Burstable',
    conditions: [{ type: 'A', status: 'True', observedGeneration: 2 }],
  }
  const said = { conditions: [{ type: 'A', status: 'False' }, { type: 'A' }, { type: 'B' }] }
  const next = podStrategy.prepareForStatus?.(pod({}, {}, said), pod({}, {}, seen), context)
  t.strictSame(next?.['status'], {
    observedGeneration: 3,
    qosClass: 'Burstable',
    conditions: [
      { type: 'A', status: 'False', observedGeneration: 2 },
      { type: 'A' },
      { type: 'B' },
    ],
  })
})
