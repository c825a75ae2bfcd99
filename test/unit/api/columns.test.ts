/** Tables: the cells that `kubectl get` prints, wide ones included, and the frame around them. */
import { cellsOf, tableOf } from '#api/columns/table.ts'
import { humanAge, humanDuration } from '#api/duration.ts'
import type { AnyObject } from '#api/object.ts'
import { type Resource, resourceOf } from '#api/scheme.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-02T12:00:00Z')
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString()

void t.test('durations', async t => {
  const second = 1000
  const minute = 60 * second
  const hour = 60 * minute
  const day = 24 * hour
  const cases: readonly (readonly [number, string])[] = [
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [120 * second, '2m'],
    [125 * second, '2m5s'],
    [10 * minute + 5 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + minute, '3h1m'],
    [8 * hour + minute, '8h'],
    [47 * hour, '47h'],
    [48 * hour, '2d'],
    [51 * hour, '2d3h'],
    [8 * day + hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [740 * day, '2y10d'],
    [365 * 8 * day + day, '8y'],
  ]
  for (const [milliseconds, expected] of cases) t.equal(humanDuration(milliseconds), expected)
  t.equal(humanAge(undefined, NOW), '<unknown>')
  t.equal(humanAge('never', NOW), '<unknown>')
  t.equal(humanAge(at(5), NOW), '5s')
})

function resourceNamed(name: string): Resource {
  const [plural = '', ...group] = name.split('.')
  const resource = resourceOf(group.join('.'), 'v1', plural)
  if (resource === undefined) throw new Error(`no resource ${name}`)
  return resource
}

const build = (fields: object): AnyObject => {
  const { metadata = {}, ...rest } = JSON.parse(JSON.stringify(fields))
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', creationTimestamp: at(65), ...metadata },
    ...rest,
  }
}

const row = (name: string, fields: object): string =>
  cellsOf(resourceNamed(name), build(fields), NOW).join('|')

const containers = (...names: string[]): object[] =>
  names.map(name => ({ name, image: `${name}:1` }))
const running = (name: string, more: object = {}): object => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
})
const stopped = (name: string, terminated: object): object => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated },
})
const waiting = (name: string, reason: string, more: object = {}): object => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
  ...more,
})

void t.test('pods', async t => {
  const two = { containers: containers('a', 'b') }
  const init = { containers: containers('a'), initContainers: containers('i', 'j') }
  const sidecar = {
    containers: containers('a'),
    initContainers: [{ name: 's', image: 's', restartPolicy: 'Always' }],
  }
  const died = { lastState: { terminated: { finishedAt: at(5) } } }
  const cases: readonly (readonly [string, object, string])[] = [
    ['pending', { spec: two, status: { phase: 'Pending' } }, '0/2|Pending|0'],
    [
      'running',
      { spec: two, status: { phase: 'Running', containerStatuses: [running('a'), running('b')] } },
      '2/2|Running|0',
    ],
    [
      'crashing',
      {
        spec: two,
        status: {
          phase: 'Running',
          containerStatuses: [
            waiting('a', 'CrashLoopBackOff', { restartCount: 1, ...died }),
            running('b'),
          ],
        },
      },
      '1/2|CrashLoopBackOff|1 (5s ago)',
    ],
    [
      'completed',
      {
        spec: two,
        status: {
          phase: 'Succeeded',
          containerStatuses: [stopped('a', { exitCode: 0, reason: 'Completed' })],
        },
      },
      '0/2|Completed|0',
    ],
    [
      'completed in part',
      {
        spec: two,
        status: {
          phase: 'Running',
          containerStatuses: [stopped('a', { exitCode: 0, reason: 'Completed' }), running('b')],
        },
      },
      '1/2|NotReady|0',
    ],
    [
      'killed by a signal',
      { spec: two, status: { phase: 'Failed', containerStatuses: [stopped('a', { signal: 9 })] } },
      '0/2|Signal:9|0',
    ],
    [
      'ended with a code',
      {
        spec: two,
        status: { phase: 'Failed', containerStatuses: [stopped('a', { exitCode: 3 })] },
      },
      '0/2|ExitCode:3|0',
    ],
    [
      'initializing',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [stopped('i', { exitCode: 0 }), running('j', { ready: false })],
        },
      },
      '0/1|Init:1/2|0',
    ],
    [
      'an init container that fails',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [stopped('i', { exitCode: 1, reason: 'Error' })],
        },
      },
      '0/1|Init:Error|0',
    ],
    [
      'an init container that crashes',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [waiting('i', 'CrashLoopBackOff', { restartCount: 2, ...died })],
        },
      },
      '0/1|Init:CrashLoopBackOff|2 (5s ago)',
    ],
    [
      'a sidecar',
      {
        spec: sidecar,
        status: {
          phase: 'Running',
          initContainerStatuses: [running('s', { started: true, restartCount: 1 })],
          containerStatuses: [running('a')],
        },
      },
      '2/2|Running|1',
    ],
    [
      'going',
      {
        metadata: { deletionTimestamp: at(1) },
        spec: two,
        status: { phase: 'Running', containerStatuses: [running('a'), running('b')] },
      },
      '2/2|Terminating|0',
    ],
    [
      'gone but there',
      { metadata: { deletionTimestamp: at(1) }, spec: two, status: { phase: 'Succeeded' } },
      '0/2|Succeeded|0',
    ],
    [
      'lost',
      {
        metadata: { deletionTimestamp: at(1) },
        spec: two,
        status: { phase: 'Running', reason: 'NodeLost' },
      },
      '0/2|Unknown|0',
    ],
    ['evicted', { spec: two, status: { phase: 'Failed', reason: 'Evicted' } }, '0/2|Evicted|0'],
    [
      'gated',
      {
        spec: two,
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      '0/2|SchedulingGated|0',
    ],
  ]
  for (const [name, fields, expected] of cases) {
    t.equal(row('pods', fields), `x|${expected}|65s|<none>|<none>|<none>|<none>`, name)
  }
  t.equal(
    row('pods', {
      spec: {
        ...two,
        nodeName: 'n1',
        readinessGates: [{ conditionType: 'A' }, { conditionType: 'B' }],
      },
      status: {
        podIP: '10.42.0.2',
        podIPs: [{ ip: '10.42.0.2' }],
        nominatedNodeName: 'n2',
        conditions: [{ type: 'A', status: 'True' }],
      },
    }),
    'x|0/2||0|65s|10.42.0.2|n1|n2|1/2',
  )
})

void t.test('every other kind', async t => {
  const template = { spec: { containers: containers('a', 'b') } }
  const selector = { matchLabels: { app: 'x' } }
  const cases: readonly (readonly [string, object, string])[] = [
    [
      'deployments.apps',
      {
        spec: { replicas: 3, template, selector },
        status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
      },
      'x|1/3|2|1|65s|a,b|a:1,b:1|app=x',
    ],
    [
      'replicasets.apps',
      { spec: { replicas: 3, template, selector }, status: { replicas: 2, readyReplicas: 1 } },
      'x|3|2|1|65s|a,b|a:1,b:1|app=x',
    ],
    [
      'controllerrevisions.apps',
      {
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', controller: true },
          ],
        },
        revision: 2,
      },
      'x|daemonset.apps/d|2|65s',
    ],
    [
      'services',
      {
        spec: {
          type: 'NodePort',
          clusterIP: '10.43.0.9',
          selector: { b: '2', a: '1' },
          ports: [
            { port: 80, nodePort: 30_080, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
      'x|NodePort|10.43.0.9|<none>|80:30080/TCP,53/UDP|65s|a=1,b=2',
    ],
    [
      'services',
      { spec: { type: 'LoadBalancer', clusterIP: '10.43.0.9' } },
      'x|LoadBalancer|10.43.0.9|<pending>|<none>|65s|<none>',
    ],
    [
      'services',
      {
        spec: { type: 'LoadBalancer', clusterIP: '10.43.0.9', externalIPs: ['1.1.1.1'] },
        status: { loadBalancer: { ingress: [{ ip: '2.2.2.2' }, { hostname: 'h' }] } },
      },
      'x|LoadBalancer|10.43.0.9|2.2.2.2,h,1.1.1.1|<none>|65s|<none>',
    ],
    [
      'services',
      { spec: { type: 'ExternalName', externalName: 'e.org' } },
      'x|ExternalName|<none>|e.org|<none>|65s|<none>',
    ],
    [
      'endpoints',
      {
        subsets: [
          {
            addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
            ports: [{ port: 80 }, { port: 81 }],
          },
        ],
      },
      'x|10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 1 more...|65s',
    ],
    ['endpoints', {}, 'x|<none>|65s'],
    [
      'endpointslices.discovery.k8s.io',
      {
        addressType: 'IPv4',
        ports: [{ port: 80 }],
        endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
      },
      'x|IPv4|80|10.0.0.1,10.0.0.2|65s',
    ],
    [
      'endpointslices.discovery.k8s.io',
      { addressType: 'IPv4', endpoints: [] },
      'x|IPv4|<unset>|<unset>|65s',
    ],
    [
      'nodes',
      {
        metadata: {
          labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'a' },
        },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '10.1.1.1' }],
          nodeInfo: {
            kubeletVersion: 'v1',
            osImage: 'Debian',
            kernelVersion: '6.1',
            containerRuntimeVersion: 'docker://20.10',
          },
        },
      },
      'x|Ready,SchedulingDisabled|a,control-plane|65s|v1|10.1.1.1|<none>|Debian|6.1|docker://20.10',
    ],
    ['nodes', {}, 'x|Unknown|<none>|65s||<none>|<none>|<unknown>|<unknown>|<unknown>'],
    ['namespaces', { status: { phase: 'Active' } }, 'x|Active|65s'],
    ['configmaps', { data: { a: '' }, binaryData: { b: '' } }, 'x|2|65s'],
    ['secrets', { type: 'Opaque', data: { a: '' } }, 'x|Opaque|1|65s'],
    ['serviceaccounts', {}, 'x|0|65s'],
    ['leases.coordination.k8s.io', { spec: { holderIdentity: 'n1' } }, 'x|n1|65s'],
    [
      'priorityclasses.scheduling.k8s.io',
      { value: 5, globalDefault: true, preemptionPolicy: 'Never' },
      'x|5|true|65s|Never',
    ],
    [
      'roles.rbac.authorization.k8s.io',
      { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } },
      'x|2026-01-01T00:00:00Z',
    ],
    [
      'rolebindings.rbac.authorization.k8s.io',
      {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'Group', name: 'g' },
          { kind: 'ServiceAccount', name: 's', namespace: 'n' },
        ],
      },
      'x|Role/r|65s|u|g|n/s',
    ],
    [
      'certificatesigningrequests.certificates.k8s.io',
      {
        spec: { signerName: 's/t', username: 'u', expirationSeconds: 3600 },
        status: { conditions: [{ type: 'Approved' }], certificate: 'x' },
      },
      'x|65s|s/t|u|60m|Approved,Issued',
    ],
    [
      'events',
      {
        type: 'Normal',
        reason: 'Pulled',
        involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{c}' },
        source: { component: 'kubelet', host: 'n1' },
        message: ' done ',
        firstTimestamp: at(60),
        lastTimestamp: at(5),
        count: 3,
      },
      '5s|Normal|Pulled|pod/p|spec.containers{c}|kubelet, n1|done|60s|3|x',
    ],
    [
      'events',
      {
        type: 'Warning',
        reason: 'FailedScheduling',
        involvedObject: { kind: 'Pod', name: 'p' },
        reportingComponent: 'default-scheduler',
        eventTime: at(7),
        message: 'no',
      },
      '7s|Warning|FailedScheduling|pod/p||default-scheduler|no|7s|1|x',
    ],
  ]
  for (const [name, fields, expected] of cases) t.equal(row(name, fields), expected, name)
})

void t.test('tables', async t => {
  const pods = resourceNamed('pods')
  const pod = build({ status: { phase: 'Succeeded' } })
  const table = tableOf(pods, [pod], {
    now: NOW,
    includeObject: 'Metadata',
    metadata: { resourceVersion: '7' },
  })
  t.match(table, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7' },
    rows: [
      {
        conditions: [{ type: 'Completed', status: 'True', reason: 'Succeeded' }],
        object: {
          kind: 'PartialObjectMetadata',
          apiVersion: 'meta.k8s.io/v1',
          metadata: pod.metadata,
        },
      },
    ],
  })
  t.same(
    table.columnDefinitions.map(({ name, priority }) => `${name} ${priority}`),
    [
      'Name 0',
      'Ready 0',
      'Status 0',
      'Restarts 0',
      'Age 0',
      'IP 1',
      'Node 1',
      'Nominated Node 1',
      'Readiness Gates 1',
    ],
  )
  const old = tableOf(pods, [pod], {
    now: NOW,
    includeObject: 'Object',
    apiVersion: 'meta.k8s.io/v1beta1',
    withoutColumns: true,
  })
  t.equal(old.rows[0]?.object, pod)
  t.same(old.columnDefinitions, [])
  t.equal(tableOf(pods, [pod], { now: NOW, includeObject: 'None' }).rows[0]?.object, null)
})
