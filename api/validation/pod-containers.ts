/**
 * Containers of a pod: names, images, ports, environment, resources, security. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateContainers, validateInitContainers,
 * validateEphemeralContainers, validateContainerCommon
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
import {
  type HandlerContext,
  validateLifecycle,
  validateProbes,
} from '#api/validation/pod-handlers.ts'
import {
  validateContainerResources,
  validateResizePolicies,
} from '#api/validation/pod-resources.ts'
import { validateContainerRestarts, validateInitRestarts } from '#api/validation/pod-restarts.ts'
import { validateSecurity } from '#api/validation/pod-security.ts'
import { validateDevices, validateMounts } from '#api/validation/pod-volumes.ts'

/** What all containers of one pod share. */
export interface ContainerContext extends HandlerContext {
  /** Those without a fault of their own. */
  readonly volumes: ReadonlyMap<string, Volume>
  /** Whether users in the pod are those of its node. */
  readonly hostUsers: boolean
  readonly restartPolicy: string | undefined
  /** Names of its resource claims. */
  readonly claims: ReadonlySet<string>
}

export function validateContainers(
  faults: Faults,
  field: string,
  containers: readonly Container[],
  context: ContainerContext,
): void {
  if (containers.length === 0) faults.push(required(field))
  const names = new Set<string>()
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    const { name } = container
    validateContainer(faults, place, container, context)
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    names.add(name)
    validateLifecycle(faults, place, container, context)
    validateProbes(faults, place, container, context)
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
    for (const [at, { protocol = '', hostIP = '', hostPort = 0 }] of ports.entries()) {
      if (hostPort === 0) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) faults.push(duplicate(`${field}[${index}].ports[${at}].hostPort`, key))
      taken.add(key)
    }
  }
}

const INIT_FORBIDDEN = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const
const NOT_FOR_INIT = 'may not be set for init containers without restartPolicy=Always'

export function validateInitContainers(
  faults: Faults,
  field: string,
  containers: readonly Container[],
  context: ContainerContext & { readonly names: readonly string[] },
): void {
  const names = new Set(context.names)
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    const { name } = container
    validateContainer(faults, place, container, context)
    validateInitRestarts(faults, place, container)
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    else if (name !== '') names.add(name)
    // They run one by one, so each is looked at alone; upstream's path names the first of them.
    refuseSharedHostPorts(faults, field, [container])
    if (container.restartPolicy === 'Always') {
      validateLifecycle(faults, place, container, context)
      validateProbes(faults, place, container, context)
    } else validatePassing(faults, place, container)
  }
}

/** An init container that ends before the next one starts. */
function validatePassing(faults: Faults, place: string, container: Container): void {
  for (const name of INIT_FORBIDDEN) {
    if (container[name] !== undefined) faults.push(forbidden(`${place}.${name}`, NOT_FOR_INIT))
  }
  for (const [at, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== 'RestartContainer') continue
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    faults.push(wrong(`${place}.resizePolicy[${at}].restartPolicy`, restartPolicy, detail))
  }
}

const EPHEMERAL_FORBIDDEN = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

const NOT_FOR_GUESTS = 'cannot be set for an Ephemeral Container'

/** An empty list was given too; empty resources were not. */
const isGiven = ({ resources = {}, ...parts }: EphemeralContainer, part: string): boolean =>
  part === 'resources' ? Object.keys(resources).length > 0 : Reflect.get(parts, part) !== undefined

/** Guests: they look on, and ask for nothing. */
export function validateEphemeralContainers(
  faults: Faults,
  field: string,
  containers: readonly EphemeralContainer[],
  context: ContainerContext & { readonly names: readonly string[] },
): void {
  const hosts = new Set(context.names)
  const names = new Set(hosts)
  for (const [index, container] of containers.entries()) {
    const place = `${field}[${index}]`
    const { targetContainerName: target = '', name } = container
    validateContainer(faults, place, container, context)
    validateImageText(faults, place, container)
    if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
    names.add(name)
    if (target !== '' && !hosts.has(target)) {
      faults.push(notFound(`${place}.targetContainerName`, target))
    }
    for (const part of EPHEMERAL_FORBIDDEN) {
      if (isGiven(container, part)) faults.push(forbidden(`${place}.${part}`, NOT_FOR_GUESTS))
    }
    for (const [at, mount] of (container.volumeMounts ?? []).entries()) {
      for (const part of ['subPath', 'subPathExpr'] as const) {
        if ((mount[part] ?? '') === '') continue
        faults.push(forbidden(`${place}.volumeMounts[${at}].${part}`, NOT_FOR_GUESTS))
      }
    }
  }
}

/** Of pods; templates may hold an image that something fills in later. */
export function validateImageText(
  faults: Faults,
  place: string,
  { image = '' }: Pick<Container, 'image'>,
): void {
  if (image.trim() === image) return
  faults.push(wrong(`${place}.image`, image, 'must not have leading or trailing whitespace'))
}

const PULL_POLICIES: readonly string[] = ['Always', 'IfNotPresent', 'Never']

function validateContainer(
  faults: Faults,
  place: string,
  container: Container,
  context: ContainerContext,
): void {
  const { name, image = '', terminationMessagePolicy } = container
  requireFormat(faults, `${place}.name`, name, labelFaults)
  if (image === '') faults.push(required(`${place}.image`))
  requireOneOf(faults, `${place}.terminationMessagePolicy`, terminationMessagePolicy, [
    'File',
    'FallbackToLogsOnError',
  ])
  validatePorts(faults, `${place}.ports`, container.ports ?? [])
  validateEnvironment(faults, `${place}.env`, container.env ?? [])
  validateEnvironmentSources(faults, `${place}.envFrom`, container.envFrom ?? [])
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const { volumes } = context
  const security = container.securityContext
  validateMounts(faults, `${place}.volumeMounts`, mounts, { volumes, devices, security })
  validateDevices(faults, `${place}.volumeDevices`, mounts, { volumes, devices })
  requireOneOf(faults, `${place}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES)
  const { resources = {}, resizePolicy = [] } = container
  validateContainerResources(faults, `${place}.resources`, resources, context.claims)
  validateResizePolicies(faults, `${place}.resizePolicy`, resizePolicy, context.restartPolicy)
  validateSecurity(faults, `${place}.securityContext`, security, context.hostUsers)
}

function validatePorts(faults: Faults, field: string, ports: readonly ContainerPort[]): void {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const place = `${field}[${index}]`
    const { name = '', containerPort, hostPort = 0, protocol } = port
    if (name !== '') {
      const format = portNameFaults(name)
      wrongFormat(faults, `${place}.name`, name, format)
      if (names.has(name)) faults.push(duplicate(`${place}.name`, name))
      if (format.length === 0) names.add(name)
    }
    if (!containerPort) faults.push(required(`${place}.containerPort`))
    else validateNumber(faults, `${place}.containerPort`, containerPort)
    if (hostPort !== 0) validateNumber(faults, `${place}.hostPort`, hostPort)
    requireOneOf(faults, `${place}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
  }
}

function validateNumber(faults: Faults, field: string, port: number): void {
  for (const detail of portNumberFaults(port)) faults.push(wrong(field, port, detail))
}
