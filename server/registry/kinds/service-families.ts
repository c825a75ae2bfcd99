/**
 * IP families of a Service on a cluster of one family: what is filled in, and what is refused. Pure.
 *
 * Throws  StatusError(Invalid) in upstream's words.
 * Source: kubernetes pkg/registry/core/service/storage/alloc.go initIPFamilyFields
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { type FieldError, type StatusError, invalid } from '#api/status.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

export type Spec = Readonly<Record<string, unknown>>
export type Port = Readonly<Record<string, unknown>>

/** What this cluster has addresses of. */
const FAMILY = 'IPv4'
export const HEADLESS = 'None'
const WITH_ADDRESS = new Set(['ClusterIP', 'NodePort', 'LoadBalancer'])

export const specOf = (service: AnyObject | undefined): Spec => recordOf(service?.['spec'])
export const portsOf = (spec: Spec): readonly Port[] => listOf(spec['ports']).filter(isRecord)
export const typeOf = (spec: Spec): string => textOf(spec['type']) || 'ClusterIP'
export const hasAddressType = (spec: Spec): boolean => WITH_ADDRESS.has(typeOf(spec))

export const clusterIPsOf = (spec: Spec): readonly string[] => {
  const all = listOf(spec['clusterIPs']).map(textOf)
  const first = textOf(spec['clusterIP'])
  return all.length > 0 || first === '' ? all : [first]
}

const familiesOf = (spec: Spec): readonly string[] => listOf(spec['ipFamilies']).map(textOf)
const familyOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4')
const policyOf = (spec: Spec): string => textOf(spec['ipFamilyPolicy'])

export const refused = (service: AnyObject, faults: readonly FieldError[]): StatusError =>
  invalid({ group: '', kind: 'Service', name: service.metadata.name ?? '' }, faults)

export const wrongValue = (field: string, shown: unknown, why: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(shown)}: ${why}`,
})

/** The spec with families, policy and addresses that fit each other; not for the type ExternalName. */
export function withFamilies(service: AnyObject, old: AnyObject | undefined): Spec {
  const spec = specOf(service)
  if (old !== undefined && staysAsItIs(spec, specOf(old))) return spec
  const policy = policyOf(spec) || policyOf(specOf(old)) || defaultPolicy(spec)
  const chosen = { ...spec, ipFamilyPolicy: policy }
  const released = old === undefined ? chosen : withoutSecond(chosen, specOf(old))
  const faults = [
    ...(old === undefined ? [] : keptSecond(released, specOf(old))),
    ...tooMany(released),
    ...unknownAddresses(released),
  ]
  if (faults.length > 0) throw refused(service, faults)
  const inferred = clusterIPsOf(released).filter(ip => ip !== HEADLESS)
  const given = familiesOf(released)
  const families = [...given, ...inferred.slice(given.length).map(familyOf)]
  if (isFree(spec)) return { ...released, ipFamilies: freeFamilies(families, policy) }
  const lacking = unservedFamilies(families, policy)
  if (lacking.length > 0) throw refused(service, lacking)
  return { ...released, ipFamilies: families.length > 0 ? families : [FAMILY] }
}

/** A cluster that gets or loses a family changes no Service that prefers both, until somebody asks. */
const staysAsItIs = (spec: Spec, before: Spec): boolean =>
  policyOf(spec) === 'PreferDualStack' &&
  (policyOf(before) || policyOf(spec)) === 'PreferDualStack' &&
  typeOf(spec) === typeOf(before) &&
  hasAddressType(spec) &&
  equalJson(clusterIPsOf(spec), clusterIPsOf(before)) &&
  equalJson(familiesOf(spec), familiesOf(before))

/** Without addresses of its own and without a selector, a Service is free to say anything. */
const isFree = (spec: Spec): boolean =>
  clusterIPsOf(spec)[0] === HEADLESS && Object.keys(recordOf(spec['selector'])).length === 0

const defaultPolicy = (spec: Spec): string => (isFree(spec) ? 'RequireDualStack' : 'SingleStack')

/** Who fills the endpoints by hand may fill in both families, on any cluster. */
function freeFamilies(families: readonly string[], policy: string): readonly string[] {
  const [first = FAMILY, ...others] = families
  if (policy === 'SingleStack' || others.length > 0) return [first, ...others]
  return [first, first === 'IPv4' ? 'IPv6' : 'IPv4']
}

/** Asking for one stack alone is enough to give the second up. */
function withoutSecond(spec: Spec, before: Spec): Spec {
  if (policyOf(spec) !== 'SingleStack') return spec
  const ips = clusterIPsOf(spec)
  const families = familiesOf(spec)
  const isSame = (left: readonly string[], right: readonly string[]): boolean =>
    left.length > 1 && equalJson(left, right)
  return {
    ...spec,
    ...(isSame(ips, clusterIPsOf(before)) ? { clusterIPs: ips.slice(0, 1) } : {}),
    ...(isSame(families, familiesOf(before)) ? { ipFamilies: families.slice(0, 1) } : {}),
  }
}

const POLICY = 'spec.ipFamilyPolicy'

function keptSecond(spec: Spec, before: Spec): readonly FieldError[] {
  if (policyOf(spec) === 'SingleStack') return []
  const isReduced = (after: readonly string[], old: readonly string[]): boolean =>
    after.length > 0 && after.length < old.length
  const fault = (what: string): FieldError =>
    wrongValue(POLICY, policyOf(spec), `must be 'SingleStack' to release the secondary ${what}`)
  return [
    ...(isReduced(clusterIPsOf(spec), clusterIPsOf(before)) ? [fault('cluster IP')] : []),
    ...(isReduced(familiesOf(spec), familiesOf(before)) ? [fault('IP family')] : []),
  ]
}

function tooMany(spec: Spec): readonly FieldError[] {
  if (policyOf(spec) !== 'SingleStack') return []
  const fault = (what: string): FieldError =>
    wrongValue(
      POLICY,
      'SingleStack',
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    )
  return [
    ...(clusterIPsOf(spec).length === 2 ? [fault('cluster IPs')] : []),
    ...(familiesOf(spec).length === 2 ? [fault('IP families')] : []),
  ]
}

/** Addresses without a family beside them; with one, that family is judged. */
function unknownAddresses(spec: Spec): readonly FieldError[] {
  const ips = clusterIPsOf(spec)
  if (ips[0] === HEADLESS) return []
  const given = familiesOf(spec).length
  return ips.flatMap((ip, index) => {
    if (index < given || familyOf(ip) === FAMILY) return []
    const why = `${familyOf(ip)} is not configured on this cluster`
    return [wrongValue(`spec.clusterIPs[${index}]`, ips, why)]
  })
}

function unservedFamilies(families: readonly string[], policy: string): readonly FieldError[] {
  const single = 'this cluster is not configured for dual-stack services'
  return [
    ...(policy === 'RequireDualStack' ? [wrongValue(POLICY, policy, single)] : []),
    ...families.flatMap((family, index) =>
      family === FAMILY
        ? []
        : [wrongValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')],
    ),
  ]
}
