/**
 * FlowSchemas and PriorityLevelConfigurations. Pure.
 * Source: kubernetes pkg/apis/flowcontrol/validation/validation.go
 */
import { MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS } from '#api/flow-control.ts'
import { equalJson } from '#api/json.ts'
import { labelFaults, subdomainFaults } from '#api/names.ts'
import type {
  FlowSchema,
  FlowSchemaSpec,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
  ResourcePolicyRule,
  Subject,
} from '#api/types/flowcontrol-v1.ts'
import {
  duplicate,
  type Faults,
  Printed,
  forbidden,
  required,
  unsupported,
  wrong,
  wrongFormat,
  refuseCrowd,
} from '#api/validation/fault.ts'
import type { RuleTable } from '#api/validation/rules.ts'

const PRECEDENCE_MAX = 10_000
const QUEUES_MAX = 10_000_000
/** A hash of this many bits deals the hands of queues. */
const HASH_BITS = 60
const PERCENT = 'must be between 0 and 100, inclusive'

const VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
]

function validateFlowSchema(faults: Faults, schema: FlowSchema): void {
  const { name = '' } = schema.metadata
  const spec = schema.spec ?? { priorityLevelConfiguration: { name: '' } }
  validateSchemaSpec(faults, name, spec)
  const fixed = MANDATORY_FLOW_SCHEMAS.find(one => one.metadata.name === name)
  if (fixed !== undefined && !equalJson(spec, fixed.spec)) {
    faults.push(wrong('spec', spec, `spec of '${name}' must equal the fixed value`))
  }
  validateConditions(faults, schema.status?.conditions ?? [])
}

function validateSchemaSpec(faults: Faults, name: string, spec: FlowSchemaSpec): void {
  const { matchingPrecedence: precedence = 0, distinguisherMethod } = spec
  const field = 'spec.matchingPrecedence'
  if (precedence <= 0) faults.push(wrong(field, precedence, 'must be a positive value'))
  if (precedence > PRECEDENCE_MAX) {
    faults.push(wrong(field, precedence, `must not be greater than ${PRECEDENCE_MAX}`))
  }
  if (precedence === 1 && name !== 'exempt') {
    const detail = "only the schema named 'exempt' may have matchingPrecedence 1"
    faults.push(wrong(field, precedence, detail))
  }
  const methods = ['ByNamespace', 'ByUser']
  if (distinguisherMethod !== undefined && !methods.includes(distinguisherMethod.type)) {
    const shown = new Printed({ Type: distinguisherMethod.type })
    faults.push(unsupported('spec.distinguisherMethod.type', shown, methods))
  }
  const level = spec.priorityLevelConfiguration.name
  const levelField = 'spec.priorityLevelConfiguration.name'
  if (level === '') faults.push(required(levelField, 'must reference a priority level'))
  else wrongFormat(faults, levelField, level, subdomainFaults(level))
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    validateRule(faults, `spec.rules[${index}]`, rule)
  }
}

function validateRule(faults: Faults, field: string, rule: PolicyRulesWithSubjects): void {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule
  if (subjects.length === 0) {
    faults.push(required(`${field}.subjects`, 'subjects must contain at least one value'))
  }
  for (const [index, subject] of subjects.entries()) {
    validateSubject(faults, `${field}.subjects[${index}]`, subject)
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    const detail = 'at least one of resourceRules and nonResourceRules has to be non-empty'
    faults.push(required(field, detail))
  }
  for (const [index, one] of resourceRules.entries()) {
    validateResourceRule(faults, `${field}.resourceRules[${index}]`, one)
  }
  for (const [index, one] of nonResourceRules.entries()) {
    validateNonResourceRule(faults, `${field}.nonResourceRules[${index}]`, one)
  }
}

/** Kinds of subjects, by the field that describes each; in the order in which the wrong ones are refused. */
const SUBJECTS = { serviceAccount: 'ServiceAccount', user: 'User', group: 'Group' } as const

function validateSubject(faults: Faults, field: string, subject: Subject): void {
  const own = Object.entries(SUBJECTS).find(([, kind]) => kind === subject.kind)
  if (own === undefined) {
    const kinds = Object.values(SUBJECTS).toSorted()
    faults.push(unsupported(`${field}.kind`, subject.kind, kinds))
    return
  }
  const [name, kind] = own
  const described = subject[name as keyof typeof SUBJECTS]
  const place = `${field}.${name}`
  if (described === undefined) {
    faults.push(required(place, `${name} is required when subject kind is '${kind}'`))
  } else if (subject.kind === 'ServiceAccount') validateAccount(faults, place, subject)
  else if (described.name === '') faults.push(required(`${place}.name`))
  const others = kind === 'User' ? (['serviceAccount', 'group'] as const) : otherThan(kind)
  for (const other of others) {
    if (subject[other] === undefined) continue
    const detail = `${other} is forbidden when subject kind is not '${SUBJECTS[other]}'`
    faults.push(forbidden(`${field}.${other}`, detail))
  }
}

const otherThan = (kind: string): readonly (keyof typeof SUBJECTS)[] =>
  kind === 'Group' ? ['serviceAccount', 'user'] : ['user', 'group']

function validateAccount(faults: Faults, field: string, { serviceAccount }: Subject): void {
  const { name = '', namespace = '' } = serviceAccount ?? {}
  if (name === '') faults.push(required(`${field}.name`))
  else if (name !== '*') wrongFormat(faults, `${field}.name`, name, subdomainFaults(name))
  if (namespace === '') {
    faults.push(required(`${field}.namespace`, 'must specify namespace for service account'))
  } else wrongFormat(faults, `${field}.namespace`, namespace, labelFaults(namespace))
}

function validateVerbs(faults: Faults, field: string, verbs: readonly string[]): void {
  if (verbs.length === 0) faults.push(required(field, 'verbs must contain at least one value'))
  else if (
    !refuseCrowd(faults, field, verbs, 'verbs') &&
    !verbs.every(verb => VERBS.includes(verb))
  ) {
    faults.push(unsupported(field, verbs, VERBS))
  }
}

function validateResourceRule(faults: Faults, field: string, rule: ResourcePolicyRule): void {
  const { apiGroups, resources, namespaces = [], clusterScope = false } = rule
  validateVerbs(faults, `${field}.verbs`, rule.verbs)
  if (apiGroups.length === 0) {
    const detail = 'resource rules must supply at least one api group'
    faults.push(required(`${field}.apiGroups`, detail))
  } else refuseCrowd(faults, `${field}.apiGroups`, apiGroups, 'api groups')
  if (resources.length === 0) {
    const detail = 'resource rules must supply at least one resource'
    faults.push(required(`${field}.resources`, detail))
  } else refuseCrowd(faults, `${field}.resources`, resources, 'resources')
  const place = `${field}.namespaces`
  if (namespaces.length === 0 && !clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace'
    faults.push(required(place, detail))
  } else if (!refuseCrowd(faults, place, namespaces, 'namespaces')) {
    for (const [index, namespace] of namespaces.entries()) {
      const format = labelFaults(namespace).map(
        fault => `each member of this list must be '*' or a DNS-1123 label; ${fault}`,
      )
      wrongFormat(faults, `${place}[${index}]`, namespace, format)
    }
  }
}

function validateNonResourceRule(faults: Faults, field: string, rule: NonResourcePolicyRule): void {
  const { nonResourceURLs: paths } = rule
  validateVerbs(faults, `${field}.verbs`, rule.verbs)
  const place = `${field}.nonResourceURLs`
  if (paths.length === 0) {
    faults.push(required(place, 'nonResourceURLs must contain at least one value'))
  } else if (!refuseCrowd(faults, place, paths, 'non-resource URLs')) {
    for (const [index, path] of paths.entries()) {
      const fault = pathFault(path)
      if (fault !== undefined) faults.push(wrong(`${place}[${index}]`, path, fault))
    }
  }
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  const stars = path.split('*').length - 1
  return stars > 1 || (stars === 1 && !path.endsWith('/*'))
    ? 'wildcard can only do suffix matching'
    : undefined
}

interface Condition {
  readonly type?: string
}

function validateConditions(faults: Faults, conditions: readonly Condition[]): void {
  const seen = new Set<string>()
  for (const [index, { type = '' }] of conditions.entries()) {
    const field = `status.conditions[${index}].type`
    if (seen.has(type)) faults.push(duplicate(field, type))
    seen.add(type)
    if (type === '') faults.push(required(field))
  }
}

function validatePriorityLevel(faults: Faults, level: PriorityLevelConfiguration): void {
  const { name = '' } = level.metadata
  const spec = level.spec ?? { type: '' }
  validateLevelSpec(faults, name, spec)
  refuseOtherSpec(faults, name, spec)
  validateConditions(faults, level.status?.conditions ?? [])
}

/** What an administrator may change of a mandatory level is `exempt` of the exempt one. */
function refuseOtherSpec(faults: Faults, name: string, spec: PriorityLevelConfigurationSpec): void {
  const fixed = MANDATORY_PRIORITY_LEVELS.find(one => one.metadata.name === name)?.spec
  if (fixed === undefined) return
  if (name === 'exempt') {
    const { exempt: _own, ...rest } = spec
    const { exempt: _fixed, ...wanted } = fixed
    if (equalJson(rest, wanted)) return
    const detail = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`
    faults.push(wrong('spec', spec, detail))
  } else if (!equalJson(spec, fixed)) {
    faults.push(wrong('spec', spec, `spec of '${name}' must equal the fixed value`))
  }
}

function validateLevelSpec(
  faults: Faults,
  name: string,
  spec: PriorityLevelConfigurationSpec,
): void {
  const { type, limited, exempt } = spec
  if ((name === 'exempt') !== (type === 'Exempt')) {
    faults.push(wrong('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited !== undefined) {
      faults.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
    }
    if (exempt !== undefined) {
      const { nominalConcurrencyShares: shares, lendablePercent: lendable } = exempt
      refuseNegativeShares(faults, 'spec.exempt', shares)
      refusePercent(faults, 'spec.exempt', lendable)
    }
  } else if (type === 'Limited') {
    if (exempt !== undefined) {
      faults.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
    }
    if (limited === undefined) {
      faults.push(required('spec.limited', 'must not be empty when type is Limited'))
    } else validateLimited(faults, 'spec.limited', limited)
  } else faults.push(unsupported('spec.type', type, ['Exempt', 'Limited']))
}

function refuseNegativeShares(faults: Faults, field: string, shares = 0): void {
  if (shares >= 0) return
  const place = `${field}.nominalConcurrencyShares`
  faults.push(wrong(place, shares, 'must be a non-negative integer'))
}

function refusePercent(faults: Faults, field: string, percent = 0): void {
  if (percent >= 0 && percent <= 100) return
  faults.push(wrong(`${field}.lendablePercent`, percent, PERCENT))
}

function validateLimited(
  faults: Faults,
  field: string,
  limited: LimitedPriorityLevelConfiguration,
): void {
  const { borrowingLimitPercent: borrowing } = limited
  refuseNegativeShares(faults, field, limited.nominalConcurrencyShares)
  validateResponse(faults, `${field}.limitResponse`, limited.limitResponse ?? { type: '' })
  refusePercent(faults, field, limited.lendablePercent)
  if (borrowing !== undefined && borrowing < 0) {
    const detail = 'if specified, must be a non-negative integer'
    faults.push(wrong(`${field}.borrowingLimitPercent`, borrowing, detail))
  }
}

function validateResponse(faults: Faults, field: string, response: LimitResponse): void {
  const { type, queuing } = response
  const place = `${field}.queuing`
  if (type === 'Reject') {
    if (queuing === undefined) return
    faults.push(forbidden(place, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type === 'Queue') {
    if (queuing === undefined) {
      const detail = 'must not be empty if limited.limitResponse.type is Limited'
      faults.push(required(place, detail))
    } else validateQueuing(faults, place, queuing)
  } else faults.push(unsupported(`${field}.type`, type, ['Queue', 'Reject']))
}

function validateQueuing(faults: Faults, field: string, queuing: QueuingConfiguration): void {
  const { queueLengthLimit: limit = 0, queues = 0, handSize = 0 } = queuing
  if (limit <= 0) faults.push(wrong(`${field}.queueLengthLimit`, limit, 'must be positive'))
  if (queues <= 0) faults.push(wrong(`${field}.queues`, queues, 'must be positive'))
  else if (queues > QUEUES_MAX) {
    faults.push(wrong(`${field}.queues`, queues, `must not be greater than ${QUEUES_MAX}`))
  }
  const place = `${field}.handSize`
  if (handSize <= 0) faults.push(wrong(place, handSize, 'must be positive'))
  else if (handSize > queues) {
    faults.push(wrong(place, handSize, `should not be greater than queues (${queues})`))
  } else if (Math.ceil(Math.log2(queues) * handSize) > HASH_BITS) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`
    faults.push(wrong(place, handSize, detail))
  }
}

const validateStatus = (faults: Faults, object: FlowSchema | PriorityLevelConfiguration): void =>
  validateConditions(faults, object.status?.conditions ?? [])

export const FLOW_CONTROL_RULES: RuleTable = {
  'flowschemas.flowcontrol.apiserver.k8s.io': {
    create: validateFlowSchema,
    status: validateStatus,
  },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    create: validatePriorityLevel,
    status: validateStatus,
  },
}
