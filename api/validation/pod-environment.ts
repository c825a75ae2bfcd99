/**
 * Environment of containers: names, and where their values come from. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateEnv, ValidateEnvFrom, validateEnvVarValueFrom,
 * validateFileKeySelector
 */
import { configKeyFaults, environmentNameFaults } from '#api/names.ts'
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  Volume,
} from '#api/types/core-v1.ts'
import {
  type Faults,
  notFound,
  required,
  requireFormat,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateFieldPath, validateResourceField } from '#api/validation/pod-fields.ts'
import { projectedPathFaults } from '#api/validation/volume-sources.ts'

export type VolumesByName = ReadonlyMap<string, Volume>

export function validateEnvironment(
  faults: Faults,
  field: string,
  variables: readonly EnvVar[],
  volumes: VolumesByName,
): void {
  for (const [index, { name, value = '', valueFrom }] of variables.entries()) {
    const place = `${field}[${index}]`
    requireFormat(faults, `${place}.name`, name, environmentNameFaults)
    if (valueFrom === undefined) continue
    validateValueFrom(faults, `${place}.valueFrom`, value, valueFrom)
    if (valueFrom.fileKeyRef !== undefined) {
      validateFileKey(faults, `${place}.valueFrom.fileKeyRef`, valueFrom.fileKeyRef, volumes)
    }
  }
}

const FIELD_PATHS: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

function validateValueFrom(
  faults: Faults,
  field: string,
  value: string,
  source: EnvVarSource,
): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source
  if (fieldRef !== undefined) {
    validateFieldPath(faults, `${field}.fieldRef`, fieldRef.fieldPath, FIELD_PATHS)
  }
  if (resourceFieldRef !== undefined) {
    validateResourceField(faults, `${field}.resourceFieldRef`, resourceFieldRef)
  }
  for (const [part, reference] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (reference === undefined) continue
    if ((reference.name ?? '') === '') faults.push(required(`${field}.${part}.name`))
    requireFormat(faults, `${field}.${part}.key`, reference.key, configKeyFaults)
  }
  const given = Object.values(source).filter(part => part !== undefined)
  if (given.length === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    faults.push(wrong(field, '', detail))
  } else if (value !== '') {
    faults.push(wrong(field, '', 'may not be specified when `value` is not empty'))
  } else if (given.length > 1) {
    faults.push(wrong(field, '', 'may not have more than one field specified at a time'))
  }
}

/** The file is in a volume that begins empty and that a container before has filled. */
function validateFileKey(
  faults: Faults,
  field: string,
  { volumeName, path, key }: FileKeySelector,
  volumes: VolumesByName,
): void {
  requireFormat(faults, `${field}.key`, key, environmentNameFaults)
  requireFormat(faults, `${field}.path`, path, projectedPathFaults)
  const place = `${field}.volumeName`
  const volume = volumes.get(volumeName)
  if (volumeName === '') faults.push(required(place))
  else if (volume === undefined) faults.push(notFound(place, volumeName))
  else if (volume.emptyDir === undefined) {
    faults.push(wrong(place, volumeName, 'referenced volume must be of type emptyDir'))
  }
}

export function validateEnvironmentSources(
  faults: Faults,
  field: string,
  sources: readonly EnvFromSource[],
): void {
  for (const [index, { prefix = '', configMapRef, secretRef }] of sources.entries()) {
    const place = `${field}[${index}]`
    if (prefix !== '') wrongFormat(faults, `${place}.prefix`, prefix, environmentNameFaults(prefix))
    if (configMapRef === undefined && secretRef === undefined) {
      faults.push(wrong(place, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      faults.push(wrong(place, '', 'may not have more than one field specified at a time'))
    }
    for (const [part, reference] of Object.entries({ configMapRef, secretRef })) {
      if (reference?.name === '') faults.push(required(`${place}.${part}.name`))
    }
  }
}
