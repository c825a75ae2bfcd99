/**
 * Keeps `metadata.managedFields` right for every write: who set which field, through which endpoint.
 *
 * Throws  StatusError(Conflict) when an apply meets fields of other managers and is not forced.
 */
import type { AnyObject } from '#api/object.ts'
import { applyConfiguration, trackUpdate } from '#api/patch/apply/apply.ts'
import type { FieldSet } from '#api/patch/apply/field-set.ts'
import { apiVersionOf } from '#api/scheme.ts'
import { type StatusError, badRequest } from '#api/status.ts'
import type { Call } from './call.ts'
import { bodyKind } from './decoding.ts'
import type { WriteOptions } from './options.ts'
import { isRecord } from './strategy.ts'
import type { Target } from './target.ts'

export interface TrackedWrite {
  readonly target: Target
  /** As it will be stored, in the requested version. */
  readonly next: AnyObject
  readonly old: AnyObject | undefined
  readonly options: WriteOptions
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly subresource: string
}

/** Status belongs to its subresource, everything else to the object itself. */
const STATUS: FieldSet = { 'f:status': {} }
const ALL_BUT_STATUS: FieldSet = { 'f:spec': {} }
const HAS_STATUS_ENDPOINT = 'status'

const resetFieldsOf = (target: Target, subresource: string): { resetFields?: FieldSet } => {
  if (subresource === 'status') return { resetFields: ALL_BUT_STATUS }
  const isSplit = target.resource.subresources.includes(HAS_STATUS_ENDPOINT)
  return isSplit && subresource === '' ? { resetFields: STATUS } : {}
}

export function trackWrite(write: TrackedWrite): AnyObject {
  const { target, next, old, options, now, subresource } = write
  const managedFields = trackUpdate({
    type: target.resource.type(),
    manager: options.fieldManager,
    apiVersion: apiVersionOf(target.resource),
    subresource,
    now,
    live: old,
    updated: next,
    ...resetFieldsOf(target, subresource),
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
  return applyConfiguration({
    type: bodyKind(call).type,
    manager: options.fieldManager,
    apiVersion: apiVersionOf(target.resource),
    subresource: call.subresource,
    now,
    live,
    applied: configurationOf(sent),
    force: options.force,
    ...resetFieldsOf(target, call.subresource),
  }).object
}

const missing = (field: string, sent: object): StatusError =>
  badRequest(`Object '${field}' is missing in '${JSON.stringify(sent).slice(0, 100)}'`)

function configurationOf(sent: unknown): AnyObject {
  if (!isRecord(sent))
    throw badRequest('error decoding YAML: an apply configuration must be an object')
  const { apiVersion, kind, metadata } = sent
  if (typeof kind !== 'string') throw missing('Kind', sent)
  if (typeof apiVersion !== 'string') throw missing('apiVersion', sent)
  return { ...sent, apiVersion, kind, metadata: isRecord(metadata) ? metadata : {} }
}
