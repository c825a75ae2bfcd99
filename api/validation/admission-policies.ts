/**
 * Admission policies and their bindings. Pure. CEL expressions are only looked at for being there: nothing
 * compiles them, so one that is wrong in itself is found by whoever evaluates it.
 * Source: kubernetes pkg/apis/admissionregistration/validation/validation.go
 */
import {
  byteLength,
  label1035Faults,
  pathSegmentFaults,
  qualifiedNameFaults,
  subdomainFaults,
} from '#api/names.ts'
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '#api/types/admissionregistration-v1.ts'
import { validateConditions } from '#api/validation/conditions.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  required,
  requireOneOf,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import {
  FAILURE_POLICIES,
  MATCH_POLICIES,
  REINVOCATION_POLICIES,
  validateMatchConditions,
  validateRule,
} from '#api/validation/webhooks.ts'

const ANNOTATIONS_MAX = 20
const ANNOTATION_EXPRESSION_MAX = 5 * 1024
const REASONS: readonly string[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const ACTIONS: readonly string[] = ['Audit', 'Deny', 'Warn']

interface PolicySpec {
  readonly failurePolicy?: string
  readonly paramKind?: ParamKind
  readonly matchConstraints?: MatchResources
  readonly matchConditions?: NonNullable<ValidatingAdmissionPolicy['spec']>['matchConditions']
  readonly variables?: readonly Variable[]
}

/** As `requireOneOf`, of a pointer: an empty text is there, and unknown. */
function requirePointed(
  faults: Faults,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value === undefined) faults.push(required(field))
  else allowOneOf(faults, field, value, supported)
}

/** What policies of both kinds say about what they are asked for. */
function validateScope(
  faults: Faults,
  spec: PolicySpec,
  refuseMore: (faults: Faults, field: string, match: MatchResources) => void = () => {},
): void {
  requirePointed(faults, 'spec.failurePolicy', spec.failurePolicy, FAILURE_POLICIES)
  if (spec.paramKind !== undefined) validateParamKind(faults, 'spec.paramKind', spec.paramKind)
  const field = 'spec.matchConstraints'
  if (spec.matchConstraints === undefined) faults.push(required(field))
  else {
    validateMatch(faults, field, spec.matchConstraints)
    const rules = spec.matchConstraints.resourceRules ?? []
    if (rules.length === 0) faults.push(required(`${field}.resourceRules`))
    refuseMore(faults, field, spec.matchConstraints)
  }
  validateMatchConditions(faults, 'spec.matchConditions', spec.matchConditions ?? [])
  for (const [index, variable] of (spec.variables ?? []).entries()) {
    validateVariable(faults, `spec.variables[${index}]`, variable)
  }
}

export function validateValidatingPolicy(faults: Faults, policy: ValidatingAdmissionPolicy): void {
  const spec = policy.spec ?? {}
  const { validations = [], auditAnnotations: annotations = [] } = spec
  validateScope(faults, spec)
  if (validations.length === 0 && annotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    faults.push(required('spec.validations', detail), required('spec.auditAnnotations', detail))
    return
  }
  for (const [index, validation] of validations.entries()) {
    validateValidation(faults, `spec.validations[${index}]`, validation)
  }
  validateAnnotations(faults, policy.metadata.name ?? '', annotations)
}

export function validateValidatingPolicyStatus(
  faults: Faults,
  { status }: ValidatingAdmissionPolicy,
): void {
  const warnings = status?.typeChecking?.expressionWarnings ?? []
  for (const [index, { fieldRef, warning }] of warnings.entries()) {
    const place = `status.typeChecking.expressionWarnings[${index}]`
    if (warning === '') faults.push(required(`${place}.warning`))
    if (fieldRef.trim() === '') faults.push(required(`${place}.fieldRef`))
  }
  validateConditions(faults, 'status.conditions', status?.conditions ?? [])
}

function validateValidation(faults: Faults, field: string, validation: Validation): void {
  const { expression, message = '', messageExpression = '', reason } = validation
  if (expression.trim() === '') {
    faults.push(required(`${field}.expression`, 'expression is not specified'))
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    const detail = 'must be non-empty if specified'
    faults.push(wrong(`${field}.messageExpression`, messageExpression, detail))
  }
  if (message !== '' && message.trim() === '') {
    faults.push(wrong(`${field}.message`, message, 'must be non-empty if specified'))
  } else if (/[\r\n]/.test(message.trim())) {
    faults.push(wrong(`${field}.message`, message, 'must not contain line breaks'))
  }
  allowOneOf(faults, `${field}.reason`, reason, REASONS)
}

function validateAnnotations(
  faults: Faults,
  policy: string,
  annotations: readonly { readonly key: string; readonly valueExpression: string }[],
): void {
  const field = 'spec.auditAnnotations'
  if (annotations.length > ANNOTATIONS_MAX) {
    const detail = `must not have more than ${ANNOTATIONS_MAX} auditAnnotations`
    faults.push(wrong(field, annotations, detail))
  }
  const keys = new Set<string>()
  for (const [index, { key, valueExpression: value }] of annotations.entries()) {
    const place = `${field}[${index}]`
    const full = `${policy}/${key}`
    if (policy === '') {
      faults.push(wrong(`${place}.key`, key, 'requires metadata.name be non-empty'))
    } else wrongFormat(faults, `${place}.key`, full, qualifiedNameFaults(full))
    if (value.trim() === '') {
      const detail = 'valueExpression is not specified'
      faults.push(required(`${place}.valueExpression`, detail))
    } else if (byteLength(value.trim()) > ANNOTATION_EXPRESSION_MAX) {
      const detail = `must not exceed ${ANNOTATION_EXPRESSION_MAX} bytes in length`
      faults.push(required(`${place}.valueExpression`, detail))
    }
    if (keys.has(key)) faults.push(duplicate(`${place}.key`, key))
    keys.add(key)
  }
}

function validateVariable(faults: Faults, field: string, { name, expression }: Variable): void {
  if (name.trim() === '') faults.push(required(`${field}.name`, 'name is not specified'))
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || RESERVED.has(name)) {
    faults.push(wrong(`${field}.name`, name, 'must be a valid CEL identifier'))
  }
  if (expression.trim() === '') {
    faults.push(required(`${field}.expression`, 'expression is not specified'))
  }
}

/** Words of the language that cannot be names. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

function validateParamKind(faults: Faults, field: string, param: ParamKind): void {
  const { apiVersion = '', kind = '' } = param
  const place = `${field}.apiVersion`
  const parts = apiVersion.split('/')
  const version = parts.at(-1) ?? ''
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  if (apiVersion === '') faults.push(required(place))
  else if (parts.length > 2) {
    faults.push(wrong(place, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  } else {
    const groupFormat = group === '' ? [] : subdomainFaults(group)
    if (groupFormat.length > 0) faults.push(wrong(place, group, groupFormat.join(',')))
    const format = version === '' ? [] : label1035Faults(version)
    if (version === '') faults.push(wrong(place, apiVersion, 'version must be specified'))
    if (format.length > 0) faults.push(wrong(place, version, format.join(',')))
  }
  const format = label1035Faults(kind.toLowerCase())
  if (kind === '') faults.push(required(`${field}.kind`))
  else if (format.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${format.join(',')}`
    faults.push(wrong(`${field}.kind`, kind, detail))
  }
}

function validateMatch(faults: Faults, field: string, match: MatchResources): void {
  requirePointed(faults, `${field}.matchPolicy`, match.matchPolicy, MATCH_POLICIES)
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    const selector = match[name]
    if (selector === undefined) faults.push(required(`${field}.${name}`))
    else validateLabelSelector(faults, `${field}.${name}`, selector)
  }
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [index, rule] of (match[name] ?? []).entries()) {
      const place = `${field}.${name}[${index}]`
      validateResourceNames(faults, `${place}.resourceNames`, rule.resourceNames ?? [])
      validateRule(faults, place, rule)
    }
  }
}

function validateResourceNames(faults: Faults, field: string, names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    wrongFormat(faults, `${field}[${index}]`, name, pathSegmentFaults(name))
    if (names.indexOf(name) < index) faults.push(duplicate(`${field}[${index}]`, name))
  }
}

export function validateMutatingPolicy(faults: Faults, policy: MutatingAdmissionPolicy): void {
  const spec = policy.spec ?? {}
  validateScope(faults, spec, refuseDeletions)
  const { mutations = [], reinvocationPolicy } = spec
  if (mutations.length === 0) {
    faults.push(required('spec.mutations', 'mutations must contain at least one item'))
  }
  for (const [index, mutation] of mutations.entries()) {
    validateMutation(faults, `spec.mutations[${index}]`, mutation)
  }
  const field = 'spec.reinvocationPolicy'
  requireOneOf(faults, field, reinvocationPolicy, REINVOCATION_POLICIES)
}

const MUTABLE: readonly string[] = ['*', 'CONNECT', 'CREATE', 'UPDATE']

/** What is deleted is not changed before. */
function refuseDeletions(
  faults: Faults,
  field: string,
  { resourceRules = [] }: MatchResources,
): void {
  const asked = resourceRules.flatMap(({ operations = [] }) => operations)
  for (const operation of asked.filter(name => !MUTABLE.includes(name))) {
    faults.push(unsupported(`${field}.resourceRules.operations`, operation, MUTABLE))
  }
}

/** What each type of patch is said in, and what the other one's field must not say. */
const PATCHES = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const

function validateMutation(faults: Faults, field: string, mutation: Mutation): void {
  const { patchType } = mutation
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    requireOneOf(faults, `${field}.patchType`, patchType, Object.keys(PATCHES))
    return
  }
  const own = PATCHES[patchType]
  const other = patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch'
  if (mutation[own] === undefined) {
    const detail = `must be specified when patchType is ${patchType}`
    faults.push(required(`${field}.${own}`, detail))
  } else if ((mutation[own].expression ?? '').trim() === '') {
    faults.push(required(`${field}.${own}.expression`))
  }
  if (mutation[other] !== undefined) {
    const detail = `must not be specified when patchType is ${patchType}`
    faults.push(wrong(`${field}.${other}`, `{${other}}`, detail))
  }
}

const EXCLUSIVE = 'name and selector are mutually exclusive'

function validateParamRef(faults: Faults, field: string, reference: ParamRef): void {
  const { name = '', selector, parameterNotFoundAction: action } = reference
  if (name !== '') {
    wrongFormat(faults, `${field}.name`, name, pathSegmentFaults(name))
    if (selector !== undefined) faults.push(forbidden(`${field}.name`, EXCLUSIVE))
  }
  if (selector !== undefined) {
    validateLabelSelector(faults, `${field}.selector`, selector)
    if (name !== '') faults.push(forbidden(`${field}.selector`, EXCLUSIVE))
  }
  if (name === '' && selector === undefined) {
    faults.push(required(field, 'one of name or selector must be specified'))
  }
  requireOneOf(faults, `${field}.parameterNotFoundAction`, action, ['Deny', 'Allow'])
}

type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding

function validateBound(faults: Faults, binding: Binding): void {
  const { policyName = '', paramRef, matchResources } = binding.spec ?? {}
  const field = 'spec.policyName'
  if (policyName === '') faults.push(required(field))
  else wrongFormat(faults, field, policyName, subdomainFaults(policyName))
  if (paramRef !== undefined) validateParamRef(faults, 'spec.paramRef', paramRef)
  if (matchResources !== undefined) {
    validateMatch(faults, 'spec.matchResources', matchResources)
  }
}

export function validateValidatingBinding(
  faults: Faults,
  binding: ValidatingAdmissionPolicyBinding,
): void {
  validateBound(faults, binding)
  const actions = binding.spec.validationActions ?? []
  const field = 'spec.validationActions'
  for (const [index, action] of actions.entries()) {
    const place = `${field}[${index}]`
    if (!ACTIONS.includes(action)) faults.push(unsupported(place, action, ACTIONS))
    if (actions.indexOf(action) < index) faults.push(duplicate(place, action))
  }
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    faults.push(wrong(field, actions, detail))
  }
  if (actions.length === 0) {
    faults.push(required(field, 'at least one validation action is required'))
  }
}

export function validateMutatingBinding(
  faults: Faults,
  binding: MutatingAdmissionPolicyBinding,
): void {
  validateBound(faults, binding)
  const { matchResources } = binding.spec ?? {}
  if (matchResources !== undefined) refuseDeletions(faults, 'spec.matchResources', matchResources)
}
