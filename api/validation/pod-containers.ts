/**
 * Containers of a pod: names, images, ports, environment, resources, security. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateContainers, validateContainerCommon
 */
import { labelFaults, portNameFaults, portNumberFaults } from '#api/names.ts'
import type { Container, ContainerPort, EphemeralContainer, Volume } from '#api/types/core-v1.ts'
import {
  duplicate,
  type Faults,
  forbidden,
  notFound,
  required,
  requireFormat,
  requireOneOf,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateEnvironment, validateEnvironmentSources } from '#api/validation/pod-environment.ts'
import { validateLifecycle, validateProbes } from '#api/validation/pod-handlers.ts'
import {
  validateContainerResources,
  validateResizePolicies,
} from '#api/validation/pod-resources.ts'
import { validateContainerRestarts } from '#api/validation/pod-restarts.ts'
import { validateSecurity } from '#api/validation/pod-security.ts'
import { validateDevices, validateMounts } from '#api/validation/pod-volumes.ts'

/** What all containers of one pod share. */
export interface ContainerContext {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly hostNetwork: boolean
  /** Whether users in the pod are those of its node. */
  readonly hostUsers: boolean
  readonly restartPolicy: string | undefined
  /** Names of its resource claims. */
  readonly claims: ReadonlySet<string>
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
    validateContainerRestarts(faults, place, container)
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
    validateContainerRestarts(faults, place, container)
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
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
] as const

const NOT_FOR_GUESTS = 'cannot be set for an Ephemeral Container'

const isGiven = (value: object | string | undefined): boolean =>
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
      faults.push(forbidden(`${place}.${part}`, NOT_FOR_GUESTS))
    }
    for (const [at, mount] of (container.volumeMounts ?? []).entries()) {
      for (const part of ['subPath', 'subPathExpr'] as const) {
        if ((mount[part] ?? '') === '') continue
        faults.push(forbidden(`${place}.volumeMounts[${at}].${part}`, NOT_FOR_GUESTS))
      }
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
  validateEnvironment(faults, `${place}.env`, container.env ?? [], context.volumes)
  validateEnvironmentSources(faults, `${place}.envFrom`, container.envFrom ?? [])
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const { volumes } = context
  const security = container.securityContext
  validateMounts(faults, `${place}.volumeMounts`, mounts, { volumes, devices, security })
  validateDevices(faults, `${place}.volumeDevices`, mounts, { volumes, devices })
  requireOneOf(faults, `${place}.imagePullPolicy`, container.imagePullPolicy, [
    'Always',
    'IfNotPresent',
    'Never',
  ])
  const { resources = {}, resizePolicy = [] } = container
  validateContainerResources(faults, `${place}.resources`, resources, context.claims)
  validateResizePolicies(faults, `${place}.resizePolicy`, resizePolicy, context.restartPolicy)
  validateSecurity(faults, `${place}.securityContext`, security, context.hostUsers)
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
