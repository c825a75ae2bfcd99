/**
 * Conflicts of an apply, and the 409 that lists them. Pure.
 * Source: k8s.io/apimachinery pkg/util/managedfields/internal/conflict.go
 */
import { compareText } from '#api/json.ts'
import {
  type FieldSet,
  formatPath,
  intersection,
  isEmpty,
  members,
} from '#api/patch/apply/field-set.ts'
import type { Owner } from '#api/patch/apply/managed-fields.ts'
import { StatusError } from '#api/status.ts'

export interface Conflict {
  readonly owner: Owner
  /** The owner's fields that would change. */
  readonly fields: FieldSet
}

export function conflictsOf(owners: readonly Owner[], changed: FieldSet): Conflict[] {
  return owners.flatMap(owner => {
    const fields = intersection(owner.fields, changed)
    return isEmpty(fields) ? [] : [{ owner, fields }]
  })
}

/** `"kubectl" using apps/v1`, `"x" with subresource "status"`. */
function formatOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager)
  const place =
    subresource === '' ? name : `${name} with subresource ${JSON.stringify(subresource)}`
  return operation === 'Update' ? `${place} using ${apiVersion}` : place
}

export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const lists = conflicts
    .map(({ owner, fields }) => ({
      owner: formatOwner(owner),
      paths: [...members(fields)].map(formatPath),
    }))
    .sort((a, b) => compareText(a.owner, b.owner))
  const causes = lists.flatMap(({ owner, paths }) =>
    paths.map(field => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${owner}`,
      field,
    })),
  )
  const [only] = causes
  const text =
    causes.length === 1 && only !== undefined
      ? `1 conflict: ${only.message}: ${only.field}`
      : `${causes.length} conflicts: ${lists.map(formatList).join('\n')}`
  return new StatusError('Conflict', `Apply failed with ${text}`, { causes })
}

const formatList = ({ owner, paths }: { owner: string; paths: readonly string[] }): string =>
  [`conflicts with ${owner}:`, ...paths.map(path => `- ${path}`)].join('\n')
