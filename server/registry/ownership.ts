/**
 * Keeps `metadata.managedFields` right for every write: who set which field, through which endpoint.
 *
 * Fields are compared in the stored form. An old version of a kind names its fields as the stored one does, and entries
 * bear its apiVersion; where it names some otherwise (`hasSamePaths`), its writers own the fields of the stored form
 * under the stored apiVersion, so that owners through several versions still meet. Upstream keeps such sets in their
 * version's paths and converts them on every write.
 *
 * Throws  StatusError(Conflict) when an apply meets fields of other managers and is not forced.
 */
import { hasSamePaths, restated } from '#api/conversion/convert.ts'
import type { AnyObject } from '#api/object.ts'
import { applyConfiguration, trackUpdate } from '#api/patch/apply/apply.ts'
import type { FieldSet } from '#api/patch/apply/field-set.ts'
import { type TypedKind, apiVersionOf } from '#api/scheme.ts'
import { badRequest } from '#api/status.ts'
import type { Call } from './call.ts'
import { bodyKind } from './decoding.ts'
import type { WriteOptions } from './options.ts'
import { resetFieldsOf } from './status-parts.ts'
import type { Target } from './target.ts'
import { isRecord, textOf } from '#api/values.ts'

export interface TrackedWrite {
  readonly target: Target
  /** As it will be stored. */
  readonly next: AnyObject
  readonly old: AnyObject | undefined
  readonly options: WriteOptions
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly subresource: string
}

const resets = (target: Target, subresource: string): { resetFields?: FieldSet } => {
  const resetFields = resetFieldsOf(target.resource, target.storage, subresource)
  return resetFields === undefined ? {} : { resetFields }
}

export function trackWrite(write: TrackedWrite): AnyObject {
  const { target, next, old, options, now, subresource } = write
  const { resource, stored } = target
  const managedFields = trackUpdate({
    type: stored.type(),
    manager: options.fieldManager,
    apiVersion: apiVersionOf(hasSamePaths(resource) ? resource : stored),
    subresource,
    now,
    live: old,
    updated: next,
    ...resets(target, subresource),
  })
  if (managedFields === next.metadata.managedFields) return next
  const { managedFields: _sent, ...metadata } = next.metadata
  return {
    ...next,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
  }
}

export interface OwnedApply {
  readonly call: Call
  readonly target: Target
  readonly options: WriteOptions
  /** The configuration as it was sent, parsed. */
  readonly sent: unknown
  readonly live: AnyObject | undefined
  readonly now: number
}

/** The live object with the configuration applied: merged, owned, not yet decoded and defaulted. */
export function applyOwned(apply: OwnedApply): AnyObject {
  const { call, target, options, sent, live, now } = apply
  const kind = bodyKind(call)
  return applyConfiguration({
    type: kind.type,
    manager: options.fieldManager,
    apiVersion: apiVersionOf(kind),
    subresource: call.subresource,
    now,
    live,
    applied: configurationOf(sent, kind),
    force: options.force,
    ...resets(target, call.subresource),
  }).object
}

/** Throws BadRequest when what was sent is not of the kind that the request is about, in its version. */
function configurationOf(sent: unknown, expected: TypedKind): AnyObject {
  if (!isRecord(sent))
    throw badRequest('error decoding YAML: an apply configuration must be an object')
  const { metadata } = sent
  const apiVersion = textOf(sent['apiVersion'])
  const kind = textOf(sent['kind'])
  if (apiVersion !== apiVersionOf(expected) || kind !== expected.kind) {
    const given = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
    throw badRequest(`invalid object type: ${given}, Kind=${kind}`)
  }
  return { ...sent, apiVersion, kind, metadata: isRecord(metadata) ? metadata : {} }
}

/**
 * An apply through a version whose fields have other names, as one through the stored version. Returns its arguments
 * otherwise. Throws BadRequest when the configuration is of another version than the request.
 */
export function inStoredTerms(
  call: Call,
  sent: unknown,
): { readonly call: Call; readonly sent: unknown } {
  const { resource } = call
  if (hasSamePaths(resource)) return { call, sent }
  const configuration = configurationOf(sent, bodyKind(call))
  return {
    call: { ...call, resource: resource.storage() },
    sent: restated(resource, configuration),
  }
}
