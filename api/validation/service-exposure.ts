/**
 * How a Service is reached from outside, and what its load balancer reports. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateService, ValidateServiceStatusUpdate
 */
import { isIP } from 'node:net'
import { cidrFaults, ipFaults } from '#api/addresses.ts'
import { qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { LoadBalancerIngress, Service, ServiceSpec } from '#api/types/core-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  IMMUTABLE,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const KUBELET_PORT = 10_250
const BALANCERS_ONLY = "may only be used when `type` is 'LoadBalancer'"
const FAMILIES: readonly string[] = ['IPv4', 'IPv6']

export function validateExposure(faults: Faults, spec: ServiceSpec): void {
  const isBalanced = spec.type === 'LoadBalancer'
  if (isBalanced) refuseKubeletPort(faults, spec)
  validateFamilies(faults, spec)
  const field = 'spec.loadBalancerSourceRanges'
  const { loadBalancerSourceRanges: ranges = [], loadBalancerClass } = spec
  if (ranges.length > 0 && !isBalanced) faults.push(forbidden(field, BALANCERS_ONLY))
  for (const [index, range] of ranges.entries()) {
    // Blanks around are from the time when this was an annotation.
    const trimmed = range.trim()
    wrongFormat(faults, `${field}[${index}]`, trimmed, cidrFaults(trimmed))
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced) {
    faults.push(forbidden('spec.allocateLoadBalancerNodePorts', BALANCERS_ONLY))
  }
  if (loadBalancerClass !== undefined) {
    const place = 'spec.loadBalancerClass'
    if (isBalanced) {
      wrongFormat(faults, place, loadBalancerClass, qualifiedNameFaults(loadBalancerClass))
    } else faults.push(forbidden(place, BALANCERS_ONLY))
  }
  const { healthCheckNodePort: port = 0 } = spec
  if (port !== 0 && !(isBalanced && spec.externalTrafficPolicy === 'Local')) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    faults.push(wrong('spec.healthCheckNodePort', port, detail))
  }
  allowOneOf(faults, 'spec.trafficDistribution', spec.trafficDistribution, [
    'PreferClose',
    'PreferSameNode',
    'PreferSameZone',
  ])
}

function refuseKubeletPort(faults: Faults, { ports = [] }: ServiceSpec): void {
  for (const [index, { port }] of ports.entries()) {
    if (port !== KUBELET_PORT) continue
    const detail = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`
    faults.push(wrong(`spec.ports[${index}]`, port, detail))
  }
}

function validateFamilies(faults: Faults, spec: ServiceSpec): void {
  const { type, ipFamilies = [], ipFamilyPolicy } = spec
  if (type === 'ExternalName') {
    const given = {
      ipFamilies: ipFamilies.length > 0,
      ipFamilyPolicy: ipFamilyPolicy !== undefined,
    }
    for (const [name, isGiven] of Object.entries(given)) {
      if (!isGiven) continue
      faults.push(forbidden(`spec.${name}`, "may not be set when `type` is 'ExternalName'"))
    }
    return
  }
  for (const [index, family] of ipFamilies.entries()) {
    const place = `spec.ipFamilies[${index}]`
    if (!FAMILIES.includes(family)) faults.push(unsupported(place, family, FAMILIES))
    if (ipFamilies.indexOf(family) < index) faults.push(duplicate(place, family))
  }
  allowOneOf(faults, 'spec.ipFamilyPolicy', ipFamilyPolicy, [
    'PreferDualStack',
    'RequireDualStack',
    'SingleStack',
  ])
}

/** Ranges that mean something else than a host, with upstream's words. IPv4 only where IPv6 has no like. */
const SPECIAL: readonly (readonly [pattern: RegExp, detail: string])[] = [
  [/^(0\.0\.0\.0|::)$/, 'may not be unspecified (0.0.0.0) or (::)'],
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab])/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [
    /^(224\.0\.0\.|ff02)/i,
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
]

/** An address that stands for one host: of endpoints and of what leads to a Service from outside. */
export function refuseSpecialAddress(faults: Faults, field: string, address: string): void {
  for (const [pattern, detail] of SPECIAL) {
    if (pattern.test(address)) faults.push(wrong(field, address, detail))
  }
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

export function validateServiceStatus(faults: Faults, service: Service): void {
  const field = 'status.loadBalancer.ingress'
  const ingress = service.status?.loadBalancer?.ingress ?? []
  if (ingress.length > 0 && service.spec?.type !== 'LoadBalancer') {
    faults.push(forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'"))
  }
  for (const [index, point] of ingress.entries()) {
    validateIngressPoint(faults, `${field}[${index}]`, point)
  }
}

function validateIngressPoint(faults: Faults, place: string, point: LoadBalancerIngress): void {
  const { ip = '', hostname = '', ipMode } = point
  if (ip !== '') wrongFormat(faults, `${place}.ip`, ip, ipFaults(ip))
  if (ip !== '' && ipMode === undefined) {
    faults.push(required(`${place}.ipMode`, 'must be specified when `ip` is set'))
  } else if (ip === '' && ipMode !== undefined) {
    faults.push(forbidden(`${place}.ipMode`, 'may not be specified when `ip` is not set'))
  } else allowOneOf(faults, `${place}.ipMode`, ipMode, ['Proxy', 'VIP'])
  if (hostname === '') return
  wrongFormat(faults, `${place}.hostname`, hostname, subdomainFaults(hostname))
  if (isIP(hostname) !== 0) {
    const detail = 'must be a DNS name, not an IP address'
    faults.push(wrong(`${place}.hostname`, hostname, detail))
  }
}
