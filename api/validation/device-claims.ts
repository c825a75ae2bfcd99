/**
 * DeviceClasses, ResourceClaims and their templates: what is asked for. Pure.
 * Expressions are looked at no further than their length.
 * Source: kubernetes pkg/apis/resource/validation/validation.go
 */
import { qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import { validateTemplateMetadata } from '#api/validation/claims.ts'
import type {
  DeviceClaim,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimTemplate,
} from '#api/types/resource-v1.ts'
import {
  eachOf,
  eachOfSet,
  validateFullyQualified,
  validateOpaque,
  validateSelectors,
  validateShortName,
  validateTolerations,
} from '#api/validation/device-format.ts'
import {
  type Faults,
  refuseChange,
  required,
  requireFormat,
  unsupported,
  wrong,
} from '#api/validation/fault.ts'

const REQUESTS_MAX = 32
const CONSTRAINTS_MAX = 32
export const CONFIG_MAX = 32
const ALTERNATIVES_MAX = 8

/** Names of subrequests, by the name of their request. */
export type RequestNames = ReadonlyMap<string, readonly string[]>

export const requestNamesOf = ({ requests = [] }: DeviceClaim): RequestNames =>
  new Map(
    requests.map(({ name, firstAvailable = [] }) => [name, firstAvailable.map(sub => sub.name)]),
  )

export function validateResourceClaim(faults: Faults, claim: ResourceClaim): void {
  validateClaim(faults, 'spec.devices', claim.spec.devices ?? {})
}

export function validateResourceClaimUpdate(
  faults: Faults,
  claim: ResourceClaim,
  before: ResourceClaim,
): void {
  refuseChange(faults, 'spec', { before: before.spec, after: claim.spec })
}

export function validateClaimTemplate(faults: Faults, { spec }: ResourceClaimTemplate): void {
  validateTemplateMetadata(faults, 'spec.metadata', spec.metadata)
  validateClaim(faults, 'spec.spec.devices', spec.spec.devices ?? {})
}

export function validateClaimTemplateUpdate(
  faults: Faults,
  template: ResourceClaimTemplate,
  before: ResourceClaimTemplate,
): void {
  validateClaimTemplate(faults, template)
  refuseChange(faults, 'spec', { before: before.spec, after: template.spec })
}

function validateClaim(faults: Faults, field: string, claim: DeviceClaim): void {
  const { requests = [], constraints = [], config = [] } = claim
  const names = requestNamesOf(claim)
  const all = { field: `${field}.requests`, items: requests, most: REQUESTS_MAX, key: nameOf }
  eachOfSet(faults, all, (request, place) => validateRequest(faults, place, request))
  const limits = { field: `${field}.constraints`, items: constraints, most: CONSTRAINTS_MAX }
  eachOf(faults, limits, (constraint, place) => {
    validateConstraint(faults, place, { constraint, names })
  })
  const configs = { field: `${field}.config`, items: config, most: CONFIG_MAX }
  eachOf(faults, configs, (one, place) => {
    validateReferences(faults, `${place}.requests`, { references: one.requests ?? [], names })
    validateOpaque(faults, `${place}.opaque`, one.opaque)
  })
}

const nameOf = ({ name }: { readonly name: string }): string => name

function validateRequest(faults: Faults, field: string, request: DeviceRequest): void {
  const { name, exactly, firstAvailable = [] } = request
  validateShortName(faults, `${field}.name`, name)
  const detail = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly === undefined) {
    if (firstAvailable.length === 0) faults.push(required(field, detail))
    const place = `${field}.firstAvailable`
    const list = { field: place, items: firstAvailable, most: ALTERNATIVES_MAX, key: nameOf }
    eachOfSet(faults, list, (sub, at) => {
      validateShortName(faults, `${at}.name`, sub.name)
      validateDemand(faults, at, sub)
    })
  } else if (firstAvailable.length > 0) {
    faults.push(wrong(field, null, `${detail}, but multiple fields are set`))
  } else validateDemand(faults, `${field}.exactly`, exactly)
}

function validateDemand(
  faults: Faults,
  field: string,
  demand: ExactDeviceRequest | DeviceSubRequest,
): void {
  const { deviceClassName, selectors = [], allocationMode: mode = '', count = 0 } = demand
  requireFormat(faults, `${field}.deviceClassName`, deviceClassName, subdomainFaults)
  validateSelectors(faults, `${field}.selectors`, selectors)
  if (mode === 'All') {
    if (count !== 0) {
      const detail = "must not be specified when allocationMode is 'All'"
      faults.push(wrong(`${field}.count`, count, detail))
    }
  } else if (mode === 'ExactCount') {
    if (count <= 0) faults.push(wrong(`${field}.count`, count, 'must be greater than zero'))
  } else faults.push(unsupported(`${field}.allocationMode`, mode, ['All', 'ExactCount']))
  validateTolerations(faults, `${field}.tolerations`, demand.tolerations ?? [])
}

interface Constrained {
  readonly constraint: DeviceConstraint
  readonly names: RequestNames
}

function validateConstraint(faults: Faults, field: string, of: Constrained): void {
  const { requests = [], matchAttribute: match, distinctAttribute: distinct } = of.constraint
  validateReferences(faults, `${field}.requests`, { references: requests, names: of.names })
  if (match !== undefined) validateFullyQualified(faults, `${field}.matchAttribute`, match)
  else if (distinct === undefined) {
    const detail =
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    faults.push(required(field, detail))
  } else validateFullyQualified(faults, `${field}.distinctAttribute`, distinct)
}

interface References {
  readonly references: readonly string[]
  readonly names: RequestNames
}

/** Requests of the claim by name: `request` or `request/subrequest`. */
export function validateReferences(faults: Faults, field: string, of: References): void {
  const { references, names } = of
  const list = { field, items: references, most: REQUESTS_MAX, key: (name: string) => name }
  eachOfSet(faults, list, (name, place) => validateReference(faults, place, { name, names }))
}

export function validateReference(
  faults: Faults,
  field: string,
  { name, names }: { readonly name: string; readonly names: RequestNames },
): void {
  const [request = '', sub, ...more] = name.split('/')
  const unknown = wrong(
    field,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  )
  if (more.length > 0) {
    faults.push(unknown)
    return
  }
  validateShortName(faults, field, request)
  if (sub !== undefined) validateShortName(faults, field, sub)
  const subs = names.get(request)
  if (subs === undefined || (sub !== undefined && !subs.includes(sub))) faults.push(unknown)
}

export function validateDeviceClass(faults: Faults, { spec }: DeviceClass): void {
  const { selectors = [], config = [], extendedResourceName: extended } = spec
  validateSelectors(faults, 'spec.selectors', selectors)
  eachOf(faults, { field: 'spec.config', items: config, most: CONFIG_MAX }, (one, place) =>
    validateOpaque(faults, `${place}.opaque`, one.opaque),
  )
  if (extended !== undefined && !isExtendedResource(extended)) {
    const detail = 'must be a valid extended resource name'
    faults.push(wrong('spec.extendedResourceName', extended, detail))
  }
}

/** `example.com/gpu`: not of Kubernetes, and short enough to bear the prefix of a quota. */
const isExtendedResource = (name: string): boolean =>
  name.includes('/') &&
  !name.includes('kubernetes.io/') &&
  !name.startsWith('requests.') &&
  qualifiedNameFaults(`requests.${name}`).length === 0
