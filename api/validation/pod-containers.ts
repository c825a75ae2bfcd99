/**
 * Containers of a pod: names, images, ports, environment, resources, security. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateContainers, validateContainerCommon
 */
import {
  configKeyFaults,
  environmentNameFaults,
  labelFaults,
  portNameFaults,
  portNumberFaults,
  qualifiedNameFaults,
} from '#api/names.ts'
import { compareQuantities } from '#api/quantity.ts'
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  EphemeralContainer,
  Volume,
} from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  NOT_NEGATIVE,
  notFound,
  required,
  requireFormat,
  requireOneOf,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLifecycle, validateProbes } from '#api/validation/pod-handlers.ts'
import { validateSecurity } from '#api/validation/pod-security.ts'
import { validateDevices, validateMounts } from '#api/validation/pod-volumes.ts'
import { ownOf } from '#api/validation/quantities.ts'

/** What all containers of one pod share. */
export interface ContainerContext {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly hostNetwork: boolean
  /** Names in use; init containers and containers share one space. */
  readonly names: Set<string>
}

export function validateContainers(
  faults: Faults,
  field: string,
  containers: readonly Container[],
  context: ContainerContext,
): void {
  if (containers.length === 0) faults.push(required(field))
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    validateContainer(faults, place, container, context)
    validateLifecycle(faults, place, container)
    validateProbes(faults, place, container)
  }
  refuseSharedHostPorts(faults, field, containers)
}

/** One port of the host serves one container. */
function refuseSharedHostPorts(
  faults: Faults,
  field: string,
  containers: readonly Container[],
): void {
  const taken = new Set<string>()
  for (const [index, { ports = [] }] of containers.entries()) {
    for (const [at, { protocol = 'TCP', hostIP = '', hostPort = 0 }] of ports.entries()) {
      if (hostPort === 0) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) faults.push(duplicate(`${field}[${index}].ports[${at}].hostPort`, key))
      taken.add(key)
    }
  }
}

const INIT_FORBIDDEN = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

export function validateInitContainers(
  faults: Faults,
  field: string,
  containers: readonly Container[],
  context: ContainerContext,
): void {
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    validateContainer(faults, place, container, context)
    if (container.restartPolicy === 'Always') {
      validateLifecycle(faults, place, container)
      validateProbes(faults, place, container)
      continue
    }
    for (const name of INIT_FORBIDDEN) {
      if (container[name] === undefined) continue
      faults.push({
        type: 'FieldValueForbidden',
        field: `${place}.${name}`,
        message: 'Forbidden: may not be set for init containers without restartPolicy=Always',
      })
    }
  }
}

const EPHEMERAL_FORBIDDEN = [
  'ports',
  'resources',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
] as const

const isGiven = (value: object | undefined): boolean =>
  value !== undefined && Object.keys(value).length > 0

/** Guests: they look on, and ask for nothing. */
export function validateEphemeralContainers(
  faults: Faults,
  field: string,
  containers: readonly EphemeralContainer[],
  context: ContainerContext,
): void {
  const hosts = new Set(context.names)
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    const { targetContainerName: target = '', name } = container
    if (target !== '' && !hosts.has(target)) {
      faults.push(notFound(`${place}.targetContainerName`, target))
    }
    if (name === '') {
      faults.push(required(place, 'ephemeralContainer requires a name'))
      continue
    }
    validateContainer(faults, place, container, context)
    for (const part of EPHEMERAL_FORBIDDEN) {
      if (!isGiven(container[part])) continue
      faults.push(forbidden(`${place}.${part}`, 'cannot be set for an Ephemeral Container'))
    }
  }
}

function validateContainer(
  faults: Faults,
  place: string,
  container: Container,
  context: ContainerContext,
): void {
  const { name, image = '' } = container
  requireFormat(faults, `${place}.name`, name, labelFaults)
  if (context.names.has(name)) faults.push(duplicate(`${place}.name`, name))
  else if (name !== '') context.names.add(name)
  if (image === '') faults.push(required(`${place}.image`))
  else if (image.trim() !== image) {
    faults.push(wrong(`${place}.image`, image, 'must not have leading or trailing whitespace'))
  }
  requireOneOf(faults, `${place}.terminationMessagePolicy`, container.terminationMessagePolicy, [
    'FallbackToLogsOnError',
    'File',
  ])
  validatePorts(faults, `${place}.ports`, container.ports ?? [], context.hostNetwork)
  validateEnvironment(faults, `${place}.env`, container.env ?? [])
  validateEnvironmentSources(faults, `${place}.envFrom`, container.envFrom ?? [])
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const { volumes } = context
  validateMounts(faults, `${place}.volumeMounts`, mounts, { volumes, devices })
  validateDevices(faults, `${place}.volumeDevices`, mounts, { volumes, devices })
  requireOneOf(faults, `${place}.imagePullPolicy`, container.imagePullPolicy, [
    'Always',
    'IfNotPresent',
    'Never',
  ])
  validateResources(faults, `${place}.resources`, container)
  validateSecurity(faults, `${place}.securityContext`, container.securityContext)
}

function validatePorts(
  faults: Faults,
  field: string,
  ports: readonly ContainerPort[],
  hostNetwork: boolean,
): void {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const place = `${field}[${index}]`
    const { name = '', containerPort, hostPort = 0, protocol } = port
    if (name !== '') {
      const format = portNameFaults(name)
      wrongFormat(faults, `${place}.name`, name, format)
      if (format.length === 0 && names.has(name)) faults.push(duplicate(`${place}.name`, name))
      names.add(name)
    }
    if (!containerPort) faults.push(required(`${place}.containerPort`))
    else validateNumber(faults, `${place}.containerPort`, containerPort)
    if (hostPort !== 0) validateNumber(faults, `${place}.hostPort`, hostPort)
    if (hostNetwork && hostPort !== 0 && hostPort !== containerPort) {
      const detail = 'must match `containerPort` when `hostNetwork` is true'
      faults.push(wrong(`${place}.hostPort`, hostPort, detail))
    }
    requireOneOf(faults, `${place}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
  }
}

function validateNumber(faults: Faults, field: string, port: number): void {
  for (const detail of portNumberFaults(port)) faults.push(wrong(field, port, detail))
}

function validateEnvironment(faults: Faults, field: string, variables: readonly EnvVar[]): void {
  for (const [index, { name, value = '', valueFrom }] of variables.entries()) {
    const place = `${field}[${index}]`
    requireFormat(faults, `${place}.name`, name, environmentNameFaults)
    if (valueFrom !== undefined) validateValueFrom(faults, `${place}.valueFrom`, value, valueFrom)
  }
}

const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
] as const
const FIELD_PATH_WITH_KEY = /^metadata\.(annotations|labels)\['[^']+'\]$/

function validateValueFrom(
  faults: Faults,
  field: string,
  value: string,
  source: EnvVarSource,
): void {
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
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source
  if (fieldRef !== undefined)
    validateFieldPath(faults, `${field}.fieldRef.fieldPath`, fieldRef.fieldPath)
  if (resourceFieldRef !== undefined && resourceFieldRef.resource === '') {
    faults.push(required(`${field}.resourceFieldRef.resource`))
  }
  for (const [part, reference] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (reference === undefined) continue
    if ((reference.name ?? '') === '') faults.push(required(`${field}.${part}.name`))
    requireFormat(faults, `${field}.${part}.key`, reference.key, configKeyFaults)
  }
}

function validateFieldPath(faults: Faults, field: string, path: string): void {
  if (path === '') faults.push(required(field))
  else if (!FIELD_PATH_WITH_KEY.test(path) && !FIELD_PATHS.some(known => known === path)) {
    faults.push(unsupported(field, path, FIELD_PATHS))
  }
}

function validateEnvironmentSources(
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

const STANDARD_RESOURCES: readonly string[] = ['cpu', 'memory', 'ephemeral-storage']

const isStandardResource = (name: string): boolean =>
  STANDARD_RESOURCES.includes(name) || name.startsWith('hugepages-')

function validateResources(faults: Faults, field: string, container: Container): void {
  const { limits = {}, requests = {} } = container.resources ?? {}
  for (const [part, list] of Object.entries({ limits, requests })) {
    for (const [name, quantity] of Object.entries(list)) {
      const place = `${field}.${part}[${name}]`
      const format = qualifiedNameFaults(name)
      wrongFormat(faults, place, name, format)
      if (format.length === 0 && !name.includes('/') && !isStandardResource(name)) {
        faults.push(wrong(place, name, 'must be a standard resource type or fully qualified'))
        faults.push(wrong(place, name, 'must be a standard resource for containers'))
      }
      if (quantity.startsWith('-')) faults.push(wrong(place, quantity, NOT_NEGATIVE))
      else if (!isStandardResource(name) && !/^-?\d+(k|M|G|T|P|E)?$/.test(quantity)) {
        faults.push(wrong(place, quantity, 'must be an integer'))
      }
    }
  }
  for (const [name, quantity] of Object.entries(requests)) {
    validateRequest(faults, `${field}.requests`, { name, quantity, limit: ownOf(limits, name) })
  }
}

interface ResourceRequest {
  readonly name: string
  readonly quantity: string
  readonly limit: string | undefined
}

function validateRequest(faults: Faults, field: string, request: ResourceRequest): void {
  const { name, quantity, limit } = request
  const isOvercommittable = STANDARD_RESOURCES.includes(name)
  if (limit === undefined) {
    if (isOvercommittable || !isExtended(name)) return
    faults.push(
      required(
        field.replace(/requests$/, 'limits'),
        'Limit must be set for non overcommitable resources',
      ),
    )
  } else if (isOvercommittable && compareQuantities(quantity, limit) > 0) {
    const detail = `must be less than or equal to ${name} limit of ${limit}`
    faults.push(wrong(field, quantity, detail))
  } else if (!isOvercommittable && compareQuantities(quantity, limit) !== 0) {
    faults.push(wrong(field, quantity, `must be equal to ${name} limit of ${limit}`))
  }
}

const isExtended = (name: string): boolean => name.includes('/') || name.startsWith('hugepages-')
