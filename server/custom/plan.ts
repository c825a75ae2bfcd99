/**
 * What a CustomResourceDefinition's status should be: which of its names are accepted among those of its group, whether
 * it is established, and how far its deletion has come. Pure; `now` is milliseconds since the epoch.
 *
 * Output  the definition as it should be written, or undefined when nothing changes
 * Source: k8s.io/apiextensions-apiserver pkg/controller/{status,establish,finalizer,nonstructuralschema,apiapproval}.
 * Differs: names and establishment are decided in one write, because there is one server to learn of them.
 */
import { rfc3339 } from '#api/time.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '#api/types/apiextensions-v1.ts'
import { equalJson } from '#api/json.ts'
import { structuralFaults } from '#api/validation/structural-schemas.ts'
import { isRecord } from '#api/values.ts'

export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'
const APPROVAL = 'api-approved.kubernetes.io'

type Condition = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>
type Names = CustomResourceDefinitionNames

export const isEnding = ({ metadata }: CustomResourceDefinition): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(CLEANUP)

/** Its names are its own already: whose the others are makes no difference. */
export const isNamed = ({ spec, status }: CustomResourceDefinition): boolean =>
  equalJson(spec.names, status?.acceptedNames)

/** `others`: the other definitions of its group. */
export function planDefinition(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: number,
): CustomResourceDefinition | undefined {
  const { acceptedNames, accepted } = judgedNames(definition, takenBy(others))
  const conditions = [accepted, ...establishing(definition, accepted), ...approval(definition)]
  const judged = conditions.reduce((status, one) => withCondition(status, one, now), definition)
  const nonStructural = violations(definition)
  const next: CustomResourceDefinition =
    nonStructural === undefined
      ? without(judged, 'NonStructuralSchema')
      : withCondition(judged, nonStructural, now)
  const status = { ...next.status, acceptedNames }
  return equalJson(status, definition.status) ? undefined : { ...next, status }
}

interface Taken {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const { status } of others) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? NO_NAMES
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  return { resources, kinds }
}

const NO_NAMES: Names = { plural: '', kind: '' }

/** A name that is neither ours already nor anybody else's is ours from now on. */
function judgedNames(
  { spec, status }: CustomResourceDefinition,
  taken: Taken,
): { readonly acceptedNames: Names; readonly accepted: Condition } {
  const asked = spec.names
  const ours = status?.acceptedNames ?? NO_NAMES
  let accepted: Condition = ACCEPTED
  const judge = (
    name: 'plural' | 'singular' | 'kind' | 'listKind',
    used: ReadonlySet<string>,
  ): Partial<Names> => {
    const wanted = asked[name] ?? ''
    if (wanted === (ours[name] ?? '') || !used.has(wanted)) return { [name]: wanted }
    accepted = conflict(name, [wanted])
    return { [name]: ours[name] ?? '' }
  }
  const plural = judge('plural', taken.resources)
  const singular = judge('singular', taken.resources)
  const fresh = (asked.shortNames ?? []).filter(name => !(ours.shortNames ?? []).includes(name))
  const used = fresh.filter(name => taken.resources.has(name))
  if (used.length > 0) accepted = conflict('shortNames', used)
  const { shortNames } = used.length > 0 ? ours : asked
  const kind = judge('kind', taken.kinds)
  const listKind = judge('listKind', taken.kinds)
  return {
    acceptedNames: {
      ...NO_NAMES,
      ...plural,
      ...singular,
      ...(shortNames === undefined ? {} : { shortNames }),
      ...kind,
      ...listKind,
      ...(asked.categories === undefined ? {} : { categories: asked.categories }),
    },
    accepted,
  }
}

const ACCEPTED: Condition = {
  type: 'NamesAccepted',
  status: 'True',
  reason: 'NoConflicts',
  message: 'no conflicts found',
}

const REASONS = {
  plural: 'PluralConflict',
  singular: 'SingularConflict',
  shortNames: 'ShortNamesConflict',
  kind: 'KindConflict',
  listKind: 'ListKindConflict',
} as const

const conflict = (name: keyof typeof REASONS, used: readonly string[]): Condition => ({
  type: 'NamesAccepted',
  status: 'False',
  reason: REASONS[name],
  message: together(used.map(one => `${JSON.stringify(one)} is already in use`)),
})

/** As Go joins errors. */
const together = ([first = '', ...more]: readonly string[]): string =>
  more.length === 0 ? first : `[${[first, ...new Set(more)].join(', ')}]`

/** Once established, a definition stays it, whatever becomes of its names. */
function establishing(
  definition: CustomResourceDefinition,
  accepted: Condition,
): readonly Condition[] {
  if (hasCondition(definition, 'Established', 'True')) return []
  if (accepted.status === 'True') {
    const message = 'the initial names have been accepted'
    return [{ type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message }]
  }
  if (hasCondition(definition, 'Established')) return []
  const message = 'not all names are accepted'
  return [{ type: 'Established', status: 'False', reason: 'NotAccepted', message }]
}

const hasCondition = (
  { status }: CustomResourceDefinition,
  type: string,
  state?: string,
): boolean =>
  (status?.conditions ?? []).some(
    one => one.type === type && (state === undefined || one.status === state),
  )

/** Groups of the community need its approval; whether they have it is told, and nothing follows from it. */
function approval({ spec, metadata }: CustomResourceDefinition): readonly Condition[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return []
  const given = metadata.annotations?.[APPROVAL] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  const told = (status: string, reason: string, message: string): readonly Condition[] => [
    { type, status, reason, message },
  ]
  const demand = `protected groups must have approval annotation "${APPROVAL}"`
  const more = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (given === '') return told('False', 'MissingAnnotation', `${demand}, ${more}`)
  if (given.startsWith('unapproved'))
    return told('False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(given)}`)
  if (URL.canParse(given) && new URL(given).host !== '')
    return told('True', 'ApprovedAnnotation', `approved in ${given}`)
  const forms = 'with either a URL or a reason starting with "unapproved"'
  return told('False', 'InvalidAnnotation', `${demand} ${forms}, ${more}`)
}

/** Definitions of v1beta1 that keep what they do not know; all others are refused for it. */
function violations({ spec }: CustomResourceDefinition): Condition | undefined {
  if (spec.preserveUnknownFields !== true) return undefined
  const faults = spec.versions.flatMap(({ schema }, index) => {
    const root: unknown = schema?.openAPIV3Schema
    const field = `spec.versions[${index}].schema.openAPIV3Schema`
    return isRecord(root) ? structuralFaults(field, root) : []
  })
  const message = together([
    'spec.preserveUnknownFields: Invalid value: true: must be false',
    ...faults.map(({ field, message: text }) => `${field}: ${text}`),
  ])
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }
}

/** What is told while instances are deleted, and when they are gone. */
const TERMINATING = {
  pending: [
    'True',
    'InstanceDeletionPending',
    'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  ],
  emptying: ['True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'],
  emptied: ['False', 'InstanceDeletionCompleted', 'removed all instances'],
  never: ['False', 'NeverEstablished', 'resource was never established'],
} as const

export function terminating(
  definition: CustomResourceDefinition,
  stage: keyof typeof TERMINATING,
  now: number,
): CustomResourceDefinition {
  const [status, reason, message] = TERMINATING[stage]
  return withCondition(definition, { type: 'Terminating', status, reason, message }, now)
}

/** The definition without our hold on it, once nothing of it is left. */
export function released(
  definition: CustomResourceDefinition,
  now: number,
): CustomResourceDefinition {
  const wasThere = hasCondition(definition, 'Established', 'True')
  const told = terminating(definition, wasThere ? 'emptied' : 'never', now)
  const finalizers = (told.metadata.finalizers ?? []).filter(name => name !== CLEANUP)
  return { ...told, metadata: { ...told.metadata, finalizers } }
}

/** A condition that is there keeps its place, and its time while its status is the same. */
function withCondition(
  definition: CustomResourceDefinition,
  condition: Condition,
  now: number,
): CustomResourceDefinition {
  const present = definition.status?.conditions ?? []
  const before = present.find(({ type }) => type === condition.type)
  const isSame = before?.status === condition.status && before.lastTransitionTime !== undefined
  const lastTransitionTime = isSame ? before.lastTransitionTime : rfc3339(now)
  const next = { ...before, ...condition, lastTransitionTime }
  const conditions =
    before === undefined ? [...present, next] : present.map(one => (one === before ? next : one))
  return { ...definition, status: { ...definition.status, conditions } }
}

function without(definition: CustomResourceDefinition, type: string): CustomResourceDefinition {
  if (!hasCondition(definition, type)) return definition
  const conditions = (definition.status?.conditions ?? []).filter(one => one.type !== type)
  return { ...definition, status: { ...definition.status, conditions } }
}
