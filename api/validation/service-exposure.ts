/**
 * How a Service is reached from outside, and what its load balancer reports. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateService, ValidateServiceStatusUpdate
 */
import { isIP } from 'node:net'
import { looseCidrFaults, looseIpFaults } from '#api/addresses.ts'
import { portNumberFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { LoadBalancerIngress, Service, ServiceSpec } from '#api/types/core-v1.ts'
import {
  allowOneOf,
  type Faults,
  forbidden,
  IMMUTABLE,
  required,
  requireOneOf,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const BALANCERS_ONLY = "may only be used when `type` is 'LoadBalancer'"
const POLICIES: readonly string[] = ['Cluster', 'Local']
const RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'

/** What stays as it was in `before` need not keep newer rules. */
export function validateExposure(faults: Faults, service: Service, before?: Service): void {
  const { spec = {} } = service
  const isBalanced = spec.type === 'LoadBalancer'
  if ((spec.loadBalancerSourceRanges ?? []).length > 0) {
    validateRanges(faults, spec, before?.spec?.loadBalancerSourceRanges ?? [])
  } else validateAnnotatedRanges(faults, service, before)
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced) {
    faults.push(forbidden('spec.allocateLoadBalancerNodePorts', BALANCERS_ONLY))
  }
  validateClass(faults, spec)
  validateTraffic(faults, spec)
  validateHealthPort(faults, spec)
  allowOneOf(faults, 'spec.internalTrafficPolicy', spec.internalTrafficPolicy, POLICIES)
  allowOneOf(faults, 'spec.trafficDistribution', spec.trafficDistribution, [
    'PreferClose',
    'PreferSameZone',
    'PreferSameNode',
  ])
}

/** Blanks around are from the time when this was an annotation; so is upstream's name of the field. */
function validateRanges(
  faults: Faults,
  { type, loadBalancerSourceRanges: ranges = [] }: ServiceSpec,
  before: readonly string[],
): void {
  const field = 'spec.LoadBalancerSourceRanges'
  const known = before.map(range => range.trim())
  if (type !== 'LoadBalancer') faults.push(forbidden(field, BALANCERS_ONLY))
  for (const [index, range] of ranges.map(text => text.trim()).entries()) {
    if (known.includes(range)) continue
    wrongFormat(faults, `${field}[${index}]`, range, looseCidrFaults(range))
  }
}

function validateAnnotatedRanges(faults: Faults, service: Service, before?: Service): void {
  const text = service.metadata.annotations?.[RANGES]
  if (text === undefined) return
  const field = `metadata.annotations[${RANGES}]`
  if (service.spec?.type !== 'LoadBalancer') faults.push(forbidden(field, BALANCERS_ONLY))
  if (text.trim() === '' || before?.metadata.annotations?.[RANGES] === text) return
  for (const range of text.split(',').map(part => part.trim())) {
    wrongFormat(faults, field, range, looseCidrFaults(range))
  }
}

function validateClass(faults: Faults, { type, loadBalancerClass: name }: ServiceSpec): void {
  const field = 'spec.loadBalancerClass'
  if (name === undefined) return
  if (type === 'LoadBalancer') wrongFormat(faults, field, name, qualifiedNameFaults(name))
  else faults.push(forbidden(field, BALANCERS_ONLY))
}

const isExternal = ({ type, externalIPs = [] }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)

function validateTraffic(faults: Faults, spec: ServiceSpec): void {
  const field = 'spec.externalTrafficPolicy'
  const { externalTrafficPolicy: policy = '' } = spec
  if (isExternal(spec)) requireOneOf(faults, field, policy, POLICIES)
  else if (policy !== '') {
    faults.push(wrong(field, policy, 'may only be set for externally-accessible services'))
  }
}

/** Where one belongs and none is named, the server gives one. */
function validateHealthPort(faults: Faults, spec: ServiceSpec): void {
  const field = 'spec.healthCheckNodePort'
  const { healthCheckNodePort: port = 0 } = spec
  if (port === 0) return
  if (hasHealthPort(spec)) {
    for (const detail of portNumberFaults(port)) faults.push(wrong(field, port, detail))
    return
  }
  const detail =
    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
  faults.push(wrong(field, port, detail))
}

export function refuseClassChange(faults: Faults, spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type !== 'LoadBalancer' || old.type !== 'LoadBalancer') return
  if (spec.loadBalancerClass === old.loadBalancerClass) return
  faults.push(wrong('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'))
}

const hasHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local'

export function refuseHealthPortChange(faults: Faults, spec: ServiceSpec, old: ServiceSpec): void {
  if (!hasHealthPort(spec) || !hasHealthPort(old)) return
  if ((spec.healthCheckNodePort ?? 0) === (old.healthCheckNodePort ?? 0)) return
  faults.push(forbidden('spec.healthCheckNodePort', IMMUTABLE))
}

export function validateServiceStatus(faults: Faults, service: Service, before?: Service): void {
  const field = 'status.loadBalancer.ingress'
  const ingress = service.status?.loadBalancer?.ingress ?? []
  if (ingress.length > 0 && service.spec?.type !== 'LoadBalancer') {
    faults.push(forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  const known = (before?.status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip)
  for (const [index, point] of ingress.entries()) {
    validateIngressPoint(faults, `${field}[${index}]`, point, known)
  }
}

const MODES: readonly string[] = ['Proxy', 'VIP']

function validateIngressPoint(
  faults: Faults,
  place: string,
  { ip = '', hostname = '', ipMode }: LoadBalancerIngress,
  known: readonly string[],
): void {
  if (ip !== '' && !known.includes(ip)) {
    wrongFormat(faults, `${place}.ip`, ip, looseIpFaults(ip))
  }
  if (ipMode === undefined) {
    if (ip !== '') faults.push(required(`${place}.ipMode`, 'must be specified when `ip` is set'))
  } else if (ip === '') {
    faults.push(forbidden(`${place}.ipMode`, 'may not be specified when `ip` is not set'))
  } else if (!MODES.includes(ipMode)) faults.push(unsupported(`${place}.ipMode`, ipMode, MODES))
  if (hostname === '') return
  wrongFormat(faults, `${place}.hostname`, hostname, subdomainFaults(hostname))
  if (isIP(hostname) !== 0) {
    const detail = 'must be a DNS name, not an IP address'
    faults.push(wrong(`${place}.hostname`, hostname, detail))
  }
}
