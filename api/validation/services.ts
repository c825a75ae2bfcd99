/**
 * Services. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateServiceCreate, ValidateServiceUpdate
 */
import { looseIpFaults } from '#api/addresses.ts'
import { labelFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { Service, ServicePort, ServiceSpec } from '#api/types/core-v1.ts'
import { PROTOCOLS, refuseSpecialAddress } from '#api/validation/endpoints.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  Printed,
  required,
  requireFormat,
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import { validatePort } from '#api/validation/pod-handlers.ts'
import {
  refuseClassChange,
  refuseHealthPortChange,
  validateExposure,
} from '#api/validation/service-exposure.ts'
import {
  isHeadless,
  refuseAddressChange,
  refuseFamilyChange,
  settledSpec,
  validateFamilies,
} from '#api/validation/service-families.ts'

const TYPES: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITY_SECONDS_MAX = 86_400
const HINTS = 'service.kubernetes.io/topology-aware-hints'
const MODE = 'service.kubernetes.io/topology-mode'

export function validateService(faults: Faults, service: Service): void {
  const spec = settledSpec(service)
  if (refusesFamilies(faults, spec)) return
  validateSettled(faults, service, spec)
}

/** Upstream asks this before it gives out addresses, and the rest only when it could. */
function refusesFamilies(faults: Faults, spec: ServiceSpec, before?: Service): boolean {
  const known = faults.length
  validateFamilies(faults, spec, before?.spec?.clusterIPs)
  return faults.length > known
}

export function validateServiceUpdate(faults: Faults, service: Service, before: Service): void {
  const spec = settledSpec(service, before)
  const old = settledSpec(before)
  if (refusesFamilies(faults, spec, before)) return
  refuseAddressChange(faults, spec, old)
  refuseFamilyChange(faults, spec, old)
  refuseClassChange(faults, spec, old)
  refuseHealthPortChange(faults, spec, old)
  validateSettled(faults, service, spec, before)
}

function validateSettled(
  faults: Faults,
  service: Service,
  spec: ServiceSpec,
  before?: Service,
): void {
  validateTopology(faults, service)
  const { type = '', ports = [] } = spec
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    faults.push(required('spec.ports'))
  }
  validateKind(faults, spec)
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    validateServicePort(faults, `spec.ports[${index}]`, port, { isOne: ports.length === 1, names })
  }
  validateLabels(faults, 'spec.selector', spec.selector)
  requireOneOf(faults, 'spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  validateAffinity(faults, spec)
  validateExternalAddresses(faults, spec, before?.spec?.externalIPs ?? [])
  requireOneOf(faults, 'spec.type', type, TYPES)
  refusePorts(faults, spec)
  validateExposure(faults, service, before)
}

/** The old annotation and the one that followed it say the same. */
function validateTopology(faults: Faults, { metadata: { annotations = {} } }: Service): void {
  const { [HINTS]: hints, [MODE]: mode } = annotations
  if (hints === undefined || mode === undefined || hints === mode) return
  const detail = `must match annotations[${HINTS}] when both are specified`
  faults.push(wrong(`metadata.annotations[${MODE}]`, mode, detail))
}

function validateKind(faults: Faults, spec: ServiceSpec): void {
  const { type, externalName = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  if ((type === 'NodePort' || type === 'LoadBalancer') && isHeadless(spec)) {
    const detail = `may not be set to 'None' for ${type} services`
    faults.push(wrong('spec.clusterIPs[0]', 'None', detail))
  }
  if (type !== 'ExternalName') return
  const given = {
    clusterIPs: clusterIPs.length > 0,
    ipFamilies: ipFamilies.length > 0,
    ipFamilyPolicy: ipFamilyPolicy !== undefined,
  }
  for (const [name, isGiven] of Object.entries(given)) {
    if (!isGiven) continue
    faults.push(forbidden(`spec.${name}`, 'may not be set for ExternalName services'))
  }
  requireFormat(faults, 'spec.externalName', externalName.replace(/\.$/, ''), subdomainFaults)
}

function validateServicePort(
  faults: Faults,
  field: string,
  port: ServicePort,
  { isOne, names }: { readonly isOne: boolean; readonly names: Set<string> },
): void {
  const { name = '', appProtocol } = port
  if (name === '') {
    if (!isOne) faults.push(required(`${field}.name`))
  } else {
    wrongFormat(faults, `${field}.name`, name, labelFaults(name))
    if (names.has(name)) faults.push(duplicate(`${field}.name`, name))
    names.add(name)
  }
  validatePort(faults, `${field}.port`, port.port)
  requireOneOf(faults, `${field}.protocol`, port.protocol, PROTOCOLS)
  validatePort(faults, `${field}.targetPort`, port.targetPort ?? 0)
  if (appProtocol !== undefined) {
    wrongFormat(faults, `${field}.appProtocol`, appProtocol, qualifiedNameFaults(appProtocol))
  }
}

function validateAffinity(faults: Faults, spec: ServiceSpec): void {
  const field = 'spec.sessionAffinityConfig'
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (spec.sessionAffinity === 'ClientIP') {
    if (seconds !== undefined && (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX)) {
      const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`
      faults.push(wrong(`${field}.clientIP.timeoutSeconds`, seconds, detail))
    }
  } else if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig !== undefined) {
    faults.push(forbidden(field, 'must not be set when session affinity is None'))
  }
}

function validateExternalAddresses(
  faults: Faults,
  { externalIPs = [] }: ServiceSpec,
  known: readonly string[],
): void {
  for (const [index, ip] of externalIPs.entries()) {
    const field = `spec.externalIPs[${index}]`
    const found = known.includes(ip) ? [] : looseIpFaults(ip)
    wrongFormat(faults, field, ip, found)
    if (found.length === 0) refuseSpecialAddress(faults, field, ip)
  }
}

/** Node ports where none belong, and numbers that two ports share. */
function refusePorts(faults: Faults, { ports = [], type }: ServiceSpec): void {
  const field = (index: number, part = ''): string => `spec.ports[${index}]${part}`
  for (const [index, { nodePort = 0 }] of ports.entries()) {
    if (type !== 'ClusterIP' || nodePort === 0) continue
    const detail = "may not be used when `type` is 'ClusterIP'"
    faults.push(forbidden(field(index, '.nodePort'), detail))
  }
  const nodePorts = new Set<string>()
  for (const [index, { protocol = '', nodePort = 0 }] of ports.entries()) {
    if (nodePort === 0) continue
    const key = `${protocol}/${nodePort}`
    if (nodePorts.has(key)) faults.push(duplicate(field(index, '.nodePort'), nodePort))
    nodePorts.add(key)
  }
  const numbers = new Set<string>()
  for (const [index, { protocol = '', port }] of ports.entries()) {
    const key = `${protocol}/${port}`
    if (numbers.has(key)) faults.push(duplicate(field(index), printedPort(protocol, port)))
    numbers.add(key)
  }
}

const printedPort = (protocol: string, port: number): Printed =>
  new Printed({
    Name: '',
    Protocol: protocol,
    AppProtocol: null,
    Port: port,
    TargetPort: 0,
    NodePort: 0,
  })
