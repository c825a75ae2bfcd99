/**
 * What containers are told about their own pod: fields of it, and amounts of their resources. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateObjectFieldSelector,
 * validateContainerResourceFieldSelector, validateContainerResourceDivisor; pkg/apis/core/pods/helpers.go
 */
import { qualifiedNameFaults } from '#api/names.ts'
import { canonicalQuantity } from '#api/quantity.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '#api/types/core-v1.ts'
import { type Faults, required, unsupported, wrong, wrongFormat } from '#api/validation/fault.ts'

/** Fields of pods that have a name in this language; each place allows some of them. */
const KNOWN_PATHS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.phase',
  'status.podIP',
  'status.podIPs',
]
const WITH_KEY = /^([^[]+)\['(.*)'\]$/

/** What clients of old called a field. */
const OLD_PATHS: Readonly<Record<string, string>> = { 'spec.host': 'spec.nodeName' }

export function validateFieldPath(
  faults: Faults,
  field: string,
  { fieldPath: path, apiVersion = 'v1' }: ObjectFieldSelector,
  allowed: readonly string[],
): void {
  const place = `${field}.fieldPath`
  const refuse = (why: string): void =>
    void faults.push(wrong(place, path, `error converting fieldPath: ${why}`))
  const [, base, key = ''] = WITH_KEY.exec(path) ?? []
  if (apiVersion === '') faults.push(required(`${field}.apiVersion`))
  else if (path === '') faults.push(required(place))
  else if (apiVersion !== 'v1') refuse(`unsupported pod version: ${apiVersion}`)
  else if (base === 'metadata.annotations' || base === 'metadata.labels') {
    const name = base === 'metadata.labels' ? key : key.toLowerCase()
    wrongFormat(faults, field, name, qualifiedNameFaults(name))
  } else if (base !== undefined) refuse(`field label does not support subscript: ${path}`)
  else {
    const known = OLD_PATHS[path] ?? path
    if (!KNOWN_PATHS.includes(known)) refuse(`field label not supported: ${path}`)
    else if (!allowed.includes(known)) faults.push(unsupported(place, known, allowed))
  }
}

const AMOUNTS: readonly string[] = ['limits', 'requests'].flatMap(part =>
  ['cpu', 'ephemeral-storage', 'memory'].map(name => `${part}.${name}`),
)
const HUGE_PAGES = /^(limits|requests)\.hugepages-/

const SUFFIXES = ['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const BYTES: readonly string[] = ['1', ...SUFFIXES.map(suffix => `1${suffix}`)]

interface Divisors {
  readonly of: RegExp
  readonly allowed: readonly string[]
  readonly shown: string
  readonly what: string
}

/** What an amount may be counted in. */
const DIVISORS: readonly Divisors[] = [
  { of: /\.cpu$/, allowed: ['1m', '1'], shown: '1m and 1', what: 'cpu' },
  ...[
    { of: /\.memory$/, what: 'memory' },
    { of: /\.ephemeral-storage$/, what: 'local ephemeral storage' },
    { of: HUGE_PAGES, what: 'hugepages' },
  ].map(row => ({ ...row, allowed: BYTES, shown: BYTES.join(', ') })),
]

export function validateResourceField(
  faults: Faults,
  field: string,
  { resource, divisor = '0' }: ResourceFieldSelector,
): void {
  validateResource(faults, field, resource)
  validateDivisor(faults, field, { resource, divisor })
}

/** In a volume, where the container must be said. */
export function validateVolumeResourceField(
  faults: Faults,
  field: string,
  { resource, divisor = '0', containerName = '' }: ResourceFieldSelector,
): void {
  if (containerName === '') faults.push(required(`${field}.containerName`))
  else validateResource(faults, field, resource)
  validateDivisor(faults, field, { resource, divisor })
}

function validateResource(faults: Faults, field: string, resource: string): void {
  if (resource === '') faults.push(required(`${field}.resource`))
  else if (!AMOUNTS.includes(resource) && !HUGE_PAGES.test(resource)) {
    faults.push(unsupported(`${field}.resource`, resource, AMOUNTS))
  }
}

function validateDivisor(
  faults: Faults,
  field: string,
  { resource, divisor }: { readonly resource: string; readonly divisor: string },
): void {
  const row = DIVISORS.find(({ of }) => of.test(resource))
  const value = canonicalQuantity(divisor)
  if (value === '0' || row === undefined || row.allowed.includes(value)) return
  const detail = `only divisor's values ${row.shown} are supported with the ${row.what} resource`
  faults.push(wrong(`${field}.divisor`, resource, detail))
}
