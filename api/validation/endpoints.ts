/**
 * Endpoints and EndpointSlices. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateEndpoints, ValidateEndpointIP;
 * pkg/apis/discovery/validation/validation.go
 */
import { canonicalIp, ipFaults, isIpv6, looseIpFaults } from '#api/addresses.ts'
import { equalJson } from '#api/json.ts'
import { labelFaults, labelValueFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { EndpointAddress, EndpointPort, Endpoints } from '#api/types/core-v1.ts'
import type { Endpoint, EndpointHints, EndpointSlice } from '#api/types/discovery-v1.ts'
import {
  duplicate,
  type Faults,
  refuseChange,
  required,
  requireOneOf,
  tooMany,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validatePort } from '#api/validation/pod-handlers.ts'
import type { RuleTable } from '#api/validation/rules.ts'

export const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP']

/** Ranges that mean something else than a host, by their canonical text, with upstream's words. */
const SPECIAL: readonly (readonly [pattern: RegExp, detail: string])[] = [
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [
    /^(169\.254\.|fe[89ab][0-9a-f]:)/,
    'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    /^(224\.0\.0\.|ff[0-9a-f]2:)/,
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
]

/** An address that stands for one host: of endpoints and of what leads to a Service from outside. */
export function refuseSpecialAddress(faults: Faults, field: string, address: string): void {
  const canonical = canonicalIp(address)
  if (canonical === undefined) {
    faults.push(wrong(field, address, 'must be a valid IP address'))
    return
  }
  if (canonical === '0.0.0.0' || canonical === '::') {
    faults.push(wrong(field, address, `may not be unspecified (${address})`))
  }
  for (const [pattern, detail] of SPECIAL) {
    if (pattern.test(canonical)) faults.push(wrong(field, address, detail))
  }
}

function validateEndpoints(faults: Faults, { subsets = [] }: Endpoints): void {
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const field = `subsets[${index}]`
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      faults.push(required(field, 'must specify `addresses` or `notReadyAddresses`'))
    }
    for (const [part, list] of Object.entries({ addresses, notReadyAddresses })) {
      for (const [at, address] of list.entries()) {
        validateHost(faults, `${field}.${part}[${at}]`, address)
      }
    }
    for (const [at, port] of ports.entries()) {
      validateEndpointPort(faults, `${field}.ports[${at}]`, port, ports.length > 1)
    }
  }
}

function validateHost(
  faults: Faults,
  field: string,
  { ip, hostname = '', nodeName }: EndpointAddress,
): void {
  wrongFormat(faults, `${field}.ip`, ip, looseIpFaults(ip))
  if (hostname !== '') wrongFormat(faults, `${field}.hostname`, hostname, labelFaults(hostname))
  if (nodeName !== undefined) {
    wrongFormat(faults, `${field}.nodeName`, nodeName, subdomainFaults(nodeName))
  }
  refuseSpecialAddress(faults, `${field}.ip`, ip)
}

function validateEndpointPort(
  faults: Faults,
  field: string,
  { name = '', port, protocol, appProtocol }: EndpointPort,
  isNameRequired: boolean,
): void {
  if (name !== '') wrongFormat(faults, `${field}.name`, name, labelFaults(name))
  else if (isNameRequired) faults.push(required(`${field}.name`))
  validatePort(faults, `${field}.port`, port)
  requireOneOf(faults, `${field}.protocol`, protocol, PROTOCOLS)
  if (appProtocol !== undefined) {
    wrongFormat(faults, `${field}.appProtocol`, appProtocol, qualifiedNameFaults(appProtocol))
  }
}

const ENDPOINTS_MAX = 1000
const SLICE_PORTS_MAX = 20_000
const ADDRESSES_MAX = 100
const HINTS_MAX = 8
const ADDRESS_TYPES: readonly string[] = ['FQDN', 'IPv4', 'IPv6']

/** What stays as it was need not keep newer rules: `known` are the endpoints there were. */
function validateSlice(
  faults: Faults,
  slice: EndpointSlice,
  known?: EndpointSlice['endpoints'],
): void {
  const { addressType, endpoints = [] } = slice
  requireOneOf(faults, 'addressType', addressType, ADDRESS_TYPES)
  validateSlicePorts(faults, slice)
  if (known !== undefined && equalJson(known, endpoints)) return
  if (endpoints.length > ENDPOINTS_MAX) {
    faults.push(tooMany('endpoints', endpoints.length, ENDPOINTS_MAX))
    return
  }
  for (const [index, endpoint] of endpoints.entries()) {
    validateEndpoint(faults, `endpoints[${index}]`, endpoint, addressType)
  }
}

function validateSlicePorts(faults: Faults, slice: EndpointSlice): void {
  const ports = slice.ports ?? []
  if (ports.length > SLICE_PORTS_MAX) {
    faults.push(tooMany('ports', ports.length, SLICE_PORTS_MAX))
    return
  }
  const names = new Set<string>()
  for (const [index, { name = '', protocol, appProtocol }] of ports.entries()) {
    const field = `ports[${index}]`
    if (name !== '') wrongFormat(faults, `${field}.name`, name, labelFaults(name))
    if (names.has(name)) faults.push(duplicate(`${field}.name`, name))
    names.add(name)
    requireOneOf(faults, `${field}.protocol`, protocol, PROTOCOLS)
    if (appProtocol !== undefined) {
      wrongFormat(faults, `${field}.appProtocol`, appProtocol, qualifiedNameFaults(appProtocol))
    }
  }
}

function validateEndpoint(faults: Faults, place: string, endpoint: Endpoint, type: string): void {
  const { addresses, hostname, nodeName, hints } = endpoint
  const field = `${place}.addresses`
  if (addresses.length === 0) faults.push(required(field, 'must contain at least 1 address'))
  else if (addresses.length > ADDRESSES_MAX) {
    faults.push(tooMany(field, addresses.length, ADDRESSES_MAX))
  }
  for (const [at, address] of addresses.entries()) {
    ADDRESS_RULES.get(type)?.(faults, { field, at: `${field}[${at}]`, address })
  }
  if (nodeName !== undefined) {
    wrongFormat(faults, `${place}.nodeName`, nodeName, subdomainFaults(nodeName))
  }
  if (hostname !== undefined) {
    wrongFormat(faults, `${place}.hostname`, hostname, labelFaults(hostname))
  }
  if (hints !== undefined) validateHints(faults, `${place}.hints`, hints)
}

interface Place {
  /** The list, where upstream says that the family is wrong. */
  readonly field: string
  readonly at: string
  readonly address: string
}

const ofFamily =
  (
    family: 'IPv4' | 'IPv6',
    format: (address: string) => readonly string[],
  ): ((faults: Faults, place: Place) => void) =>
  (faults, { field, at, address }) => {
    const found = format(address)
    wrongFormat(faults, at, address, found)
    if (found.length > 0) return
    if (isIpv6(address) !== (family === 'IPv6')) {
      faults.push(wrong(field, address, `must be an ${family} address`))
    }
    refuseSpecialAddress(faults, at, address)
  }

const ADDRESS_RULES: ReadonlyMap<string, (faults: Faults, place: Place) => void> = new Map([
  ['IPv4', ofFamily('IPv4', looseIpFaults)],
  ['IPv6', ofFamily('IPv6', ipFaults)],
  ['FQDN', validateDomain],
])

/** Two labels at least; the dot behind the last one may be there. */
function validateDomain(faults: Faults, { at, address }: Place): void {
  const name = address.replace(/\.$/, '')
  const labels = name.split('.')
  const format = subdomainFaults(name)
  if (address === '') faults.push(required(at))
  else if (format.length > 0) faults.push(wrong(at, name, format.join(',')))
  else if (labels.length < 2) {
    const detail = 'should be a domain with at least two segments separated by dots'
    faults.push(wrong(at, name, detail))
  } else {
    const bad = labels.find(label => labelFaults(label).length > 0)
    if (bad !== undefined) faults.push(wrong(at, bad, labelFaults(bad).join(',')))
  }
}

function validateHints(faults: Faults, field: string, hints: EndpointHints): void {
  const formats = { forZones: labelValueFaults, forNodes: subdomainFaults }
  for (const part of ['forZones', 'forNodes'] as const) {
    const list = hints[part] ?? []
    const names = new Set<string>()
    if (list.length > HINTS_MAX) {
      faults.push(tooMany(`${field}.${part}`, list.length, HINTS_MAX))
      return
    }
    for (const [index, { name }] of list.entries()) {
      const place = `${field}.${part}[${index}].name`
      if (names.has(name)) faults.push(duplicate(place, name))
      names.add(name)
      wrongFormat(faults, place, name, formats[part](name))
    }
  }
}

export const ENDPOINT_RULES: RuleTable = {
  endpoints: {
    create: validateEndpoints,
    update(faults, endpoints: Endpoints, before: Endpoints) {
      if (!equalJson(endpoints.subsets ?? [], before.subsets ?? [])) {
        validateEndpoints(faults, endpoints)
      }
    },
  },
  'endpointslices.discovery.k8s.io': {
    create: (faults, slice: EndpointSlice) => validateSlice(faults, slice),
    update(faults, slice: EndpointSlice, before: EndpointSlice) {
      validateSlice(faults, slice, before.endpoints ?? [])
      refuseChange(faults, 'addressType', { before: before.addressType, after: slice.addressType })
    },
  },
}
