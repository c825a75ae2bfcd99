/**
 * Which fields of a kind a field selector may name, and their values. Pure.
 *
 * Every kind has `metadata.name` and `metadata.namespace` (namespaced kinds); some have more, one row each below.
 * Source: kubernetes pkg/apis/core/v1/conversion.go AddFieldLabelConversionsForX, pkg/registry/<kind>/strategy.go
 * XToSelectableFields, k8s.io/apimachinery pkg/runtime/conversion.go DefaultMetaV1FieldSelectorConversion
 */
import type { AnyObject } from '#api/object.ts'
import { type FieldSelector, fieldSelectorFrom } from '#api/selectors.ts'
import { badRequest } from '#api/status.ts'

interface Selectable {
  /** Beyond `metadata.name` and `metadata.namespace`. */
  readonly fields: readonly string[]
  /** Older or other-version names of fields. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Before the name of a field it has not; the usual words when absent. */
  readonly refusal?: string
  /** Values that are not simply the text at the field's path. */
  readonly values?: Readonly<Record<string, (object: AnyObject) => string>>
}

const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'] as const

const EVENT_OBJECT_FIELDS = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
] as const

/** A bool whose zero is absent on the wire. */
const flagAt =
  (path: string) =>
  (object: AnyObject): string =>
    textAt(object, path) === 'true' ? 'true' : 'false'

const countAt =
  (path: string) =>
  (object: AnyObject): string =>
    textAt(object, path) === '' ? '0' : textAt(object, path)

const eventSource = (object: AnyObject): string =>
  textAt(object, 'source.component') || textAt(object, 'reportingComponent')

const event: Selectable = {
  fields: [
    ...EVENT_OBJECT_FIELDS.map(name => `involvedObject.${name}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  aliases: {
    ...Object.fromEntries(
      EVENT_OBJECT_FIELDS.map(name => [`regarding.${name}`, `involvedObject.${name}`]),
    ),
    reportingController: 'reportingComponent',
  },
  values: { source: eventSource },
}

/** By group resource. Adding a selectable field adds to a row. */
const SELECTABLE: Readonly<Record<string, Selectable>> = {
  pods: {
    fields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ],
    aliases: { 'spec.host': 'spec.nodeName' },
    values: {
      'spec.hostNetwork': flagAt('spec.hostNetwork'),
      'status.podIPs': object => textAt(object, 'status.podIP'),
    },
  },
  nodes: {
    fields: ['spec.unschedulable'],
    values: { 'spec.unschedulable': flagAt('spec.unschedulable') },
  },
  namespaces: { fields: ['status.phase'] },
  secrets: { fields: ['type'] },
  services: { fields: ['spec.clusterIP', 'spec.type'] },
  events: event,
  'events.events.k8s.io': event,
  replicationcontrollers: {
    fields: ['status.replicas'],
    values: { 'status.replicas': countAt('status.replicas') },
  },
  'jobs.batch': {
    fields: ['status.successful'],
    values: { 'status.successful': countAt('status.succeeded') },
  },
  'resourceslices.resource.k8s.io': {
    fields: ['spec.nodeName', 'spec.driver'],
    refusal: 'field label not supported for resource.k8s.io/v1, Kind=ResourceSlice',
  },
  'certificatesigningrequests.certificates.k8s.io': { fields: ['spec.signerName'] },
}

function textAt(object: AnyObject, path: string): string {
  let value: unknown = object
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return ''
    value = Reflect.get(value, step)
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

/** Every field a selector over this resource (`pods`, `replicasets.apps`) may name. */
export const supportedFields = (groupResource: string): readonly string[] => [
  ...METADATA_FIELDS,
  ...(SELECTABLE[groupResource]?.fields ?? []),
]

/**
 * The selector with older field names replaced. `more` are the fields that a definition names for its kind.
 * Throws  StatusError(BadRequest) when it names a field this resource cannot be selected by.
 */
export function resolveFieldSelector(
  groupResource: string,
  selector: FieldSelector,
  more?: readonly string[],
): FieldSelector {
  const selectable = more === undefined ? SELECTABLE[groupResource] : { fields: more }
  const supported = [...METADATA_FIELDS, ...(selectable?.fields ?? [])]
  return fieldSelectorFrom(
    selector.requirements.map(requirement => {
      const field = selectable?.aliases?.[requirement.field] ?? requirement.field
      if (supported.includes(field)) return { ...requirement, field }
      throw badRequest(
        selectable === undefined
          ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `${selectable.refusal ?? 'field label not supported'}: ${field}`,
      )
    }),
  )
}

/** Reads selectable fields of one object: what `FieldSelector.matches` asks. */
export const fieldValues = (
  groupResource: string,
  object: AnyObject,
): ((field: string) => string) => {
  const special = SELECTABLE[groupResource]?.values
  return field => special?.[field]?.(object) ?? textAt(object, field)
}
