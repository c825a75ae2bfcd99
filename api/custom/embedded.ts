/**
 * Objects embedded in others: each has an API version, a kind and sound metadata. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/objectmeta/validation.go
 */
import { label1035Faults, pathSegmentFaults } from '#api/names.ts'
import type { ObjectMeta } from '#api/object.ts'
import { type Faults, required, wrong } from '#api/validation/fault.ts'
import { validateObjectMeta } from '#api/validation/metadata.ts'
import { isRecord, type Fields } from '#api/values.ts'
import { membersOf, type Placed } from './structure.ts'

export function validateEmbedded(
  faults: Faults,
  field: string,
  { structure, value }: Placed,
): void {
  if (!structure.has.embedded) return
  if (Array.isArray(value)) {
    const { items } = structure
    if (items === undefined) return
    for (const [index, item] of value.entries()) {
      validateEmbedded(faults, `${field}[${index}]`, { structure: items, value: item })
    }
  } else if (isRecord(value)) {
    if (structure.isEmbedded) validateObject(faults, field, value)
    for (const [place, member] of membersOf(structure, field, value)) {
      validateEmbedded(faults, place, member)
    }
  }
}

/** Group and version, of which the first may be missing. */
const GROUP_VERSION = /^[^/]*(?:\/[^/]*)?$/

function validateObject(faults: Faults, field: string, object: Fields): void {
  const { apiVersion, kind, metadata } = object
  if (apiVersion === undefined) faults.push(required(`${field}.apiVersion`))
  if (kind === undefined) faults.push(required(`${field}.kind`))
  if (typeof apiVersion === 'string') {
    const place = `${field}.apiVersion`
    if (apiVersion === '') faults.push(wrong(place, apiVersion, 'must not be empty'))
    else if (!GROUP_VERSION.test(apiVersion)) {
      faults.push(wrong(place, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
    }
  }
  if (typeof kind === 'string') validateKind(faults, `${field}.kind`, kind)
  if (isMetadata(metadata)) validateMetadata(faults, field, metadata)
}

/** Its name may be anything that can stand in a path, or nothing. */
function validateMetadata(faults: Faults, field: string, metadata: ObjectMeta): void {
  const own: Faults = []
  const rules = { namespaced: (metadata.namespace ?? '') !== '', nameFaults: pathSegmentFaults }
  validateObjectMeta(own, rules, { ...metadata, name: metadata.name ?? UNNAMED })
  faults.push(...own.map(fault => ({ ...fault, field: `${field}.${fault.field}` })))
}

const UNNAMED = 'unnamed'

/** The seam: reading has decoded it. */
const isMetadata = (value: unknown): value is ObjectMeta => isRecord(value)

function validateKind(faults: Faults, field: string, kind: string): void {
  if (kind === '') faults.push(wrong(field, kind, 'must not be empty'))
  else {
    const format = label1035Faults(kind.toLowerCase())
    if (format.length === 0) return
    const detail = `may have mixed case, but should otherwise match: ${format.join(',')}`
    faults.push(wrong(field, kind, detail))
  }
}
