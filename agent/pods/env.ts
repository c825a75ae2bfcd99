/**
 * The environment of a container. Pure.
 *
 * Order, later wins: services, `envFrom` in its order, `env` in its order with `$(VAR)` of what came before.
 * Throws  MissingReference when a ConfigMap, Secret or key is missing that is not optional; Error for a bad field.
 * Source: kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables; pkg/kubelet/envvars/envvars.go
 */
import type { ConfigMap, Container, EnvVar, Secret, Service } from '#api/types/core-v1.ts'
import { expand } from './expand.ts'
import { type FieldFacts, podField, resourceField } from './fields.ts'

/** Why a container cannot be created yet; it is tried again. */
export class MissingReference extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MissingReference'
  }
}

export interface EnvSources extends FieldFacts {
  /** Undefined when there is none of that name in the pod's namespace. */
  configMap(name: string): ConfigMap | undefined
  secret(name: string): Secret | undefined
  /** Services of the pod's namespace, and the API's own. */
  readonly services: readonly Service[]
}

/** `NAME=value` in the order of definition. */
export function containerEnv(container: Container, sources: EnvSources): string[] {
  const env = new Map<string, string>(serviceEnv(sources))
  for (const from of container.envFrom ?? []) {
    const data = fromSource(from, sources)
    for (const [key, value] of Object.entries(data)) env.set(`${from.prefix ?? ''}${key}`, value)
  }
  // `$(VAR)` sees what is defined so far, not what services gave unless it was not overridden
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, container, { sources, env })
    if (value !== undefined) env.set(variable.name, value)
  }
  return [...env].map(([name, value]) => `${name}=${value}`)
}

type EnvFrom = NonNullable<Container['envFrom']>[number]

function fromSource(from: EnvFrom, sources: EnvSources): Readonly<Record<string, string>> {
  if (from.configMapRef !== undefined) {
    const { name = '', optional } = from.configMapRef
    const configMap = sources.configMap(name)
    if (configMap === undefined && optional !== true) {
      throw new MissingReference(`configmap "${name}" not found`)
    }
    return configMap?.data ?? {}
  }
  if (from.secretRef === undefined) return {}
  const { name = '', optional } = from.secretRef
  const secret = sources.secret(name)
  if (secret === undefined && optional !== true) {
    throw new MissingReference(`secret "${name}" not found`)
  }
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decoded(value)]),
  )
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

/** Undefined when an optional reference is missing: the variable is left out. */
function valueOf(
  variable: EnvVar,
  container: Container,
  { sources, env }: { readonly sources: EnvSources; readonly env: ReadonlyMap<string, string> },
): string | undefined {
  const from = variable.valueFrom
  if (from === undefined) return expand(variable.value ?? '', name => env.get(name))
  if (from.fieldRef !== undefined) return podField(sources, from.fieldRef.fieldPath)
  if (from.resourceFieldRef !== undefined) {
    const { containerName } = from.resourceFieldRef
    const spec = sources.pod.spec
    const of =
      containerName === undefined || containerName === ''
        ? container
        : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
            ({ name }) => name === containerName,
          )
    return resourceField(sources, of ?? container, from.resourceFieldRef)
  }
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = from.configMapKeyRef
    const configMap = sources.configMap(name)
    if (configMap === undefined && optional !== true) {
      throw new MissingReference(`configmap "${name}" not found`)
    }
    return required(
      configMap?.data?.[key],
      optional,
      `couldn't find key ${key} in ConfigMap ${sources.pod.metadata.namespace}/${name}`,
    )
  }
  if (from.secretKeyRef === undefined) return ''
  const { name = '', key, optional } = from.secretKeyRef
  const secret = sources.secret(name)
  if (secret === undefined && optional !== true) {
    throw new MissingReference(`secret "${name}" not found`)
  }
  const value = secret?.data?.[key]
  return required(
    value === undefined ? undefined : decoded(value),
    optional,
    `couldn't find key ${key} in Secret ${sources.pod.metadata.namespace}/${name}`,
  )
}

function required(
  value: string | undefined,
  optional: boolean | undefined,
  message: string,
): string | undefined {
  if (value === undefined && optional !== true) throw new MissingReference(message)
  return value
}

/** `default/kubernetes` is seen everywhere; the namespace's own only with service links. */
function serviceEnv({ pod, services }: EnvSources): [string, string][] {
  const { namespace } = pod.metadata
  const isLinked = pod.spec?.enableServiceLinks !== false
  const byName = new Map<string, Service>()
  for (const service of services) {
    const ip = service.spec?.clusterIP
    if (ip === undefined || ip === '' || ip === 'None') continue
    const name = service.metadata.name ?? ''
    const isMaster = service.metadata.namespace === 'default' && name === 'kubernetes'
    if (isMaster && !byName.has(name)) byName.set(name, service)
    if (isLinked && service.metadata.namespace === namespace) byName.set(name, service)
  }
  return [...byName.values()].flatMap(oneService)
}

function oneService(service: Service): [string, string][] {
  const prefix = envName(service.metadata.name ?? '')
  const ip = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  const first = ports[0]
  if (first === undefined) return []
  const host = ip.includes(':') ? `[${ip}]` : ip
  const urlOf = (port: (typeof ports)[number]): string =>
    `${(port.protocol ?? 'TCP').toLowerCase()}://${host}:${port.port}`
  return [
    [`${prefix}_SERVICE_HOST`, ip],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...ports.flatMap((port): [string, string][] =>
      port.name === undefined || port.name === ''
        ? []
        : [[`${prefix}_SERVICE_PORT_${envName(port.name)}`, String(port.port)]],
    ),
    [`${prefix}_PORT`, urlOf(first)],
    ...ports.flatMap((port): [string, string][] => {
      const protocol = port.protocol ?? 'TCP'
      const stem = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`
      return [
        [stem, urlOf(port)],
        [`${stem}_PROTO`, protocol.toLowerCase()],
        [`${stem}_PORT`, String(port.port)],
        [`${stem}_ADDR`, ip],
      ]
    }),
  ]
}

const envName = (name: string): string => name.replaceAll('-', '_').toUpperCase()
