/**
 * Access reviews: what is asked about, and for whom. Pure.
 * Source: kubernetes pkg/apis/authorization/validation/validation.go
 */
import type { KubeObject } from '#api/object.ts'
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '#api/types/authorization-v1.ts'
import { type Faults, Printed, required, wrong } from '#api/validation/fault.ts'
import { validateOperator, validateRequirementNames } from '#api/validation/label-selector.ts'

/** What the server itself puts into metadata, or nothing means anything there. */
const IGNORED = new Set(['managedFields'])

function refuseMetadata(
  faults: Faults,
  { metadata }: KubeObject,
  { but, detail }: { readonly but: string; readonly detail: string },
): void {
  const said = Object.entries(metadata).filter(
    ([name, value]) => !IGNORED.has(name) && name !== but && (value ?? '') !== '',
  )
  if (said.length > 0) faults.push(wrong('metadata', metadata, detail))
}

/** As Go has it in memory. */
const pathInMemory = ({ path = '', verb = '' }: NonResourceAttributes): Printed =>
  new Printed({ Path: path, Verb: verb })

function validateAsked(faults: Faults, spec: SelfSubjectAccessReviewSpec): void {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  if (resource !== undefined && path !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes'
    faults.push(wrong('spec.nonResourceAttributes', pathInMemory(path), detail))
  }
  if (resource === undefined && path === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    faults.push(wrong('spec.resourceAttributes', null, detail))
  }
  if (resource !== undefined) validateSelectors(faults, resource)
}

function validateSelectors(faults: Faults, resource: ResourceAttributes): void {
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resource[name]
    if (selector === undefined) continue
    const field = `spec.resourceAttributes.${name}`
    const { rawSelector: raw = '', requirements = [] } = selector
    if (raw !== '' && requirements.length > 0) {
      const detail = 'may not specified at the same time as requirements'
      faults.push(wrong(`${field}.rawSelector`, raw, detail))
    }
    if (raw === '' && requirements.length === 0) {
      const detail = `when ${field} is specified, requirements or rawSelector is required`
      faults.push(required(`${field}.requirements`, detail))
    }
    for (const [index, requirement] of requirements.entries()) {
      REQUIREMENTS[name](faults, `${field}.requirements[${index}]`, requirement)
    }
  }
}

interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

/** Operators that are not known here may be known to who asks. */
const REQUIREMENTS = {
  fieldSelector(faults: Faults, field: string, requirement: Requirement): void {
    if (requirement.key === '') faults.push(required(`${field}.key`, 'must be specified'))
    validateOperator(faults, field, requirement)
  },
  labelSelector(faults: Faults, field: string, requirement: Requirement): void {
    validateOperator(faults, field, requirement)
    validateRequirementNames(faults, field, requirement)
  },
} as const

function validateSubject(
  faults: Faults,
  { user = '', groups = [] }: SubjectAccessReviewSpec,
): void {
  if (user !== '' || groups.length > 0) return
  faults.push(wrong('spec.user', user, 'at least one of user or group must be specified'))
}

export function validateSelfReview(faults: Faults, review: SelfSubjectAccessReview): void {
  validateAsked(faults, review.spec)
  refuseMetadata(faults, review, { but: '', detail: 'must be empty' })
}

export function validateSubjectReview(faults: Faults, review: SubjectAccessReview): void {
  validateAsked(faults, review.spec)
  validateSubject(faults, review.spec)
  refuseMetadata(faults, review, { but: '', detail: 'must be empty' })
}

export function validateLocalReview(faults: Faults, review: LocalSubjectAccessReview): void {
  const { resourceAttributes: resource, nonResourceAttributes: path } = review.spec
  validateAsked(faults, review.spec)
  validateSubject(faults, review.spec)
  refuseMetadata(faults, review, { but: 'namespace', detail: 'must be empty except for namespace' })
  const asked = resource?.namespace ?? ''
  if (resource !== undefined && asked !== (review.metadata.namespace ?? '')) {
    const field = 'spec.resourceAttributes.namespace'
    faults.push(wrong(field, asked, 'must match metadata.namespace'))
  }
  if (path !== undefined) {
    const detail = 'disallowed on this kind of request'
    faults.push(wrong('spec.nonResourceAttributes', pathInMemory(path), detail))
  }
}
