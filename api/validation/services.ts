/**
 * Services, Endpoints and EndpointSlices. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateService, ValidateServiceUpdate, ValidateEndpoints;
 * pkg/apis/discovery/validation/validation.go
 */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { equalJson } from '#api/json.ts'
import { labelFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { Endpoints, Service, ServicePort, ServiceSpec } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  refuseChange,
  required,
  requireFormat,
  requireOneOf,
  tooMany,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabels } from '#api/validation/metadata.ts'
import {
  refuseClassChange,
  refuseHealthPortChange,
  refuseSpecialAddress,
  validateExposure,
} from '#api/validation/service-exposure.ts'
import { validatePort } from '#api/validation/pod-handlers.ts'

const BAD_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const TYPES: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP']
const AFFINITY_SECONDS_MAX = 86_400

const isHeadless = (spec: ServiceSpec): boolean =>
  spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'

export function validateService(faults: Faults, { spec = {} }: Service): void {
  const { type = '', ports = [] } = spec
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    faults.push(required('spec.ports'))
  }
  validateKind(faults, spec)
  validatePorts(faults, spec)
  requireOneOf(faults, 'spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  validateAffinityConfig(faults, spec)
  validateAddresses(faults, spec)
  validateLabels(faults, 'spec.selector', spec.selector)
  requireOneOf(faults, 'spec.type', type, TYPES)
  validateTraffic(faults, spec)
  validateExposure(faults, spec)
}

function validateKind(faults: Faults, spec: ServiceSpec): void {
  const { type, externalName = '' } = spec
  if (type === 'ExternalName') {
    if ((spec.clusterIP ?? '') !== '') {
      faults.push(forbidden('spec.clusterIPs', "may not be set when `type` is 'ExternalName'"))
    }
    requireFormat(faults, 'spec.externalName', externalName.replace(/\.$/, ''), subdomainFaults)
  } else if (isHeadless(spec) && (type === 'NodePort' || type === 'LoadBalancer')) {
    const detail = `may not be set to 'None' for ${type} services`
    faults.push(wrong('spec.clusterIPs[0]', 'None', detail))
  }
}

function validateAffinityConfig(faults: Faults, spec: ServiceSpec): void {
  const field = 'spec.sessionAffinityConfig'
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (spec.sessionAffinity === 'ClientIP') {
    if (seconds !== undefined && (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX)) {
      const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`
      faults.push(wrong(`${field}.clientIP.timeoutSeconds`, seconds, detail))
    }
  } else if (spec.sessionAffinityConfig !== undefined) {
    faults.push(forbidden(field, 'must not be set when session affinity is None'))
  }
}

function validatePorts(faults: Faults, spec: ServiceSpec): void {
  const { ports = [], type } = spec
  const names = new Set<string>()
  const seen = new Set<string>()
  const nodePorts = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`
    validateServicePort(faults, field, port, ports.length > 1)
    if (names.has(port.name ?? '') && (port.name ?? '') !== '') {
      faults.push(duplicate(`${field}.name`, port.name))
    }
    names.add(port.name ?? '')
    const { protocol = 'TCP', nodePort = 0 } = port
    const key = `${protocol}/${port.port}`
    if (seen.has(key)) faults.push(duplicate(field, { protocol, port: port.port }))
    seen.add(key)
    if (nodePort === 0) continue
    if (type === 'ClusterIP' || type === 'ExternalName') {
      faults.push(forbidden(`${field}.nodePort`, `may not be used when \`type\` is '${type}'`))
    }
    const nodeKey = `${protocol}/${nodePort}`
    if (nodePorts.has(nodeKey)) faults.push(duplicate(`${field}.nodePort`, { protocol, nodePort }))
    nodePorts.add(nodeKey)
  }
}

function validateServicePort(
  faults: Faults,
  field: string,
  port: ServicePort,
  isNameRequired: boolean,
): void {
  const { name = '', appProtocol = '' } = port
  if (name !== '') wrongFormat(faults, `${field}.name`, name, labelFaults(name))
  else if (isNameRequired) faults.push(required(`${field}.name`))
  validatePort(faults, `${field}.port`, port.port)
  requireOneOf(faults, `${field}.protocol`, port.protocol, PROTOCOLS)
  if (port.targetPort !== undefined) validatePort(faults, `${field}.targetPort`, port.targetPort)
  if (appProtocol !== '') {
    wrongFormat(faults, `${field}.appProtocol`, appProtocol, qualifiedNameFaults(appProtocol))
  }
}

function validateAddresses(faults: Faults, spec: ServiceSpec): void {
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    if (isIP(ip) === 0) faults.push(wrong(`spec.externalIPs[${index}]`, ip, BAD_IP))
    else refuseSpecialAddress(faults, `spec.externalIPs[${index}]`, ip)
  }
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])
  if (spec.clusterIPs !== undefined && spec.clusterIP !== undefined) {
    if (spec.clusterIP !== (spec.clusterIPs[0] ?? '')) {
      faults.push(wrong('spec.clusterIPs', spec.clusterIPs, 'first value must match `clusterIP`'))
    }
  }
  for (const [index, ip] of clusterIPs.entries()) {
    if (ip === '' || (ip === 'None' && index === 0) || isIP(ip) !== 0) continue
    faults.push(wrong(`spec.clusterIPs[${index}]`, ip, BAD_IP))
  }
}

function validateTraffic(faults: Faults, spec: ServiceSpec): void {
  const { type, externalTrafficPolicy, internalTrafficPolicy, externalIPs = [] } = spec
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0
  if (externalTrafficPolicy !== undefined) {
    if (isExternal) {
      allowOneOf(faults, 'spec.externalTrafficPolicy', externalTrafficPolicy, ['Cluster', 'Local'])
    } else {
      const detail = 'may only be set for externally-accessible services'
      faults.push(wrong('spec.externalTrafficPolicy', externalTrafficPolicy, detail))
    }
  }
  allowOneOf(faults, 'spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local'])
}

/** Clients that know only `clusterIP` change that alone and send the list as they got it. */
function withMatchingAddresses(service: Service, before: Service): Service {
  const { spec } = service
  const old = before.spec
  if (spec?.clusterIP === undefined || spec.clusterIP === old?.clusterIP) return service
  if (!equalJson(spec.clusterIPs, old?.clusterIPs)) return service
  return { ...service, spec: { ...spec, clusterIPs: [spec.clusterIP] } }
}

export function validateServiceUpdate(faults: Faults, sent: Service, before: Service): void {
  const service = withMatchingAddresses(sent, before)
  const old = before.spec ?? {}
  const { spec = {} } = service
  if (old.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    const known = old.clusterIPs?.[0] ?? old.clusterIP ?? ''
    const wanted = spec.clusterIPs?.[0] ?? spec.clusterIP ?? ''
    const shown = spec.clusterIPs ?? [wanted]
    if (known !== '' && wanted === '') {
      faults.push(wrong('spec.clusterIPs[0]', shown, 'primary clusterIP can not be unset'))
    } else if (known !== '' && wanted !== known) {
      faults.push(wrong('spec.clusterIPs[0]', shown, 'may not change once set'))
    }
  }
  refuseClassChange(faults, spec, old)
  refuseHealthPortChange(faults, spec, old)
  validateService(faults, service)
}

export function validateEndpoints(faults: Faults, { subsets = [] }: Endpoints): void {
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const field = `subsets[${index}]`
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      faults.push(required(field, 'must specify `addresses` or `notReadyAddresses`'))
    }
    for (const [part, list] of Object.entries({ addresses, notReadyAddresses })) {
      for (const [at, { ip }] of list.entries()) {
        const place = `${field}.${part}[${at}].ip`
        if (isIP(ip) === 0) faults.push(wrong(place, ip, BAD_IP))
        else refuseSpecialAddress(faults, place, ip)
      }
    }
    for (const [at, port] of ports.entries()) {
      const place = `${field}.ports[${at}]`
      if ((port.name ?? '') === '' && ports.length > 1) faults.push(required(`${place}.name`))
      validatePort(faults, `${place}.port`, port.port)
      requireOneOf(faults, `${place}.protocol`, port.protocol, PROTOCOLS)
    }
  }
}

const ENDPOINTS_MAX = 1000
const SLICE_PORTS_MAX = 20_000
const ADDRESSES_MAX = 100
const ADDRESS_TYPES: readonly string[] = ['FQDN', 'IPv4', 'IPv6']

export function validateEndpointSlice(faults: Faults, slice: EndpointSlice): void {
  requireOneOf(faults, 'addressType', slice.addressType, ADDRESS_TYPES)
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > ENDPOINTS_MAX) {
    faults.push(tooMany('endpoints', endpoints.length, ENDPOINTS_MAX))
  }
  for (const [index, { addresses, hostname, nodeName }] of endpoints.entries()) {
    const field = `endpoints[${index}].addresses`
    const place = `endpoints[${index}]`
    if (nodeName !== undefined) {
      wrongFormat(faults, `${place}.nodeName`, nodeName, subdomainFaults(nodeName))
    }
    if (hostname !== undefined) {
      wrongFormat(faults, `${place}.hostname`, hostname, labelFaults(hostname))
    }
    if (addresses.length === 0) faults.push(required(field, 'must contain at least 1 address'))
    else if (addresses.length > ADDRESSES_MAX) {
      faults.push(tooMany(field, addresses.length, ADDRESSES_MAX))
    }
    for (const [at, address] of addresses.entries()) {
      validateAddress(faults, `${field}[${at}]`, address, slice.addressType)
    }
  }
  const ports = slice.ports ?? []
  if (ports.length > SLICE_PORTS_MAX) faults.push(tooMany('ports', ports.length, SLICE_PORTS_MAX))
  const names = new Set<string>()
  for (const [index, { name = '', protocol, port, appProtocol }] of ports.entries()) {
    const field = `ports[${index}]`
    if (appProtocol !== undefined) {
      wrongFormat(faults, `${field}.appProtocol`, appProtocol, qualifiedNameFaults(appProtocol))
    }
    if (names.has(name)) faults.push(duplicate(`${field}.name`, name))
    names.add(name)
    if (name !== '') wrongFormat(faults, `${field}.name`, name, labelFaults(name))
    requireOneOf(faults, `${field}.protocol`, protocol, PROTOCOLS)
    if (port !== undefined) validatePort(faults, `${field}.port`, port)
  }
}

function validateAddress(faults: Faults, field: string, address: string, type: string): void {
  if (type === 'IPv4' && !isIPv4(address)) {
    faults.push(wrong(field, address, 'must be a valid IPv4 address'))
  } else if (type === 'IPv6' && !isIPv6(address)) {
    faults.push(wrong(field, address, 'must be a valid IPv6 address'))
  } else if (type === 'FQDN') wrongFormat(faults, field, address, subdomainFaults(address))
}

export function validateEndpointSliceUpdate(
  faults: Faults,
  slice: EndpointSlice,
  before: EndpointSlice,
): void {
  validateEndpointSlice(faults, slice)
  refuseChange(faults, 'addressType', { before: before.addressType, after: slice.addressType })
}
