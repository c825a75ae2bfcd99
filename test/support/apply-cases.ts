/** Objects that are applied and written, and who owns what of them afterwards, one line per manager. */

import { type JsonObject } from '#api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '#api/object.ts'
import { type Applied, applyConfiguration, trackUpdate } from '#api/patch/apply/apply.ts'
import { type FieldSet, formatPath, members } from '#api/patch/apply/field-set.ts'
import type { StructType } from '#api/schema/type.ts'
import { typeOf } from '#api/scheme.ts'
import { isRecord } from '#api/values.ts'

const kindOf = (group: string, kind: string): StructType => {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no type ${kind}`)
  return type
}
const TYPES: Readonly<Record<string, StructType>> = {
  ConfigMap: kindOf('', 'ConfigMap'),
  Deployment: kindOf('apps', 'Deployment'),
  Pod: kindOf('', 'Pod'),
  Service: kindOf('', 'Service'),
}
const typeFor = (object: AnyObject): StructType => {
  const type = TYPES[object.kind]
  if (type === undefined) throw new Error(`no type ${object.kind}`)
  return type
}

export const NOON = Date.parse('2026-01-02T12:00:00Z')
export const MINUTE = 60_000

interface Step {
  readonly manager?: string
  readonly subresource?: string
  readonly force?: boolean
  readonly now?: number
  readonly resetFields?: FieldSet
}

export const apply = (live: AnyObject | undefined, applied: AnyObject, step: Step = {}): Applied =>
  applyConfiguration({
    type: typeFor(applied),
    live,
    applied,
    manager: step.manager ?? 'me',
    apiVersion: applied.apiVersion,
    subresource: step.subresource ?? '',
    force: step.force ?? false,
    now: step.now ?? NOON,
    ...(step.resetFields === undefined ? {} : { resetFields: step.resetFields }),
  })

export function write(live: AnyObject | undefined, updated: AnyObject, step: Step = {}): AnyObject {
  const managedFields = trackUpdate({
    type: typeFor(updated),
    live,
    updated,
    manager: step.manager ?? 'me',
    apiVersion: updated.apiVersion,
    subresource: step.subresource ?? '',
    now: step.now ?? NOON,
    ...(step.resetFields === undefined ? {} : { resetFields: step.resetFields }),
  })
  const { managedFields: _old, ...metadata } = updated.metadata
  return {
    ...updated,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
  }
}

/** `me Apply 12:00 .data.a .data.b`, one line per entry. */
const show = (entries: readonly ManagedFieldsEntry[] | undefined): string[] =>
  (entries ?? []).map(entry => {
    const who = `${entry.manager}${entry.subresource === undefined ? '' : `/${entry.subresource}`}`
    const paths = [...members(setOf(entry))].map(formatPath)
    return [who, entry.operation, entry.time?.slice(11, 16), ...paths].join(' ')
  })

export const setOf = (entry: ManagedFieldsEntry): FieldSet =>
  JSON.parse(JSON.stringify(entry.fieldsV1))

export const owners = (object: AnyObject): string[] => show(object.metadata.managedFields)

export const fieldsOf = (value: unknown): JsonObject => (isRecord(value) ? value : {})

export const configMap = (data: Record<string, string>, metadata: object = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'default', ...metadata },
  data,
})

export const deployment = (spec: object, metadata: object = {}): AnyObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default', ...metadata },
  spec,
})

export const container = (name: string, more: object = {}): object => ({
  name,
  image: `${name}:1`,
  ...more,
})
export const withContainers = (...containers: readonly object[]): AnyObject =>
  deployment({ template: { spec: { containers } } })
export const containersOf = (
  object: AnyObject,
): readonly { name: string; ports?: readonly object[] }[] =>
  JSON.parse(JSON.stringify(object)).spec.template.spec.containers
