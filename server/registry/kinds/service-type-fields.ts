/**
 * A Service that changes its type loses what only the old type had, unless the writer changed that as well. Pure.
 *
 * So `kubectl patch --patch '{"spec":{"type":"ClusterIP"}}'` of a NodePort Service is valid.
 * Source: kubernetes pkg/registry/core/service/strategy.go dropTypeDependentFields
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { isRecord, listOf, recordOf, without } from '#api/values.ts'
import { typeOf } from './service-families.ts'

type Spec = Readonly<Record<string, unknown>>

const isBalanced = (spec: Spec): boolean => typeOf(spec) === 'LoadBalancer'
const hasNodePorts = (spec: Spec): boolean => typeOf(spec) === 'NodePort' || isBalanced(spec)
const hasAddress = (spec: Spec): boolean => typeOf(spec) !== 'ExternalName'
const isExternal = (spec: Spec): boolean =>
  hasNodePorts(spec) || (hasAddress(spec) && listOf(spec['externalIPs']).length > 0)
const hasHealthPort = (spec: Spec): boolean =>
  isBalanced(spec) && spec['externalTrafficPolicy'] === 'Local'

/** Fields that go together, and the services that have them. */
const DEPENDENT: readonly {
  readonly fields: readonly string[]
  readonly belongTo: (spec: Spec) => boolean
}[] = [
  { fields: ['clusterIP', 'clusterIPs'], belongTo: hasAddress },
  { fields: ['ipFamilies'], belongTo: hasAddress },
  { fields: ['ipFamilyPolicy'], belongTo: hasAddress },
  { fields: ['internalTrafficPolicy'], belongTo: hasAddress },
  { fields: ['healthCheckNodePort'], belongTo: hasHealthPort },
  { fields: ['externalTrafficPolicy'], belongTo: isExternal },
  { fields: ['allocateLoadBalancerNodePorts'], belongTo: isBalanced },
  { fields: ['loadBalancerClass'], belongTo: isBalanced },
]

/** What a load balancer reported goes with it. */
const unbalanced = (service: AnyObject): Spec => ({
  ...recordOf(service['status']),
  loadBalancer: {},
})

export function withoutOldTypeFields(service: AnyObject, old: AnyObject): AnyObject {
  const spec = recordOf(service['spec'])
  const before = recordOf(old['spec'])
  const gone = DEPENDENT.filter(
    ({ fields, belongTo }) =>
      belongTo(before) &&
      !belongTo(spec) &&
      fields.every(name => equalJson(spec[name] ?? null, before[name] ?? null)),
  ).flatMap(({ fields }) => fields)
  const losesPorts = hasNodePorts(before) && !hasNodePorts(spec) && sameNodePorts(spec, before)
  const settled = isBalanced(spec) ? service : { ...service, status: unbalanced(service) }
  if (gone.length === 0 && !losesPorts) return settled
  const kept = without(spec, ...gone)
  return {
    ...settled,
    spec: losesPorts ? { ...kept, ports: portsOf(spec).map(withoutNodePort) } : kept,
  }
}

const portsOf = (spec: Spec): readonly Spec[] => listOf(spec['ports']).filter(isRecord)

const nodePortsOf = (spec: Spec): readonly unknown[] =>
  portsOf(spec)
    .map(port => port['nodePort'])
    .filter(port => port !== undefined && port !== 0)

const sameNodePorts = (spec: Spec, before: Spec): boolean => {
  const old = new Set(nodePortsOf(before))
  return nodePortsOf(spec).every(port => old.has(port))
}

const withoutNodePort = ({ nodePort: _port, ...port }: Spec): Spec => port
