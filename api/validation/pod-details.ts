/**
 * What a pod says beside its containers and volumes: name resolution, gates, claims, its system. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec and what it calls
 */
import { looseIpFaults } from '#api/addresses.ts'
import {
  byteLength,
  labelFaults,
  qualifiedNameFaults,
  searchFaults,
  subdomainFaults,
} from '#api/names.ts'
import type { HostAlias, PodDNSConfig, PodResourceClaim, PodSpec } from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  required,
  requireFormat,
  tooLong,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { printed } from '#api/validation/printed.ts'

const NAMESERVERS_MAX = 3
const SEARCHES_MAX = 32
const SEARCH_LIST_MAX = 2048

export function validateDnsConfig(faults: Faults, field: string, config: PodDNSConfig): void {
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > NAMESERVERS_MAX) {
    const detail = `must not have more than ${NAMESERVERS_MAX} nameservers`
    faults.push(wrong(`${field}.nameservers`, nameservers, detail))
  }
  for (const [index, address] of nameservers.entries()) {
    wrongFormat(faults, `${field}.nameservers[${index}]`, address, looseIpFaults(address))
  }
  if (searches.length > SEARCHES_MAX) {
    const detail = `must not have more than ${SEARCHES_MAX} search paths`
    faults.push(wrong(`${field}.searches`, searches, detail))
  }
  if (searches.join(' ').length > SEARCH_LIST_MAX) {
    const detail = `must not have more than ${SEARCH_LIST_MAX} characters (including spaces) in the search list`
    faults.push(wrong(`${field}.searches`, searches, detail))
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue
    const name = search.replace(/\.$/, '')
    wrongFormat(faults, `${field}.searches[${index}]`, name, searchFaults(name))
  }
  for (const [index, { name = '' }] of options.entries()) {
    if (name === '') faults.push(required(`${field}.options[${index}]`, 'must not be empty'))
  }
}

export function validateGateNames(faults: Faults, field: string, spec: PodSpec): void {
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    const place = `${field}.readinessGates[${index}].conditionType`
    wrongFormat(faults, place, conditionType, qualifiedNameFaults(conditionType))
  }
  validateSchedulingGates(faults, `${field}.schedulingGates`, spec)
}

export function validateAliases(
  faults: Faults,
  field: string,
  aliases: readonly HostAlias[],
): void {
  for (const [index, alias] of aliases.entries()) validateAlias(faults, `${field}[${index}]`, alias)
}

const HOSTNAME_MAX = 64

/** A hostname that does not come from the pod's own names. */
export function validateHostname(faults: Faults, field: string, spec: PodSpec): void {
  const { hostnameOverride: name } = spec
  if (name === undefined) return
  const place = `${field}.hostnameOverride`
  for (const flag of ['setHostnameAsFQDN', 'hostNetwork'] as const) {
    if (spec[flag] !== true) continue
    faults.push(forbidden(place, `may not be specified when ${flag} is true`))
  }
  if (byteLength(name) > HOSTNAME_MAX) faults.push(tooLong(place, HOSTNAME_MAX))
  wrongFormat(faults, place, name, subdomainFaults(name))
}

function validateAlias(faults: Faults, place: string, { ip, hostnames = [] }: HostAlias): void {
  wrongFormat(faults, `${place}.ip`, ip, looseIpFaults(ip))
  for (const [index, name] of hostnames.entries()) {
    wrongFormat(faults, `${place}.hostnames[${index}]`, name, subdomainFaults(name))
  }
}

function validateSchedulingGates(faults: Faults, field: string, spec: PodSpec): void {
  const names = new Set<string>()
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    wrongFormat(faults, `${field}[${index}]`, name, qualifiedNameFaults(name))
    if (names.has(name)) faults.push(duplicate(`${field}[${index}]`, name))
    names.add(name)
  }
}

export function validateClaims(
  faults: Faults,
  field: string,
  claims: readonly PodResourceClaim[],
): void {
  const names = new Set<string>()
  for (const [index, claim] of claims.entries()) {
    const place = `${field}[${index}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    else requireFormat(faults, `${place}.name`, name, labelFaults)
    if (name !== '') names.add(name)
    const refuse = (detail: string): void =>
      void faults.push(wrong(place, printed('PodResourceClaim', claim), detail))
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      refuse('at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified')
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      refuse('must specify one of: `resourceClaimName`, `resourceClaimTemplateName`')
    }
    for (const [part, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
      if (value !== undefined)
        wrongFormat(faults, `${place}.${part}`, value, subdomainFaults(value))
    }
  }
}
