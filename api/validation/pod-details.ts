/**
 * What a pod says beside its containers and volumes: name resolution, gates, claims, its system. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec and what it calls
 */
import { ipFaults } from '#api/addresses.ts'
import { labelFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type { HostAlias, PodDNSConfig, PodResourceClaim, PodSpec } from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  required,
  requireFormat,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateOs } from '#api/validation/pod-systems.ts'
import { validateAmount, validateContainerResourceName } from '#api/validation/quantities.ts'

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
    wrongFormat(faults, `${field}.nameservers[${index}]`, address, ipFaults(address))
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
    // Underscores are good in search paths, though in no other name.
    const format = subdomainFaults(name.replaceAll('_', 'a'))
    wrongFormat(faults, `${field}.searches[${index}]`, name, format)
  }
  for (const [index, { name = '' }] of options.entries()) {
    if (name === '') faults.push(required(`${field}.options[${index}]`, 'must not be empty'))
  }
}

export function validateDetails(faults: Faults, field: string, spec: PodSpec): void {
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    validateAlias(faults, `${field}.hostAliases[${index}]`, alias)
  }
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    const place = `${field}.readinessGates[${index}].conditionType`
    wrongFormat(faults, place, conditionType, qualifiedNameFaults(conditionType))
  }
  validateSchedulingGates(faults, `${field}.schedulingGates`, spec)
  validateClaims(faults, `${field}.resourceClaims`, spec.resourceClaims ?? [])
  const { runtimeClassName, overhead = {} } = spec
  if (runtimeClassName !== undefined) {
    const format = subdomainFaults(runtimeClassName)
    wrongFormat(faults, `${field}.runtimeClassName`, runtimeClassName, format)
  }
  for (const [name, amount] of Object.entries(overhead)) {
    const place = `${field}.overhead.limits[${name}]`
    validateContainerResourceName(faults, place, name)
    validateAmount(faults, place, name, amount)
  }
  validateOs(faults, field, spec)
}

function validateAlias(faults: Faults, place: string, { ip, hostnames = [] }: HostAlias): void {
  wrongFormat(faults, `${place}.ip`, ip, ipFaults(ip))
  for (const [index, name] of hostnames.entries()) {
    wrongFormat(faults, `${place}.hostnames[${index}]`, name, subdomainFaults(name))
  }
}

function validateSchedulingGates(faults: Faults, field: string, spec: PodSpec): void {
  const names = new Set<string>()
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    wrongFormat(faults, `${field}[${index}]`, name, qualifiedNameFaults(name))
    if (names.has(name)) faults.push(duplicate(`${field}[${index}].name`, name))
    names.add(name)
  }
}

function validateClaims(faults: Faults, field: string, claims: readonly PodResourceClaim[]): void {
  const names = new Set<string>()
  for (const [index, claim] of claims.entries()) {
    const place = `${field}[${index}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    requireFormat(faults, `${place}.name`, name, labelFaults)
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    names.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail =
        'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      faults.push(wrong(place, claim, detail))
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      faults.push(wrong(place, claim, detail))
    }
    for (const [part, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
      if (value !== undefined)
        wrongFormat(faults, `${place}.${part}`, value, subdomainFaults(value))
    }
  }
}
