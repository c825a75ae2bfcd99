/**
 * What the writer of a pod, or of a template of pods, should know: what has no effect, what hides something else. Pure.
 * Source: kubernetes pkg/api/pod/warnings.go, pkg/api/node/util.go
 */
import { ipWarnings } from '#api/addresses.ts'
import { equalJson } from '#api/json.ts'
import { labelValueFaults } from '#api/names.ts'
import type { ObjectMeta } from '#api/object.ts'
import { APP_ARMOR_CONTAINER, SECCOMP_CONTAINER, SECCOMP_POD } from '#api/old-annotations.ts'
import { parseQuantity } from '#api/quantity.ts'
import type {
  Container,
  ContainerPort,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Volume,
} from '#api/types/core-v1.ts'
import { OLD_NODE_LABELS } from '#api/validation/old-node-labels.ts'
import { overlapWarnings } from '#api/validation/overlapping-paths.ts'
import { appArmorOf } from '#api/validation/pod-annotations.ts'
import { containersOf } from '#api/validation/pod-systems.ts'
import { ownOf } from '#api/validation/quantities.ts'
import { claimSpecWarnings } from '#api/validation/storage-warnings.ts'

const OLD_ANNOTATIONS: readonly (readonly [key: string, instead: string])[] = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    'security.alpha.kubernetes.io/sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
]

/** In upstream's order; the claims of ephemeral ones are looked at between them. */
const OLD_VOLUMES: readonly (readonly [source: keyof Volume, since: string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['ephemeral', ''],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]
/** Where upstream's paths differ from the fields. */
const VOLUME_PATHS: Readonly<Partial<Record<keyof Volume, string>>> = { storageos: 'storageOS' }

/** A pod or a template; `path` is empty for pods, `spec.template` for most templates. */
export function podWarnings(
  path: string,
  { spec = { containers: [] }, metadata = {} }: Partial<PodTemplateSpec>,
): readonly string[] {
  const root = path === '' ? '' : `${path}.`
  const place = `${root}spec`
  const containers = containersOf(place, spec)
  return [
    ...labelWarnings(place, spec),
    ...annotationWarnings(`${root}metadata.annotations`, metadata, OLD_ANNOTATIONS),
    ...volumeWarnings(`${place}.volumes`, spec.volumes ?? []),
    ...overlapWarnings(spec.volumes ?? []),
    ...repeatedWarnings(place, spec),
    ...amountWarnings(place, { overhead: spec.overhead }),
    ...profileWarnings(`${root}metadata.annotations`, metadata, spec),
    ...containers.flatMap(([at, container]) => [
      ...containerProfileWarnings(`${root}metadata.annotations`, container, {
        metadata,
        spec,
        isTemplate: path !== '',
      }),
      ...containerWarnings(at, container),
    ]),
    ...portWarnings(containers),
    ...portNameWarnings(containers),
    ...graceWarnings(place, spec),
    ...affinityWarnings(`${place}.affinity`, spec.affinity),
    ...addressWarnings(place, spec),
  ]
}

type Placed<Value> = readonly [place: string, value: Value]

const placed = <Value>(place: string, values: readonly Value[] = []): readonly Placed<Value>[] =>
  values.map((value, index) => [`${place}[${index}]`, value])

function labelWarnings(place: string, spec: PodSpec): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const instead = OLD_NODE_LABELS.get(key)
    if (instead !== undefined) warnings.push(`${place}.nodeSelector[${key}]: ${instead}`)
  }
  const { requiredDuringSchedulingIgnoredDuringExecution: hard, ...soft } =
    spec.affinity?.nodeAffinity ?? {}
  const field = `${place}.affinity.nodeAffinity`
  const wanted = `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
  for (const [at, term] of placed(wanted, hard?.nodeSelectorTerms)) {
    warnings.push(...termWarnings(at, term, { judgesValues: false }))
  }
  const preferred = soft.preferredDuringSchedulingIgnoredDuringExecution
  const liked = `${field}.preferredDuringSchedulingIgnoredDuringExecution`
  for (const [at, { preference }] of placed(liked, preferred)) {
    warnings.push(...termWarnings(`${at}.preference`, preference, { judgesValues: true }))
  }
  const constraints = placed(`${place}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  for (const [at, { topologyKey, labelSelector }] of constraints) {
    const instead = OLD_NODE_LABELS.get(topologyKey)
    if (instead !== undefined) warnings.push(`${at}.topologyKey: ${topologyKey} is ${instead}`)
    if (labelSelector === undefined) warnings.push(`${at}.labelSelector: ${NO_POD}`)
  }
  return warnings
}

/** What is only preferred may name values that no label can have. */
const termWarnings = (
  field: string,
  term: NodeSelectorTerm,
  { judgesValues }: { readonly judgesValues: boolean },
): string[] =>
  placed(`${field}.matchExpressions`, term.matchExpressions).flatMap(([where, { key, values }]) => {
    const instead = OLD_NODE_LABELS.get(key)
    const wrong = judgesValues
      ? placed(`${where}.values`, values).flatMap(([at, value]) =>
          labelValueFaults(value).map(fault => `${at}: ${value} is invalid, ${fault}`),
        )
      : []
    return [...(instead === undefined ? [] : [`${where}.key: ${key} is ${instead}`]), ...wrong]
  })

const NO_POD = 'a null labelSelector results in matching no pod'

const annotationWarnings = (
  place: string,
  { annotations = {} }: ObjectMeta,
  old: readonly (readonly [key: string, instead: string])[],
): string[] =>
  old
    .filter(([key]) => Object.hasOwn(annotations, key))
    .map(([key, instead]) => `${place}[${key}]: ${instead}`)

const volumeWarnings = (place: string, volumes: readonly Volume[]): string[] =>
  placed(place, volumes).flatMap(([at, volume]) =>
    OLD_VOLUMES.filter(([source]) => volume[source] !== undefined).flatMap(([source, since]) => {
      if (source !== 'ephemeral') return [`${at}.${VOLUME_PATHS[source] ?? source}: ${since}`]
      const { spec = {} } = volume.ephemeral?.volumeClaimTemplate ?? {}
      return claimSpecWarnings(`${at}.ephemeral.volumeClaimTemplate.spec`, spec)
    }),
  )

/** Places whose key an earlier one has. */
function repeated<Value>(
  values: readonly Placed<Value>[],
  keyOf: (value: Value) => string,
): readonly Placed<Value>[] {
  const seen = new Set<string>()
  return values.filter(([, value]) => {
    const key = keyOf(value)
    if (seen.has(key)) return true
    seen.add(key)
    return false
  })
}

function repeatedWarnings(place: string, spec: PodSpec): string[] {
  const aliases = placed(`${place}.hostAliases`, spec.hostAliases)
  const secrets = placed(`${place}.imagePullSecrets`, spec.imagePullSecrets)
  return [
    ...repeated(aliases, ({ ip }) => ip).map(([at, { ip }]) => `${at}.ip: duplicate ip "${ip}"`),
    ...repeated(secrets, ({ name = '' }) => name).map(
      ([at, { name = '' }]) => `${at}.name: duplicate name ${JSON.stringify(name)}`,
    ),
    ...secrets
      .filter(([, { name = '' }]) => name === '')
      .map(([at]) => `${at}.name: invalid empty name ""`),
  ]
}

const SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
const APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'

const profileWarnings = (place: string, metadata: ObjectMeta, spec: PodSpec): string[] =>
  spec.securityContext?.seccompProfile === undefined
    ? annotationWarnings(place, metadata, [[SECCOMP_POD, SECCOMP]])
    : []

/** A pod's own AppArmor annotations are read into fields before, which says so. */
function containerProfileWarnings(
  place: string,
  { name, securityContext = {} }: Container,
  pod: { readonly metadata: ObjectMeta; readonly spec: PodSpec; readonly isTemplate: boolean },
): string[] {
  const { metadata, spec, isTemplate } = pod
  const old: (readonly [string, string])[] = []
  if (securityContext.seccompProfile === undefined) {
    old.push([`${SECCOMP_CONTAINER}${name}`, SECCOMP])
  }
  const key = `${APP_ARMOR_CONTAINER}${name}`
  const shared = spec.securityContext?.appArmorProfile
  const profile = appArmorOf(metadata.annotations?.[key] ?? '')
  const isSaid = shared !== undefined && equalJson(shared, profile)
  if (isTemplate && securityContext.appArmorProfile === undefined && !isSaid) {
    old.push([key, APP_ARMOR])
  }
  return annotationWarnings(place, metadata, old)
}

const MILLI = 1_000_000n

/** Bytes come in whole ones; what is below a thousandth of one has been rounded by then. */
const amountWarnings = (
  place: string,
  lists: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>,
): string[] =>
  ['memory', 'ephemeral-storage'].flatMap(name =>
    Object.entries(lists).flatMap(([part, amounts]) => {
      const amount = ownOf(amounts, name)
      if (amount === undefined || (parseQuantity(amount).nanos / MILLI) % 1000n === 0n) return []
      const why = `fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`
      return [`${place}.${part}[${name}]: ${why}`]
    }),
  )

function containerWarnings(place: string, { resources = {}, env = [] }: Container): string[] {
  const hidden = repeated(placed(`${place}.env`, env), ({ name }) => name).filter(
    ([, { name, value = '', valueFrom }]) => {
      const reference = `$(${name})`
      return valueFrom !== undefined || value === reference || !value.includes(reference)
    },
  )
  const { limits, requests } = resources
  return [
    ...amountWarnings(`${place}.resources`, { limits, requests }),
    ...hidden.map(
      ([at, { name }]) =>
        `${at}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ),
  ]
}

/** As many are compared with the same port; more of them tell nobody anything. */
const SAME_PORT_MAX = 100

function portWarnings(containers: readonly Placed<Container>[]): string[] {
  const warnings: string[] = []
  const known = new Map<string, Placed<ContainerPort>[]>()
  for (const [place, { ports }] of containers) {
    for (const [at, port] of placed(`${place}.ports`, ports)) {
      if ((port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0) {
        warnings.push(`${at}: hostIP set without hostPort: ${printedPort(port)}`)
      }
      const key = `${port.containerPort}/${port.protocol ?? ''}`
      const others = known.get(key) ?? []
      for (const [where, other] of others) {
        const clash = clashOf(port, other)
        if (clash !== undefined) warnings.push(`${at}: ${clash} port definition with ${where}`)
      }
      if (others.length < SAME_PORT_MAX) others.push([at, port])
      known.set(key, others)
    }
  }
  return warnings
}

/** As Go shows a struct. */
const printedPort = ({
  name = '',
  hostPort = 0,
  containerPort,
  protocol,
  hostIP,
}: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`

/** Services and probes know ports by name. */
function portNameWarnings(containers: readonly Placed<Container>[]): string[] {
  const known = new Map<string, string>()
  const ports = containers.flatMap(([place, container]) =>
    placed(`${place}.ports`, container.ports),
  )
  return ports.flatMap(([at, { name = '' }]) => {
    const other = known.get(name)
    if (name !== '' && other === undefined) known.set(name, at)
    if (other === undefined) return []
    const first = `services and probes that select ports by name will use ${other}`
    return [`${at}: duplicate port name ${JSON.stringify(name)} with ${other}, ${first}`]
  })
}

function clashOf(one: ContainerPort, other: ContainerPort): string | undefined {
  const [port, otherPort] = [one.hostPort ?? 0, other.hostPort ?? 0]
  const [ip, otherIP] = [one.hostIP ?? '', other.hostIP ?? '']
  if (ip === otherIP && port === otherPort) return 'duplicate'
  if (port === 0 || otherPort === 0) return 'overlapping'
  const isAmbiguous = port === otherPort && (ip === '') !== (otherIP === '')
  return isAmbiguous ? 'dangerously ambiguous' : undefined
}

const graceWarnings = (
  place: string,
  { terminationGracePeriodSeconds: grace = 0 }: PodSpec,
): string[] =>
  grace < 0
    ? [
        `${place}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
      ]
    : []

function affinityWarnings(place: string, affinity: PodSpec['affinity']): string[] {
  const terms = (['podAffinity', 'podAntiAffinity'] as const).flatMap(kind => {
    const { requiredDuringSchedulingIgnoredDuringExecution: hard, ...soft } = affinity?.[kind] ?? {}
    const weighted = soft.preferredDuringSchedulingIgnoredDuringExecution
    return [
      ...placed(`${place}.${kind}.requiredDuringSchedulingIgnoredDuringExecution`, hard),
      ...placed(`${place}.${kind}.preferredDuringSchedulingIgnoredDuringExecution`, weighted).map(
        ([at, { podAffinityTerm }]): Placed<PodAffinityTerm> => [
          `${at}.podAffinityTerm`,
          podAffinityTerm,
        ],
      ),
    ]
  })
  return terms
    .filter(([, { labelSelector }]) => labelSelector === undefined)
    .map(([at]) => `${at}.labelSelector: ${NO_POD}`)
}

const addressWarnings = (place: string, { dnsConfig, hostAliases }: PodSpec): readonly string[] => [
  ...placed(`${place}.dnsConfig.nameservers`, dnsConfig?.nameservers).flatMap(([at, address]) =>
    ipWarnings(at, address),
  ),
  ...placed(`${place}.hostAliases`, hostAliases).flatMap(([at, { ip }]) =>
    ipWarnings(`${at}.ip`, ip),
  ),
]

/** Of what a node says. */
export const podStatusWarnings = ({ podIPs, hostIPs }: PodStatus = {}): readonly string[] =>
  Object.entries({ podIPs, hostIPs }).flatMap(([list, addresses]) =>
    placed(`status.${list}`, addresses).flatMap(([at, { ip }]) => ipWarnings(`${at}.ip`, ip)),
  )
