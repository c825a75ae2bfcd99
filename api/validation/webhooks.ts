/**
 * Webhook configurations, and what admission policies share with them: rules, clients, conditions. Pure.
 * CEL expressions are only looked at for being there: nothing compiles them.
 * Source: kubernetes pkg/apis/admissionregistration/validation/validation.go, k8s.io/apiserver
 * pkg/util/webhook/validation.go
 */
import { equalJson } from '#api/json.ts'
import {
  label1035Faults,
  portNumberFaults,
  qualifiedNameFaults,
  subdomainFaults,
} from '#api/names.ts'
import type {
  MatchCondition,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ServiceReference,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '#api/types/admissionregistration-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  required,
  tooMany,
  unsupported,
  wrong,
  wrongFormat,
  refuseCrowd,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import { validateWebhookURL } from '#api/validation/webhook-urls.ts'

export const FAILURE_POLICIES: readonly string[] = ['Fail', 'Ignore']
export const MATCH_POLICIES: readonly string[] = ['Equivalent', 'Exact']
export const REINVOCATION_POLICIES: readonly string[] = ['IfNeeded', 'Never']
const OPERATIONS: readonly string[] = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES: readonly string[] = ['*', 'Cluster', 'Namespaced']
const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1']
const NO_SIDE_EFFECTS: readonly string[] = ['None', 'NoneOnDryRun']
const SIDE_EFFECTS: readonly string[] = ['None', 'NoneOnDryRun', 'Some', 'Unknown']
const MATCH_CONDITIONS_MAX = 64
const TIMEOUT_MAX_SECONDS = 30
const SEGMENTS_MIN = 3

/** Both kinds: a validating webhook is never asked again, which is all that sets them apart. */
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
type Webhook = Omit<MutatingWebhook, 'reinvocationPolicy'> &
  Pick<MutatingWebhook, 'reinvocationPolicy'>

/** What old objects may have kept from before a rule was there. */
interface Strictness {
  readonly sideEffects: readonly string[]
  readonly knownVersion: boolean
  readonly uniqueNames: boolean
  readonly conditions: boolean
}

const STRICT: Strictness = {
  sideEffects: NO_SIDE_EFFECTS,
  knownVersion: true,
  uniqueNames: true,
  conditions: true,
}

export const validateWebhooks = (faults: Faults, configuration: Configuration): void =>
  validateAll(faults, configuration.webhooks ?? [], STRICT)

export function validateWebhooksUpdate(
  faults: Faults,
  configuration: Configuration,
  before: Configuration,
): void {
  const old: readonly Webhook[] = before.webhooks ?? []
  const webhooks: readonly Webhook[] = configuration.webhooks ?? []
  const conditionsOf = (all: readonly Webhook[]): unknown =>
    all.map(({ matchConditions = [] }) => matchConditions)
  const isHarmless = old.every(({ sideEffects }) => NO_SIDE_EFFECTS.includes(sideEffects))
  validateAll(faults, webhooks, {
    sideEffects: isHarmless ? NO_SIDE_EFFECTS : SIDE_EFFECTS,
    knownVersion: old.every(
      ({ admissionReviewVersions: versions }) =>
        versions.length === 0 || versions.some(version => REVIEW_VERSIONS.includes(version)),
    ),
    uniqueNames: new Set(old.map(({ name }) => name)).size === old.length,
    conditions: !equalJson(conditionsOf(webhooks), conditionsOf(old)),
  })
}

function validateAll(faults: Faults, webhooks: readonly Webhook[], strictness: Strictness): void {
  const names = new Set<string>()
  for (const [index, webhook] of webhooks.entries()) {
    const place = `webhooks[${index}]`
    const { name } = webhook
    validateWebhook(faults, place, { webhook, strictness })
    validateReviewVersions(faults, `${place}.admissionReviewVersions`, {
      versions: webhook.admissionReviewVersions,
      isKnownRequired: strictness.knownVersion,
      known: REVIEW_VERSIONS,
    })
    if (strictness.uniqueNames && names.has(name)) faults.push(duplicate(`${place}.name`, name))
    if (name !== '') names.add(name)
  }
}

interface Judged {
  readonly webhook: Webhook
  readonly strictness: Strictness
}

function validateWebhook(faults: Faults, field: string, { webhook, strictness }: Judged): void {
  const { name, rules = [], sideEffects, timeoutSeconds: timeout } = webhook
  validateFullName(faults, `${field}.name`, name)
  for (const [index, rule] of rules.entries()) {
    validateRule(faults, `${field}.rules[${index}]`, rule)
  }
  allowOneOf(faults, `${field}.failurePolicy`, webhook.failurePolicy, FAILURE_POLICIES)
  allowOneOf(faults, `${field}.matchPolicy`, webhook.matchPolicy, MATCH_POLICIES)
  if (sideEffects === undefined) {
    const detail = `must specify one of ${strictness.sideEffects.join(', ')}`
    faults.push(required(`${field}.sideEffects`, detail))
  } else allowOneOf(faults, `${field}.sideEffects`, sideEffects, strictness.sideEffects)
  if (timeout !== undefined && (timeout > TIMEOUT_MAX_SECONDS || timeout < 1)) {
    const detail = `the timeout value must be between 1 and ${TIMEOUT_MAX_SECONDS} seconds`
    faults.push(wrong(`${field}.timeoutSeconds`, timeout, detail))
  }
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    const selector = webhook[name]
    if (selector !== undefined) validateLabelSelector(faults, `${field}.${name}`, selector)
  }
  const { reinvocationPolicy } = webhook
  allowOneOf(faults, `${field}.reinvocationPolicy`, reinvocationPolicy, REINVOCATION_POLICIES)
  validateClient(faults, `${field}.clientConfig`, webhook.clientConfig)
  if (strictness.conditions) {
    validateMatchConditions(faults, `${field}.matchConditions`, webhook.matchConditions ?? [])
  }
}

function validateFullName(faults: Faults, field: string, name: string): void {
  const format = subdomainFaults(name)
  if (name === '') faults.push(required(field))
  else if (format.length > 0) faults.push(wrong(field, name, format.join(',')))
  else if (name.split('.').length < SEGMENTS_MIN) {
    const detail = 'should be a domain with at least three segments separated by dots'
    faults.push(wrong(field, name, detail))
  }
}

interface ReviewVersions {
  readonly versions: readonly string[] | undefined
  readonly isKnownRequired: boolean
  /** Those that this server speaks. */
  readonly known: readonly string[]
}

/** Versions of reviews that a webhook understands, in its order of preference. */
export function validateReviewVersions(faults: Faults, field: string, of: ReviewVersions): void {
  const { versions = [], isKnownRequired, known } = of
  if (versions.length === 0) {
    faults.push(required(field, `must specify one of ${known.join(', ')}`))
    return
  }
  for (const [index, version] of versions.entries()) {
    const place = `${field}[${index}]`
    if (versions.indexOf(version) < index) faults.push(wrong(place, version, 'duplicate version'))
    else wrongFormat(faults, place, version, label1035Faults(version))
  }
  if (isKnownRequired && !versions.some(version => known.includes(version))) {
    faults.push(wrong(field, versions, `must include at least one of ${known.join(', ')}`))
  }
}

export function validateClient(faults: Faults, field: string, client: WebhookClientConfig): void {
  const { url, service } = client
  if ((url === undefined) === (service === undefined)) {
    faults.push(required(field, 'exactly one of url or service is required'))
  } else if (url !== undefined) validateWebhookURL(faults, `${field}.url`, url)
  else if (service !== undefined) validateService(faults, `${field}.service`, service)
}

function validateService(faults: Faults, field: string, service: ServiceReference): void {
  const { name, namespace, path = '', port = 0 } = service
  // Upstream hands these two over in the wrong order, so each is blamed for the other; clients know it so.
  if (namespace === '') faults.push(required(`${field}.name`))
  if (name === '') faults.push(required(`${field}.namespace`))
  const format = portNumberFaults(port)
  if (format.length > 0) {
    faults.push(wrong(`${field}.port`, port, `port is not valid: ${format.join(', ')}`))
  }
  if (path === '' || path === '/') return
  const place = `${field}.path`
  if (path === '//') {
    faults.push(wrong(place, path, 'segment[0] may not be empty'))
    return
  }
  if (!path.startsWith('/')) faults.push(wrong(place, path, "must start with a '/'"))
  const segments = path.slice(1).replace(/\/$/, '').split('/')
  for (const [index, segment] of segments.entries()) {
    const found = segment === '' ? ['may not be empty'] : subdomainFaults(segment)
    for (const fault of found) {
      const detail = `segment[${index}]${segment === '' ? ' ' : ': '}${fault}`
      faults.push(wrong(place, path, detail))
    }
  }
}

export function validateRule(faults: Faults, field: string, rule: RuleWithOperations): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  if (operations.length === 0) faults.push(required(`${field}.operations`))
  refuseCrowd(faults, `${field}.operations`, operations, 'operations')
  for (const [index, operation] of operations.entries()) {
    if (OPERATIONS.includes(operation)) continue
    faults.push(unsupported(`${field}.operations[${index}]`, operation, OPERATIONS))
  }
  if (apiGroups.length === 0) faults.push(required(`${field}.apiGroups`))
  refuseCrowd(faults, `${field}.apiGroups`, apiGroups, 'API groups')
  if (apiVersions.length === 0) faults.push(required(`${field}.apiVersions`))
  refuseCrowd(faults, `${field}.apiVersions`, apiVersions, 'API versions')
  for (const [index, version] of apiVersions.entries()) {
    if (version === '') faults.push(required(`${field}.apiVersions[${index}]`))
  }
  validateResources(faults, `${field}.resources`, resources)
  allowOneOf(faults, `${field}.scope`, scope, SCOPES)
}

/** `pods`, `pods/log`, `pods/*`, `*\/scale`, `*`, `*\/*`. */
function validateResources(faults: Faults, field: string, resources: readonly string[]): void {
  if (resources.length === 0) faults.push(required(field))
  const before = new Set<string>()
  let isLastPlain = false
  for (const [index, name] of resources.entries()) {
    const place = `${field}[${index}]`
    if (name === '') {
      faults.push(required(place))
      continue
    }
    const slash = name.indexOf('/')
    if (slash < 0) {
      isLastPlain = name !== '*'
      continue
    }
    for (const wider of [`${name.slice(0, slash)}/*`, `*${name.slice(slash)}`]) {
      if (before.has(wider)) {
        faults.push(wrong(place, name, `if '${wider}' is present, must not specify ${name}`))
      }
    }
    before.add(name)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    const detail = "if '*/*' is present, must not specify other resources"
    faults.push(wrong(field, resources, detail))
  }
  if (resources.includes('*') && isLastPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources"
    faults.push(wrong(field, resources, detail))
  }
}

export function validateMatchConditions(
  faults: Faults,
  field: string,
  conditions: readonly MatchCondition[],
): void {
  if (conditions.length > MATCH_CONDITIONS_MAX) {
    faults.push(tooMany(field, conditions.length, MATCH_CONDITIONS_MAX))
  }
  const names = new Set<string>()
  for (const [index, { name, expression }] of conditions.entries()) {
    const place = `${field}[${index}]`
    if (expression.trim() === '') faults.push(required(`${place}.expression`))
    if (name === '') faults.push(required(`${place}.name`))
    else wrongFormat(faults, `${place}.name`, name, qualifiedNameFaults(name))
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    if (name !== '') names.add(name)
  }
}
