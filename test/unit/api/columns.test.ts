/** Tables: the cells that `kubectl get` prints, wide ones included, and the frame around them. Pods: columns/pods.test.ts */
import { tableOf } from '#api/columns/table.ts'
import { humanAge, humanDuration } from '#api/duration.ts'
import { at, build, containers, NOW, resourceNamed, row } from '#test/support/printed-rows.ts'
import t from 'tap'

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
          clusterIPs: ['10.43.0.9'],
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
      { spec: { type: 'LoadBalancer', clusterIPs: ['10.43.0.9'] } },
      'x|LoadBalancer|10.43.0.9|<pending>|<none>|65s|<none>',
    ],
    [
      'services',
      {
        spec: { type: 'LoadBalancer', clusterIPs: ['10.43.0.9'], externalIPs: ['1.1.1.1'] },
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
    ['endpoints', { subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }] }] }, 'x||65s'],
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
    ['serviceaccounts', { secrets: [{ name: 's' }] }, 'x|65s'],
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
