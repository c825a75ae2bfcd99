/**
 * The addresses of a Service and their families: what fits together, and what may change. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields,
 * validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies;
 * pkg/registry/core/service/storage/storage.go normalizeClusterIPs
 */
import { isIpv6, looseIpFaults } from '#api/addresses.ts'
import { equalJson } from '#api/json.ts'
import type { Service, ServiceSpec } from '#api/types/core-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

const FAMILIES: readonly string[] = ['IPv4', 'IPv6']
const POLICIES: readonly string[] = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const UNCHANGED = 'may not change once set'

export const isHeadless = ({ clusterIPs = [] }: ServiceSpec): boolean =>
  clusterIPs.length === 1 && clusterIPs[0] === 'None'

/** Clients that know only `clusterIP` state and change that alone. */
function withAllAddresses(spec: ServiceSpec, old?: ServiceSpec): ServiceSpec {
  const { clusterIP = '', clusterIPs = [] } = spec
  if (old === undefined) {
    return clusterIP !== '' && clusterIPs.length === 0 ? { ...spec, clusterIPs: [clusterIP] } : spec
  }
  const { clusterIP: before = '', clusterIPs: all = [] } = old
  if (clusterIP === before) {
    return clusterIPs.length === 0 && all.length > 0 ? { ...spec, clusterIPs: all } : spec
  }
  if (clusterIPs.length > 0 && !equalJson(clusterIPs, all)) return spec
  return { ...spec, clusterIPs: clusterIP === '' ? [] : [clusterIP] }
}

/** `known` are addresses there were, which need not keep newer rules. */
export function validateFamilies(
  faults: Faults,
  spec: ServiceSpec,
  known: readonly string[] = [],
): void {
  if (spec.type === 'ExternalName') return
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec
  const field = 'spec.clusterIPs'
  if (clusterIP === '') {
    if (clusterIPs.length > 0) {
      faults.push(wrong(field, clusterIPs, 'must be empty when `clusterIP` is not specified'))
    }
  } else if (clusterIPs.length === 0) faults.push(required(field))
  else if (clusterIPs[0] !== clusterIP) {
    faults.push(wrong(field, clusterIPs, 'first value must match `clusterIP`'))
  }
  for (const [index, family] of ipFamilies.entries()) {
    const place = `spec.ipFamilies[${index}]`
    if (!FAMILIES.includes(family)) faults.push(unsupported(place, family, FAMILIES))
    if (ipFamilies.indexOf(family) < index) faults.push(duplicate(place, family))
  }
  allowOneOf(faults, 'spec.ipFamilyPolicy', spec.ipFamilyPolicy, POLICIES)
  validateAddresses(faults, field, spec, known)
}

function validateAddresses(
  faults: Faults,
  field: string,
  spec: ServiceSpec,
  known: readonly string[],
): void {
  const { clusterIPs = [] } = spec
  const before = faults.length
  for (const [index, ip] of clusterIPs.entries()) {
    if (index === 0 && ip === 'None') {
      if (clusterIPs.length === 1) continue
      faults.push(wrong(field, clusterIPs, "'None' must be the first and only value"))
    } else if (!known.includes(ip)) {
      wrongFormat(faults, `${field}[${index}]`, ip, looseIpFaults(ip))
    }
  }
  const isWrong = faults.length > before
  if (clusterIPs.length > 2) {
    faults.push(wrong(field, clusterIPs, 'may only hold up to 2 values'))
  }
  if (isWrong) return
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(isIpv6)).size < 2) {
    faults.push(wrong(field, clusterIPs, 'may specify no more than one IP for each IP family'))
  }
  if (!isHeadless(spec)) matchFamilies(faults, field, spec)
}

function matchFamilies(
  faults: Faults,
  field: string,
  { clusterIPs = [], ipFamilies = [] }: ServiceSpec,
): void {
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index]
    if (family === undefined || (family === 'IPv6') === isIpv6(ip)) continue
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    faults.push(wrong(`${field}[${index}]`, ip, detail))
  }
}

const hasAddresses = ({ type }: ServiceSpec): boolean => type !== 'ExternalName'

/** The first address stays; the second one comes and goes. */
export function refuseAddressChange(faults: Faults, spec: ServiceSpec, old: ServiceSpec): void {
  if (!hasAddresses(spec) || !hasAddresses(old)) return
  if (isHeadless(spec) && isHeadless(old)) return
  const { clusterIPs: now = [] } = spec
  const { clusterIPs: before = [] } = old
  const refuse = (index: number, detail: string): void => {
    faults.push(wrong(`spec.clusterIPs[${index}]`, now, detail))
  }
  if (now.length === before.length) {
    for (const [index, ip] of before.entries()) if (ip !== now[index]) refuse(index, UNCHANGED)
    return
  }
  if (now.length === 0) refuse(0, 'primary clusterIP can not be unset')
  else if (before.length > 0 && now[0] !== before[0]) refuse(0, UNCHANGED)
  if (now.length === 1 && before.length > 1) requireSingleStack(faults, spec, 'clusterIP')
}

function requireSingleStack(
  faults: Faults,
  { ipFamilyPolicy }: ServiceSpec,
  what: 'clusterIP' | 'ipFamily',
): void {
  if (ipFamilyPolicy === 'SingleStack') return
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`
  faults.push(wrong('spec.ipFamilyPolicy', ipFamilyPolicy, detail))
}

export function refuseFamilyChange(faults: Faults, spec: ServiceSpec, old: ServiceSpec): void {
  if (!hasAddresses(spec) || !hasAddresses(old)) return
  if (isHeadless(spec) || isHeadless(old)) return
  const { ipFamilies: now = [], clusterIPs = [] } = spec
  const { ipFamilies: before = [] } = old
  const refuse = (shown: readonly string[], detail: string): void => {
    faults.push(wrong('spec.ipFamilies[0]', shown, detail))
  }
  if (now.length === before.length) {
    for (const [index, family] of before.entries()) {
      if (family !== now[index]) refuse(now, UNCHANGED)
    }
    return
  }
  const isReleased = before.length > now.length
  if (isReleased && clusterIPs.length === 0) refuse(now, 'primary ipFamily can not be unset')
  // Upstream shows the addresses here.
  if (now.length > 0 && before.length > 0 && now[0] !== before[0]) refuse(clusterIPs, UNCHANGED)
  if (isReleased && now.length === 1) requireSingleStack(faults, spec, 'ipFamily')
}

/** The spec of a new Service, or of a changed one over what there was. */
export const settledSpec = ({ spec = {} }: Service, before?: Service): ServiceSpec =>
  withAllAddresses(spec, before === undefined ? undefined : settledSpec(before))
