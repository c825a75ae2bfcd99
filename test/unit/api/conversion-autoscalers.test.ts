/** Autoscalers of old versions: what one has no field for goes there and back. */
import t from 'tap'
import { fromStorage, toStorage } from '#api/conversion/convert.ts'
import { rowOf, sent } from '../../support/conversion-cases.ts'

const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'extensions/v1beta1' }
const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
}
const pods = {
  type: 'Pods',
  pods: { metric: { name: 'packets' }, target: { type: 'AverageValue', averageValue: '1k' } },
}
const object = {
  type: 'Object',
  object: {
    describedObject: { kind: 'Ingress', name: 'main' },
    metric: { name: 'requests' },
    target: { type: 'Value', value: '10k' },
  },
}
const external = {
  type: 'External',
  external: {
    metric: { name: 'queue', selector: { matchLabels: { q: 'a' } } },
    target: { type: 'AverageValue', averageValue: '30' },
  },
}

void t.test('autoscalers keep in annotations what a version has no field for', async t => {
  const current = rowOf('autoscaling/v2', 'horizontalpodautoscalers')
  const behavior = { scaleDown: { stabilizationWindowSeconds: 60, selectPolicy: 'Min' } }
  const stored = sent(current, {
    spec: {
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 9,
      metrics: [pods, object, external, cpu],
      behavior,
    },
    status: {
      currentReplicas: 1,
      desiredReplicas: 2,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '100m' } },
        },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True', reason: 'r', message: 'm' }],
    },
  })
  for (const version of ['v1', 'v2beta1', 'v2beta2']) {
    const row = rowOf(`autoscaling/${version}`, 'horizontalpodautoscalers')
    t.same(toStorage(row, fromStorage(row, stored)), stored, version)
  }
  const first = fromStorage(rowOf('autoscaling/v1', 'horizontalpodautoscalers'), stored)
  t.match(first, {
    spec: { targetCPUUtilizationPercentage: 50 },
    status: { currentCPUUtilizationPercentage: 40 },
    metadata: {
      annotations: {
        'autoscaling.alpha.kubernetes.io/behavior':
          /"ScaleDown":."StabilizationWindowSeconds":60,"SelectPolicy":"Min"/u,
      },
    },
  })
  const alpha = rowOf('autoscaling/v2alpha1', 'horizontalpodautoscalers')
  t.match(
    toStorage(
      alpha,
      sent(alpha, {
        spec: {
          scaleTargetRef,
          maxReplicas: 10,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', targetAverageUtilization: 50 } }],
        },
      }),
    ),
    { spec: { metrics: [cpu] } },
  )
})

void t.test('a metric that v2alpha1 has no field for goes there and back', async t => {
  const alpha = rowOf('autoscaling/v2alpha1', 'horizontalpodautoscalers')
  const external = {
    type: 'External',
    external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '3' } },
  }
  const stored = sent(rowOf('autoscaling/v2', 'horizontalpodautoscalers'), {
    spec: { scaleTargetRef, maxReplicas: 10, metrics: [external, cpu] },
  })
  const shown = fromStorage(alpha, stored)
  t.match(shown, {
    metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/metrics': /"queue"/ } },
    spec: { metrics: { length: 1, 0: { type: 'Resource' } } },
  })
  const back = toStorage(alpha, shown)
  t.match(back, { spec: { metrics: [cpu, external] } })
  t.equal(back.metadata.annotations, undefined)
})

void t.test('a faulty annotation says nothing', async t => {
  const row = rowOf('autoscaling/v1', 'horizontalpodautoscalers')
  const stored = toStorage(
    row,
    sent(row, {
      metadata: { name: 'x', annotations: { 'autoscaling.alpha.kubernetes.io/metrics': '{' } },
      spec: { scaleTargetRef, maxReplicas: 2, targetCPUUtilizationPercentage: 50 },
    }),
  )
  t.match(stored, { spec: { metrics: [cpu] } })
  t.equal(stored.metadata.annotations, undefined)
})
