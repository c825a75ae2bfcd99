/** Services that change their type: what goes with the old one, and what stays because it was changed on purpose. */
import t from 'tap'
import type { AnyObject } from '#api/object.ts'
import { withoutOldTypeFields } from '#server/registry/kinds/service-type-fields.ts'

type Fields = Readonly<Record<string, unknown>>

const service = (spec: Fields): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec,
})

const balanced: Fields = {
  type: 'LoadBalancer',
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 30_001,
  allocateLoadBalancerNodePorts: true,
  loadBalancerClass: 'a/b',
  ports: [{ port: 80, nodePort: 30_000 }],
}
const { type: _type, ports: _ports, ...fields } = balanced
const {
  externalTrafficPolicy: _policy,
  healthCheckNodePort: _health,
  allocateLoadBalancerNodePorts: _allocate,
  loadBalancerClass: _class,
  ...inner
} = fields

void t.test('fields of the old type', async t => {
  const cases: readonly [string, Fields, Fields][] = [
    ['nothing changes', balanced, balanced],
    [
      'to ClusterIP',
      { ...balanced, type: 'ClusterIP' },
      { ...inner, type: 'ClusterIP', ports: [{ port: 80 }] },
    ],
    [
      'to NodePort',
      { ...balanced, type: 'NodePort' },
      { ...inner, type: 'NodePort', externalTrafficPolicy: 'Local', ports: balanced['ports'] },
    ],
    [
      'to ExternalName',
      { ...balanced, type: 'ExternalName' },
      { type: 'ExternalName', ports: [{ port: 80 }] },
    ],
    [
      'what was changed stays, to be refused',
      {
        ...balanced,
        type: 'ClusterIP',
        loadBalancerClass: 'c/d',
        ports: [{ port: 80, nodePort: 1 }],
      },
      { ...inner, type: 'ClusterIP', loadBalancerClass: 'c/d', ports: [{ port: 80, nodePort: 1 }] },
    ],
  ]
  for (const [name, after, expected] of cases) {
    const result = withoutOldTypeFields(service(after), service(balanced))
    t.strictSame(result['spec'], expected, name)
  }
})
