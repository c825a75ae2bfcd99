/**
 * Environment of containers: names, and where their values come from. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidateEnv, ValidateEnvFrom, validateEnvVarValueFrom,
 * validateFileKeySelector, validateFileKeyRefVolumes
 */
import {
  configKeyFaults,
  environmentNameFaults,
  labelFaults,
  subdomainFaults,
  withoutTrailingDash,
} from '#api/names.ts'
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  PodSpec,
} from '#api/types/core-v1.ts'
import { type Faults, notFound, requireFormat, wrong, wrongFormat } from '#api/validation/fault.ts'
import { validateFieldPath, validateResourceField } from '#api/validation/pod-fields.ts'
import { containersOf } from '#api/validation/pod-systems.ts'
import { backstepFaults } from '#api/validation/volume-sources.ts'

export function validateEnvironment(
  faults: Faults,
  field: string,
  variables: readonly EnvVar[],
): void {
  for (const [index, { name, value = '', valueFrom }] of variables.entries()) {
    const place = `${field}[${index}]`
    requireFormat(faults, `${place}.name`, name, environmentNameFaults)
    if (valueFrom !== undefined) validateValueFrom(faults, `${place}.valueFrom`, value, valueFrom)
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
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef !== undefined) {
    validateFieldPath(faults, `${field}.fieldRef`, fieldRef, FIELD_PATHS)
  }
  if (resourceFieldRef !== undefined) {
    validateResourceField(faults, `${field}.resourceFieldRef`, resourceFieldRef)
  }
  for (const [part, reference] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (reference === undefined) continue
    const { name = '', key } = reference
    wrongFormat(faults, `${field}.${part}.name`, name, subdomainFaults(name))
    requireFormat(faults, `${field}.${part}.key`, key, configKeyFaults)
  }
  if (fileKeyRef !== undefined) validateFileKey(faults, `${field}.fileKeyRef`, fileKeyRef)
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

function validateFileKey(
  faults: Faults,
  field: string,
  { volumeName, path, key }: FileKeySelector,
): void {
  requireFormat(faults, `${field}.key`, key, environmentNameFaults)
  requireFormat(faults, `${field}.volumeName`, volumeName, labelFaults)
  requireFormat(faults, `${field}.path`, path, backstepFaults)
}

/** Files with variables are in volumes that begin empty and that a container before has filled. */
export function validateFileVolumes(faults: Faults, field: string, spec: PodSpec): void {
  const volumes = new Map((spec.volumes ?? []).map(volume => [volume.name, volume]))
  for (const [place, { env = [] }] of containersOf(field, spec)) {
    for (const [index, { valueFrom }] of env.entries()) {
      const name = valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) continue
      const at = `${place}.env[${index}].valueFrom.fileKeyRef.volumeName`
      const volume = volumes.get(name)
      if (volume === undefined) faults.push(notFound(at, name))
      else if (volume.emptyDir === undefined) {
        faults.push(wrong(at, name, 'referenced volume must be of type emptyDir'))
      }
    }
  }
}

/** Upstream's paths do not say which of the sources is none, or two. */
export function validateEnvironmentSources(
  faults: Faults,
  field: string,
  sources: readonly EnvFromSource[],
): void {
  for (const [index, { prefix = '', configMapRef, secretRef }] of sources.entries()) {
    const place = `${field}[${index}]`
    if (prefix !== '') wrongFormat(faults, `${place}.prefix`, prefix, environmentNameFaults(prefix))
    for (const [part, reference] of Object.entries({ configMapRef, secretRef })) {
      if (reference === undefined) continue
      requireFormat(faults, `${place}.${part}.name`, reference.name, prefixFaults)
    }
    if (configMapRef === undefined && secretRef === undefined) {
      faults.push(wrong(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      faults.push(wrong(field, '', 'may not have more than one field specified at a time'))
    }
  }
}

const prefixFaults = (name: string): string[] => subdomainFaults(withoutTrailingDash(name))
