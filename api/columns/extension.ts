/**
 * Rows of the kinds that extend or steer the API server itself, and of device resources. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go, k8s.io/apiextensions-apiserver
 * pkg/registry/customresourcedefinition, k8s.io/kube-aggregator pkg/registry/apiservice/etcd/etcd.go
 */
import {
  AGE,
  ageOf,
  integer,
  NAME,
  NONE,
  nameOf,
  type Printer,
  text,
} from '#api/columns/printer.ts'
import { humanAge } from '#api/duration.ts'
import type { KubeObject } from '#api/object.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '#api/types/admissionregistration-v1.ts'
import type { APIService } from '#api/types/apiregistration-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#api/types/flowcontrol-v1.ts'
import type { LabelSelector } from '#api/types/meta-v1.ts'
import type { DeviceTaintRule, ResourceClaim, ResourceSlice } from '#api/types/resource-v1.ts'
import type { StorageVersionMigration } from '#api/types/storagemigration-v1beta1.ts'

const plainPrinter: Printer = {
  columns: [NAME, AGE],
  cells: (object: KubeObject, now: number) => [nameOf(object), ageOf(object, now)],
}

function availability({ status }: APIService): string {
  const condition = status?.conditions?.find(one => one.type === 'Available')
  if (condition === undefined) return 'Unknown'
  const { status: value, reason = '' } = condition
  return value === 'True' || reason === '' ? value : `${value} (${reason})`
}

const apiServicePrinter: Printer = {
  columns: [
    NAME,
    text('Service', 'The Service that answers for the group and version.'),
    text('Available', 'Whether it can be asked.'),
    AGE,
  ],
  cells(object: APIService, now: number) {
    const { namespace = '', name = '' } = object.spec?.service ?? {}
    const service = object.spec?.service === undefined ? 'Local' : `${namespace}/${name}`
    return [nameOf(object), service, availability(object), ageOf(object, now)]
  },
}

const flowSchemaPrinter: Printer = {
  columns: [
    NAME,
    text('PriorityLevel', 'The priority level of its requests.'),
    text('MatchingPrecedence', 'The lowest that matches a request wins.'),
    text('DistinguisherMethod', 'What makes one flow different from another.'),
    AGE,
    text('MissingPL', 'Whether its priority level does not exist.'),
  ],
  cells(schema: FlowSchema, now: number) {
    const { priorityLevelConfiguration, matchingPrecedence = 0 } = schema.spec ?? {}
    const dangling = schema.status?.conditions?.find(one => one.type === 'Dangling')
    return [
      nameOf(schema),
      priorityLevelConfiguration?.name ?? '',
      matchingPrecedence,
      schema.spec?.distinguisherMethod?.type ?? NONE,
      ageOf(schema, now),
      dangling?.status ?? '?',
    ]
  },
}

const priorityLevelPrinter: Printer = {
  columns: [
    NAME,
    text('Type', 'Limited or Exempt.'),
    text('NominalConcurrencyShares', 'Its share of the requests served at once.'),
    text('Queues', 'How many queues it has.'),
    text('HandSize', 'How many queues one flow may use.'),
    text('QueueLengthLimit', 'How many requests wait in one queue.'),
    AGE,
  ],
  cells(level: PriorityLevelConfiguration, now: number) {
    const limited = level.spec?.limited
    const queuing = limited?.limitResponse?.queuing
    return [
      nameOf(level),
      level.spec?.type ?? '',
      limited?.nominalConcurrencyShares ?? NONE,
      queuing?.queues ?? NONE,
      queuing?.handSize ?? NONE,
      queuing?.queueLengthLimit ?? NONE,
      ageOf(level, now),
    ]
  },
}

/** Of both kinds of webhooks. */
const webhookPrinter: Printer = {
  columns: [NAME, integer('Webhooks', 'How many webhooks it has.'), AGE],
  cells(object: ValidatingWebhookConfiguration, now: number) {
    return [nameOf(object), object.webhooks?.length ?? 0, ageOf(object, now)]
  },
}

const UNSET = '<unset>'

const PARAM_KIND = text('ParamKind', 'The kind of object that parametrizes it.')

const paramKindOf = (kind: ParamKind | undefined): string =>
  kind === undefined ? UNSET : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`

const validatingPolicyPrinter: Printer = {
  columns: [NAME, integer('Validations', 'How many expressions are checked.'), PARAM_KIND, AGE],
  cells(policy: ValidatingAdmissionPolicy, now: number) {
    const { validations = [], paramKind } = policy.spec ?? {}
    return [nameOf(policy), validations.length, paramKindOf(paramKind), ageOf(policy, now)]
  },
}

const mutatingPolicyPrinter: Printer = {
  columns: [NAME, integer('Mutations', 'How many changes are made.'), PARAM_KIND, AGE],
  cells(policy: MutatingAdmissionPolicy, now: number) {
    const { mutations = [], paramKind } = policy.spec ?? {}
    return [nameOf(policy), mutations.length, paramKindOf(paramKind), ageOf(policy, now)]
  },
}

/** A name without namespace may be of any: nobody knows here whether the kind has namespaces. */
function paramRefOf(reference: ParamRef | undefined): string {
  const { name = '', namespace = '', selector } = reference ?? {}
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`
  return selector === undefined ? UNSET : printedSelector(selector)
}

/** As Go prints the whole of it. */
function printedSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels).toSorted()
  const pairs = labels.map(key => `${key}: ${matchLabels[key]},`)
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${pairs.join('')}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`
}

/** Of both kinds of policy bindings. */
const policyBindingPrinter: Printer = {
  columns: [
    NAME,
    text('PolicyName', 'The policy that is bound.'),
    text('ParamRef', 'The object that parametrizes it.'),
    AGE,
  ],
  cells(binding: MutatingAdmissionPolicyBinding, now: number) {
    const { policyName = '', paramRef } = binding.spec ?? {}
    return [nameOf(binding), policyName, paramRefOf(paramRef), ageOf(binding, now)]
  },
}

function claimState({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const isReserved = (status?.reservedFor ?? []).length > 0
  return [
    ...(isDeleted ? ['deleted'] : []),
    ...(status?.allocation === undefined
      ? isDeleted
        ? []
        : ['pending']
      : ['allocated', ...(isReserved ? ['reserved'] : [])]),
  ].join(',')
}

const resourceClaimPrinter: Printer = {
  columns: [NAME, text('State', 'Pending, allocated, reserved or deleted.'), AGE],
  cells: (claim: ResourceClaim, now: number) => [
    nameOf(claim),
    claimState(claim),
    ageOf(claim, now),
  ],
}

const resourceSlicePrinter: Printer = {
  columns: [
    NAME,
    text('Node', 'The node whose devices these are.'),
    text('Driver', 'The driver that offers them.'),
    text('Pool', 'The pool they belong to.'),
    AGE,
  ],
  cells(slice: ResourceSlice, now: number) {
    const { driver, nodeName, pool } = slice.spec
    return [nameOf(slice), nodeName ?? '', driver, pool.name, ageOf(slice, now)]
  },
}

const taintRulePrinter: Printer = {
  columns: [
    NAME,
    text('Key', 'The key of its taint.'),
    text('Value', 'The value of its taint.'),
    text('Effect', 'What the taint does to pods that do not tolerate it.'),
    text('TimeAdded', 'Time since the taint was added.'),
    AGE,
  ],
  cells(rule: DeviceTaintRule, now: number) {
    const { key, value = '', effect, timeAdded } = rule.spec.taint
    const added = timeAdded === undefined ? '' : humanAge(timeAdded, now)
    return [nameOf(rule), key, value, effect, added, ageOf(rule, now)]
  },
}

const migrationPrinter: Printer = {
  columns: [
    text('Name', 'The name of the object.'),
    text('Resource', 'The resource whose objects are written anew.'),
    text('Status', 'The last of its states that is true.'),
  ],
  cells(migration: StorageVersionMigration) {
    const { group, resource } = migration.spec?.resource ?? { group: '', resource: '' }
    const state = (migration.status?.conditions ?? []).findLast(
      ({ type, status }) => status === 'True' && MIGRATION_STATES.has(type),
    )
    const name = group === '' ? resource : `${resource}.${group}`
    return [nameOf(migration), name, state?.type ?? 'Unknown']
  },
}

const MIGRATION_STATES = new Set(['Running', 'Failed', 'Succeeded'])

export const EXTENSION_PRINTERS: Readonly<Record<string, Printer>> = {
  'apiservices.apiregistration.k8s.io': apiServicePrinter,
  'flowschemas.flowcontrol.apiserver.k8s.io': flowSchemaPrinter,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': priorityLevelPrinter,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhookPrinter,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhookPrinter,
  'validatingadmissionpolicies.admissionregistration.k8s.io': validatingPolicyPrinter,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindingPrinter,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': mutatingPolicyPrinter,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindingPrinter,
  'deviceclasses.resource.k8s.io': plainPrinter,
  'resourceclaims.resource.k8s.io': resourceClaimPrinter,
  'resourceclaimtemplates.resource.k8s.io': plainPrinter,
  'resourceslices.resource.k8s.io': resourceSlicePrinter,
  'devicetaintrules.resource.k8s.io': taintRulePrinter,
  'storageversionmigrations.storagemigration.k8s.io': migrationPrinter,
}
