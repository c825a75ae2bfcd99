/**
 * LimitRanges and ResourceQuotas. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateLimitRange, ValidateResourceQuota and its update
 */
import { equalJson } from '#api/json.ts'
import { qualifiedNameFaults } from '#api/names.ts'
import { canonicalQuantity, compareQuantities, parseQuantity } from '#api/quantity.ts'
import type {
  LimitRange,
  LimitRangeItem,
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  IMMUTABLE,
  required,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import {
  isOvercommitAllowed,
  isQuotaResource,
  validateAmount,
  validateContainerResourceName,
  validateQuotaResourceName,
  validateResourceName,
  ownOf,
} from '#api/validation/quantities.ts'

type Amounts = Readonly<Record<string, string>>

const LIMIT_TYPES: readonly string[] = ['Pod', 'Container', 'PersistentVolumeClaim']

export function validateLimitRange(faults: Faults, { spec }: LimitRange): void {
  const seen = new Set<string>()
  for (const [index, limit] of (spec?.limits ?? []).entries()) {
    const place = `spec.limits[${index}]`
    validateLimitType(faults, `${place}.type`, limit.type)
    if (seen.has(limit.type)) faults.push(duplicate(`${place}.type`, limit.type))
    seen.add(limit.type)
    validateLimit(faults, place, limit)
  }
}

function validateLimitType(faults: Faults, field: string, type: string): void {
  const format = qualifiedNameFaults(type)
  wrongFormat(faults, field, type, format)
  if (format.length === 0 && !type.includes('/') && !LIMIT_TYPES.includes(type)) {
    faults.push(wrong(field, type, 'must be a standard limit type or fully qualified'))
  }
}

const DEFAULTS = ['default', 'defaultRequest'] as const

function validateLimit(faults: Faults, place: string, limit: LimitRangeItem): void {
  const isPod = limit.type === 'Pod'
  validateNames(faults, place, limit, 'max')
  validateNames(faults, place, limit, 'min')
  for (const part of DEFAULTS) {
    if (!isPod) validateNames(faults, place, limit, part)
    else if (Object.keys(limit[part] ?? {}).length > 0) {
      faults.push(forbidden(`${place}.${part}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  const isBounded = limit.min?.['storage'] !== undefined || limit.max?.['storage'] !== undefined
  if (limit.type === 'PersistentVolumeClaim' && !isBounded) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided'
    faults.push(required(`${place}.limits`, detail))
  }
  validateNames(faults, place, limit, 'maxLimitRequestRatio')
  const { default: _default, defaultRequest: _defaultRequest, ...rest } = limit
  const counted = isPod ? rest : limit
  for (const name of resourcesOf(counted)) validateOrder(faults, place, counted, name)
}

type Part = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'

function validateNames(faults: Faults, place: string, limit: LimitRangeItem, part: Part): void {
  const isOfContainers = limit.type === 'Pod' || limit.type === 'Container'
  const validate = isOfContainers ? validateContainerResourceName : validateResourceName
  for (const name of Object.keys(limit[part] ?? {})) {
    validate(faults, `${place}.${part}[${name}]`, name)
  }
}

const resourcesOf = (limit: LimitRangeItem): ReadonlySet<string> =>
  new Set(
    [limit.max, limit.min, limit.default, limit.defaultRequest, limit.maxLimitRequestRatio].flatMap(
      amounts => Object.keys(amounts ?? {}),
    ),
  )

/** What must not be above what, in upstream's order. `shown` is the amount that the fault quotes. */
const ORDERS = [
  { low: 'min', high: 'max', at: 'min', shown: 'min' },
  { low: 'min', high: 'defaultRequest', at: 'defaultRequest', shown: 'defaultRequest' },
  { low: 'defaultRequest', high: 'max', at: 'defaultRequest', shown: 'defaultRequest' },
  { low: 'defaultRequest', high: 'default', at: 'defaultRequest', shown: 'defaultRequest' },
  { low: 'min', high: 'default', at: 'default', shown: 'min' },
  { low: 'default', high: 'max', at: 'default', shown: 'max' },
] as const

const WORDS: Readonly<Record<string, string>> = {
  defaultRequest: 'default request',
  min: 'min',
  max: 'max',
}

/** `default` is a limit only where a request stands beside it. */
const wordOf = (part: string, other: string): string =>
  part === 'default'
    ? other === 'defaultRequest'
      ? 'default limit'
      : 'default'
    : (WORDS[part] ?? part)

function validateOrder(faults: Faults, place: string, limit: LimitRangeItem, name: string): void {
  for (const { low, high, at, shown } of ORDERS) {
    const less = ownOf(limit[low], name)
    const more = ownOf(limit[high], name)
    if (less === undefined || more === undefined || compareQuantities(less, more) <= 0) continue
    const detail = `${wordOf(low, high)} value ${less} is greater than ${wordOf(high, low)} value ${more}`
    faults.push(wrong(`${place}.${at}[${name}]`, ownOf(limit[shown], name), detail))
  }
  validateRatio(faults, place, limit, name)
  const byDefault = ownOf(limit.default, name)
  const request = ownOf(limit.defaultRequest, name)
  if (isOvercommitAllowed(name) || byDefault === undefined || request === undefined) return
  if (compareQuantities(byDefault, request) === 0) return
  const detail = `default value ${byDefault} must equal to defaultRequest value ${request} in ${name}`
  faults.push(wrong(`${place}.defaultRequest[${name}]`, request, detail))
}

const ONE = 1_000_000_000n

function validateRatio(faults: Faults, place: string, limit: LimitRangeItem, name: string): void {
  const ratio = ownOf(limit.maxLimitRequestRatio, name)
  if (ratio === undefined) return
  const field = `${place}.maxLimitRequestRatio[${name}]`
  const { nanos } = parseQuantity(ratio)
  if (nanos < ONE) {
    faults.push(wrong(field, ratio, `ratio ${canonicalQuantity(ratio)} is less than 1`))
  }
  const [least, most] = [ownOf(limit.min, name), ownOf(limit.max, name)]
  if (least === undefined || most === undefined) return
  const highest = Number(parseQuantity(most).nanos) / Number(parseQuantity(least).nanos)
  if (Number(nanos) / Number(ONE) <= highest) return
  const detail = `ratio ${canonicalQuantity(ratio)} is greater than max/min = ${highest.toFixed(6)}`
  faults.push(wrong(field, ratio, detail))
}

export function validateResourceQuota(faults: Faults, { spec = {} }: ResourceQuota): void {
  validateAmounts(faults, 'spec.hard', spec.hard)
  validateScopes(faults, spec)
  const { matchExpressions = [] } = spec.scopeSelector ?? {}
  for (const requirement of matchExpressions) validateRequirement(faults, spec, requirement)
  refuseConflicts(
    faults,
    spec,
    matchExpressions.map(({ scopeName }) => scopeName),
  )
}

function validateAmounts(faults: Faults, field: string, amounts: Amounts | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    validateQuotaResourceName(faults, `${field}[${name}]`, name)
    validateAmount(faults, `${field}[${name}]`, name, amount)
  }
}

const PODS: readonly string[] = ['pods']
const COMPUTE: readonly string[] = [
  ...PODS,
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]

/** What a scope can count. */
const SCOPES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    Terminating: COMPUTE,
    NotTerminating: COMPUTE,
    BestEffort: PODS,
    NotBestEffort: COMPUTE,
    PriorityClass: COMPUTE,
    CrossNamespacePodAffinity: COMPUTE,
    VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
  }),
)

const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

/** Resources of the quota that a scope has nothing to say about, sorted. */
const outOfScope = (spec: ResourceQuotaSpec, scope: string): readonly string[] =>
  Object.keys(spec.hard ?? {})
    .toSorted()
    .filter(name => isQuotaResource(name) && SCOPES.get(scope)?.includes(name) === false)

function validateScopes(faults: Faults, spec: ResourceQuotaSpec): void {
  const { scopes = [] } = spec
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) faults.push(wrong('spec.scopes', scopes, 'unsupported scope'))
    for (const _name of outOfScope(spec, scope)) {
      faults.push(wrong('spec.scopes', scopes, 'unsupported scope applied to resource'))
    }
  }
  refuseConflicts(faults, spec, scopes)
}

function refuseConflicts(faults: Faults, spec: ResourceQuotaSpec, scopes: readonly string[]): void {
  for (const pair of EXCLUSIVE) {
    if (!pair.every(scope => scopes.includes(scope))) continue
    faults.push(wrong('spec.scopes', spec.scopes, 'conflicting scopes'))
  }
}

const EXISTS_ONLY =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

/** Scopes with values, by which several quotas can differ. */
const VALUED: readonly string[] = ['PriorityClass', 'VolumeAttributesClass']

function validateRequirement(
  faults: Faults,
  spec: ResourceQuotaSpec,
  requirement: ScopedResourceSelectorRequirement,
): void {
  const field = 'spec.scopeSelector.matchExpressions'
  const { scopeName, operator, values = [] } = requirement
  if (!SCOPES.has(scopeName)) {
    faults.push(wrong(`${field}.scopeName`, scopeName, 'unsupported scope'))
  }
  for (const _name of outOfScope(spec, scopeName)) {
    faults.push(wrong(field, spec.scopeSelector, 'unsupported scope applied to resource'))
  }
  if (SCOPES.has(scopeName) && !VALUED.includes(scopeName) && operator !== 'Exists') {
    faults.push(wrong(`${field}.operator`, operator, EXISTS_ONLY))
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return
    const detail =
      "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    faults.push(required(`${field}.values`, detail))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return
    const detail =
      "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    faults.push(wrong(`${field}.values`, values, detail))
  } else faults.push(wrong(`${field}.operator`, operator, 'not a valid selector operator'))
}

export function validateResourceQuotaUpdate(
  faults: Faults,
  quota: ResourceQuota,
  before: ResourceQuota,
): void {
  validateResourceQuota(faults, quota)
  const sorted = (scopes: readonly string[] = []): readonly string[] => [...new Set(scopes)].sort()
  const { scopes } = quota.spec ?? {}
  if (!equalJson(sorted(scopes), sorted(before.spec?.scopes))) {
    faults.push(wrong('spec.scopes', scopes, IMMUTABLE))
  }
}

export function validateResourceQuotaStatus(faults: Faults, { status = {} }: ResourceQuota): void {
  validateAmounts(faults, 'status.hard', status.hard)
  validateAmounts(faults, 'status.used', status.used)
}
