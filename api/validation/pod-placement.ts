/**
 * Where a pod may run: tolerations, affinity, spread. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateTolerations, validateAffinity,
 * validateTopologySpreadConstraints
 */
import { labelFaults, labelValueFaults, qualifiedNameFaults, subdomainFaults } from '#api/names.ts'
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from '#api/types/core-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  required,
  requireKnown,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'

export const TAINT_EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTolerations(
  faults: Faults,
  field: string,
  tolerations: readonly Toleration[],
): void {
  for (const [index, toleration] of tolerations.entries()) {
    const place = `${field}[${index}]`
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration
    if (key !== '') wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    else if (operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      faults.push(wrong(`${place}.operator`, operator, detail))
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      faults.push(wrong(`${place}.effect`, effect, detail))
    }
    if (operator === 'Exists') {
      if (value !== '') {
        const detail = "value must be empty when `operator` is 'Exists'"
        faults.push(wrong(`${place}.operator`, value, detail))
      }
    } else if (operator === 'Equal' || operator === '') {
      const format = labelValueFaults(value)
      if (format.length > 0) faults.push(wrong(`${place}.operator`, value, format.join(';')))
    } else faults.push(unsupported(`${place}.operator`, operator, operatorsBeside(operator)))
    if (effect !== '') allowOneOf(faults, `${place}.effect`, effect, TAINT_EFFECTS)
  }
}

const OPERATORS: readonly string[] = ['Equal', 'Exists']
const COMPARISONS: readonly string[] = ['Lt', 'Gt']

/** Whoever compares is told that there are comparisons, though nobody may use them yet. */
const operatorsBeside = (operator: string): readonly string[] =>
  COMPARISONS.includes(operator) ? [...OPERATORS, ...COMPARISONS] : OPERATORS

export function validateAffinity(faults: Faults, field: string, affinity: Affinity): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  if (nodeAffinity !== undefined) {
    const hard = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    const place = `${field}.nodeAffinity`
    if (hard !== undefined) {
      const terms = `${place}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
      validateTerms(faults, terms, hard.nodeSelectorTerms)
    }
    const soft = nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []
    for (const [index, { weight, preference }] of soft.entries()) {
      const term = `${place}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
      validateWeight(faults, `${term}.weight`, weight)
      validateTerm(faults, `${term}.preference`, preference, { takesAnyValue: true })
    }
  }
  for (const [name, part] of Object.entries({ podAffinity, podAntiAffinity })) {
    const place = `${field}.${name}`
    for (const [index, term] of (
      part?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    ).entries()) {
      validatePodTerm(
        faults,
        `${place}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`,
        term,
      )
    }
    for (const [index, soft] of (
      part?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    ).entries()) {
      const term = `${place}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
      validateWeight(faults, `${term}.weight`, soft.weight)
      validatePodTerm(faults, `${term}.podAffinityTerm`, soft.podAffinityTerm)
    }
  }
}

function validateWeight(faults: Faults, field: string, weight: number): void {
  if (weight < 1 || weight > 100) faults.push(wrong(field, weight, 'must be in the range 1-100'))
}

function validatePodTerm(faults: Faults, field: string, term: PodAffinityTerm): void {
  if (term.labelSelector !== undefined) {
    validateLabelSelector(faults, `${field}.labelSelector`, term.labelSelector)
  }
  if (term.namespaceSelector !== undefined) {
    validateLabelSelector(faults, `${field}.namespaceSelector`, term.namespaceSelector)
  }
  for (const name of term.namespaces ?? []) {
    wrongFormat(faults, `${field}.namespace`, name, labelFaults(name))
  }
  const { topologyKey, matchLabelKeys, mismatchLabelKeys, labelSelector } = term
  validateLabelKeys(faults, field, { matchLabelKeys, mismatchLabelKeys, labelSelector })
  const place = `${field}.topologyKey`
  if (topologyKey === '') faults.push(required(place, 'can not be empty'))
  wrongFormat(faults, place, topologyKey, qualifiedNameFaults(topologyKey))
}

type LabelKeys = {
  readonly [Name in 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys']:
    | PodAffinityTerm[Name]
    | undefined
}

/** Keys whose values come from the pod's own labels; by now the selector holds what they became. */
function validateLabelKeys(
  faults: Faults,
  field: string,
  { matchLabelKeys: keys = [], mismatchLabelKeys: otherKeys = [], labelSelector }: LabelKeys,
): void {
  for (const [name, some] of Object.entries({
    matchLabelKeys: keys,
    mismatchLabelKeys: otherKeys,
  })) {
    const place = `${field}.${name}`
    if (some.length > 0 && labelSelector === undefined) {
      faults.push(forbidden(place, 'must not be specified when labelSelector is not set'))
      continue
    }
    for (const [index, key] of some.entries()) {
      wrongFormat(faults, `${place}[${index}]`, key, qualifiedNameFaults(key))
    }
  }
  const known = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    if (known.has(key) && keys.includes(key)) {
      const detail = 'exists in both matchLabelKeys and labelSelector'
      faults.push(wrong(`${field}[${keys.lastIndexOf(key)}]`, key, detail))
    }
    known.add(key)
  }
  for (const [index, key] of keys.entries()) {
    if (!otherKeys.includes(key)) continue
    const detail = 'exists in both matchLabelKeys and mismatchLabelKeys'
    faults.push(wrong(`${field}.matchLabelKeys[${index}]`, key, detail))
  }
}

export function validateTerms(
  faults: Faults,
  field: string,
  terms: readonly NodeSelectorTerm[],
): void {
  if (terms.length === 0) {
    faults.push(required(field, 'must have at least one node selector term'))
  }
  for (const [index, term] of terms.entries()) {
    validateTerm(faults, `${field}[${index}]`, term, { takesAnyValue: false })
  }
}

/** What is only preferred may name values that no label can have. */
function validateTerm(
  faults: Faults,
  field: string,
  term: NodeSelectorTerm,
  { takesAnyValue }: { readonly takesAnyValue: boolean },
): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    const place = `${field}.matchExpressions[${index}]`
    const { key, values = [] } = requirement
    validateRequirement(faults, place, requirement)
    wrongFormat(faults, `${place}.key`, key, qualifiedNameFaults(key))
    if (takesAnyValue) continue
    for (const [at, value] of values.entries()) {
      wrongFormat(faults, `${place}.values[${at}]`, value, labelValueFaults(value))
    }
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries()) {
    validateFieldRequirement(faults, `${field}.matchFields[${index}]`, requirement)
  }
}

function validateFieldRequirement(
  faults: Faults,
  place: string,
  { key, operator, values = [] }: NodeSelectorRequirement,
): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    faults.push(wrong(`${place}.operator`, operator, 'not a valid selector operator'))
  } else if (values.length !== 1) {
    const detail =
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    faults.push(required(`${place}.values`, detail))
  }
  if (key !== 'metadata.name') {
    faults.push(wrong(`${place}.key`, key, 'not a valid field selector key'))
    return
  }
  for (const [at, value] of values.entries()) {
    wrongFormat(faults, `${place}.values[${at}]`, value, subdomainFaults(value))
  }
}

function validateRequirement(
  faults: Faults,
  field: string,
  { operator, values = [] }: NodeSelectorRequirement,
): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const detail = "must be specified when `operator` is 'In' or 'NotIn'"
        faults.push(required(`${field}.values`, detail))
      }
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        faults.push(forbidden(`${field}.values`, detail))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        faults.push(required(`${field}.values`, detail))
      }
      break
    default:
      faults.push(wrong(`${field}.operator`, operator, 'not a valid selector operator'))
  }
}

export function validateSpread(
  faults: Faults,
  field: string,
  constraints: NonNullable<PodSpec['topologySpreadConstraints']>,
): void {
  const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string =>
    `{${topologyKey}, ${whenUnsatisfiable}}`
  const last = new Map(constraints.map((constraint, index) => [pairOf(constraint), index]))
  for (const [index, constraint] of constraints.entries()) {
    const place = `${field}[${index}]`
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = constraint
    if (maxSkew <= 0) faults.push(wrong(`${place}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (topologyKey === '') faults.push(required(`${place}.topologyKey`, 'can not be empty'))
    requireKnown(faults, `${place}.whenUnsatisfiable`, whenUnsatisfiable, [
      'DoNotSchedule',
      'ScheduleAnyway',
    ])
    const pair = pairOf(constraint)
    if (last.get(pair) !== index) {
      faults.push(duplicate(`${place}.{topologyKey, whenUnsatisfiable}`, pair))
    }
    validateMinDomains(faults, `${place}.minDomains`, constraint)
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      allowOneOf(faults, `${place}.${name}`, constraint[name], ['Honor', 'Ignore'])
    }
    const { matchLabelKeys } = constraint
    validateLabelKeys(faults, place, { matchLabelKeys, mismatchLabelKeys: [], labelSelector })
    if (labelSelector !== undefined) {
      validateLabelSelector(faults, `${place}.labelSelector`, labelSelector)
    }
  }
}

function validateMinDomains(
  faults: Faults,
  field: string,
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
): void {
  if (minDomains === undefined) return
  if (minDomains <= 0) faults.push(wrong(field, minDomains, 'must be greater than zero'))
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
    faults.push(wrong(field, minDomains, detail))
  }
}
