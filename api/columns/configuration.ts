/**
 * Rows of configuration, identity, access and bookkeeping kinds. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import {
  AGE,
  ageOf,
  boolean,
  CREATED_AT,
  integer,
  NAME,
  nameOf,
  orNone,
  type Printer,
  text,
  wide,
} from '#api/columns/printer.ts'
import { humanAge, humanDuration } from '#api/duration.ts'
import type { KubeObject } from '#api/object.ts'
import type { CertificateSigningRequest } from '#api/types/certificates-v1.ts'
import type { Lease } from '#api/types/coordination-v1.ts'
import type { ConfigMap, Event, ResourceQuota, Secret, ServiceAccount } from '#api/types/core-v1.ts'
import type { RoleBinding } from '#api/types/rbac-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'

/** For kinds without a printer of their own, and for roles. */
export const defaultPrinter: Printer = {
  columns: [NAME, CREATED_AT],
  cells(object: KubeObject) {
    return [nameOf(object), object.metadata.creationTimestamp ?? '']
  },
}

const sizeOf = (map: object | undefined): number => Object.keys(map ?? {}).length

export const configMapPrinter: Printer = {
  columns: [NAME, text('Data', 'How many keys it holds.'), AGE],
  cells(configMap: ConfigMap, now: number) {
    return [
      nameOf(configMap),
      sizeOf(configMap.data) + sizeOf(configMap.binaryData),
      ageOf(configMap, now),
    ]
  },
}

export const secretPrinter: Printer = {
  columns: [
    NAME,
    text('Type', 'What the secret is for.'),
    text('Data', 'How many keys it holds.'),
    AGE,
  ],
  cells(secret: Secret, now: number) {
    return [nameOf(secret), secret.type ?? '', sizeOf(secret.data), ageOf(secret, now)]
  },
}

export const serviceAccountPrinter: Printer = {
  columns: [NAME, AGE],
  cells(account: ServiceAccount, now: number) {
    return [nameOf(account), ageOf(account, now)]
  },
}

/** `name: used/hard`, limits apart from everything else. */
export const resourceQuotaPrinter: Printer = {
  columns: [
    NAME,
    text('Request', 'What is used of what may be asked for or made.'),
    text('Limit', 'What is used of the limits.'),
    AGE,
  ],
  cells(quota: ResourceQuota, now: number) {
    const { hard = {}, used = {} } = quota.status ?? {}
    const listed = (isLimit: boolean): string =>
      Object.keys(hard)
        .toSorted()
        .filter(name => name.startsWith('limits.') === isLimit)
        .map(name => `${name}: ${used[name] ?? '0'}/${hard[name] ?? '0'}`)
        .join(', ')
    return [nameOf(quota), listed(false), listed(true), ageOf(quota, now)]
  },
}

export const leasePrinter: Printer = {
  columns: [NAME, text('Holder', 'Who holds the lease.'), AGE],
  cells(lease: Lease, now: number) {
    return [nameOf(lease), lease.spec?.holderIdentity ?? '', ageOf(lease, now)]
  },
}

export const priorityClassPrinter: Printer = {
  columns: [
    NAME,
    integer('Value', 'Priority of pods of this class.'),
    boolean('Global-Default', 'Whether pods without a class get this one.'),
    AGE,
    text('PreemptionPolicy', 'Whether its pods may displace others.'),
  ],
  cells(priority: PriorityClass, now: number) {
    return [
      nameOf(priority),
      priority.value ?? 0,
      priority.globalDefault ?? false,
      ageOf(priority, now),
      priority.preemptionPolicy ?? '',
    ]
  },
}

/** Also of cluster role bindings: they are the same in every column. */
export const roleBindingPrinter: Printer = {
  columns: [
    NAME,
    text('Role', 'The role that is granted.'),
    AGE,
    wide(text('Users', 'Users who get it.')),
    wide(text('Groups', 'Groups that get it.')),
    wide(text('ServiceAccounts', 'Service accounts that get it.')),
  ],
  cells(binding: RoleBinding, now: number) {
    const subjects = binding.subjects ?? []
    const named = (kind: string): string =>
      subjects
        .filter(subject => subject.kind === kind)
        .map(({ name, namespace = '' }) =>
          kind === 'ServiceAccount' ? `${namespace}/${name}` : name,
        )
        .join(', ')
    return [
      nameOf(binding),
      `${binding.roleRef.kind}/${binding.roleRef.name}`,
      ageOf(binding, now),
      named('User'),
      named('Group'),
      named('ServiceAccount'),
    ]
  },
}

function requestState({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean =>
    status?.conditions?.some(condition => condition.type === type) ?? false
  const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return [
    decided,
    ...(has('Failed') ? ['Failed'] : []),
    ...(status?.certificate ? ['Issued'] : []),
  ].join(',')
}

export const certificateRequestPrinter: Printer = {
  columns: [
    NAME,
    AGE,
    text('SignerName', 'The signer that is asked.'),
    text('Requestor', 'Who asks.'),
    text('RequestedDuration', 'How long the certificate shall be valid.'),
    text('Condition', 'What became of the request.'),
  ],
  cells(request: CertificateSigningRequest, now: number) {
    const { spec } = request
    return [
      nameOf(request),
      ageOf(request, now),
      orNone(spec.signerName),
      spec.username ?? '',
      spec.expirationSeconds === undefined
        ? '<none>'
        : humanDuration(spec.expirationSeconds * 1000),
      requestState(request),
    ]
  },
}

function eventTimes(event: Event, now: number): { first: string; last: string; count: number } {
  const first = humanAge(event.firstTimestamp ?? event.eventTime, now)
  if (event.series !== undefined) {
    return {
      first,
      last: humanAge(event.series.lastObservedTime, now),
      count: event.series.count ?? 0,
    }
  }
  const last = (event.lastTimestamp ?? '') === '' ? first : humanAge(event.lastTimestamp, now)
  return { first, last, count: event.count || 1 }
}

const targetOf = ({ kind = '', name = '' }: Event['involvedObject']): string =>
  name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`

function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || (reportingComponent ?? '')
  const instance = source?.host || (reportingInstance ?? '')
  return instance === '' ? component : `${component}, ${instance}`
}

export const eventPrinter: Printer = {
  columns: [
    text('Last Seen', 'When it happened last.'),
    text('Type', 'Normal or Warning.'),
    text('Reason', 'One word for what happened.'),
    text('Object', 'What it happened to.'),
    wide(text('Subobject', 'Which part of the object.')),
    wide(text('Source', 'Who tells.')),
    text('Message', 'What happened.'),
    wide(text('First Seen', 'When it happened first.')),
    wide(text('Count', 'How often it happened.')),
    wide(NAME),
  ],
  cells(event: Event, now: number) {
    const { first, last, count } = eventTimes(event, now)
    return [
      last,
      event.type ?? '',
      event.reason ?? '',
      targetOf(event.involvedObject),
      event.involvedObject.fieldPath ?? '',
      sourceOf(event),
      (event.message ?? '').trim(),
      first,
      count,
      nameOf(event),
    ]
  },
}
