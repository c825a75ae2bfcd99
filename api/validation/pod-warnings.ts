/**
 * What the writer of a pod, or of a template of pods, should know: what has no effect, what hides something else. Pure.
 * Source: kubernetes pkg/api/pod/warnings.go, pkg/api/node/util.go
 */
import type { ObjectMeta } from '#api/object.ts'
import { parseQuantity } from '#api/quantity.ts'
import type {
  Container,
  ContainerPort,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '#api/types/core-v1.ts'
import { ownOf } from '#api/validation/quantities.ts'

const ZONE = 'topology.kubernetes.io'
const deprecatedLabel = (since: string, instead: string): string =>
  `deprecated since ${since}; use "${instead}" instead`

export const OLD_NODE_LABELS: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', deprecatedLabel('v1.14', 'kubernetes.io/arch')],
  ['beta.kubernetes.io/os', deprecatedLabel('v1.14', 'kubernetes.io/os')],
  ['failure-domain.beta.kubernetes.io/region', deprecatedLabel('v1.17', `${ZONE}/region`)],
  ['failure-domain.beta.kubernetes.io/zone', deprecatedLabel('v1.17', `${ZONE}/zone`)],
  [
    'beta.kubernetes.io/instance-type',
    deprecatedLabel('v1.17', 'node.kubernetes.io/instance-type'),
  ],
])

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

const OLD_VOLUMES: readonly (readonly [source: keyof Volume, since: string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
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
    ...repeatedWarnings(place, spec),
    ...profileWarnings(`${root}metadata.annotations`, { metadata, spec, isTemplate: path !== '' }),
    ...amountWarnings(`${place}.overhead`, spec.overhead),
    ...containers.flatMap(([at, container]) => containerWarnings(at, container)),
    ...portWarnings(containers),
    ...graceWarnings(place, spec),
    ...affinityWarnings(`${place}.affinity`, spec.affinity),
  ]
}

type Placed<Value> = readonly [place: string, value: Value]

const placed = <Value>(place: string, values: readonly Value[] = []): readonly Placed<Value>[] =>
  values.map((value, index) => [`${place}[${index}]`, value])

const containersOf = (place: string, spec: PodSpec): readonly Placed<Container>[] => [
  ...placed(`${place}.initContainers`, spec.initContainers),
  ...placed(`${place}.containers`, spec.containers),
  ...placed<Container>(`${place}.ephemeralContainers`, spec.ephemeralContainers),
]

function labelWarnings(place: string, spec: PodSpec): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const instead = OLD_NODE_LABELS.get(key)
    if (instead !== undefined) warnings.push(`${place}.nodeSelector[${key}]: ${instead}`)
  }
  const { requiredDuringSchedulingIgnoredDuringExecution: hard, ...soft } =
    spec.affinity?.nodeAffinity ?? {}
  const field = `${place}.affinity.nodeAffinity`
  const terms: readonly Placed<NodeSelectorTerm>[] = [
    ...placed(
      `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`,
      hard?.nodeSelectorTerms,
    ),
    ...placed(
      `${field}.preferredDuringSchedulingIgnoredDuringExecution`,
      soft.preferredDuringSchedulingIgnoredDuringExecution,
    ).map(([at, { preference }]): Placed<NodeSelectorTerm> => [`${at}.preference`, preference]),
  ]
  for (const [at, term] of terms) {
    for (const [where, { key }] of placed(`${at}.matchExpressions`, term.matchExpressions)) {
      const instead = OLD_NODE_LABELS.get(key)
      if (instead !== undefined) warnings.push(`${where}.key: ${key} is ${instead}`)
    }
  }
  const constraints = placed(`${place}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  for (const [at, { topologyKey, labelSelector }] of constraints) {
    const instead = OLD_NODE_LABELS.get(topologyKey)
    if (instead !== undefined) warnings.push(`${at}.topologyKey: ${topologyKey} is ${instead}`)
    if (labelSelector === undefined) warnings.push(`${at}.labelSelector: ${NO_POD}`)
  }
  return warnings
}

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
    OLD_VOLUMES.filter(([source]) => volume[source] !== undefined).map(
      ([source, since]) => `${at}.${VOLUME_PATHS[source] ?? source}: ${since}`,
    ),
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

function profileWarnings(
  place: string,
  pod: { readonly metadata: ObjectMeta; readonly spec: PodSpec; readonly isTemplate: boolean },
): string[] {
  const { metadata, spec, isTemplate } = pod
  const old: (readonly [string, string])[] = []
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {}
  if (seccompProfile === undefined) old.push(['seccomp.security.alpha.kubernetes.io/pod', SECCOMP])
  for (const [, { name, securityContext = {} }] of containersOf('', spec)) {
    if (securityContext.seccompProfile === undefined)
      old.push([`container.seccomp.security.alpha.kubernetes.io/${name}`, SECCOMP])
    if (isTemplate && (appArmorProfile ?? securityContext.appArmorProfile) === undefined)
      old.push([`container.apparmor.security.beta.kubernetes.io/${name}`, APP_ARMOR])
  }
  return annotationWarnings(place, metadata, old)
}

const MILLI = 1_000_000n

/** Bytes come in whole ones; what is below a thousandth of one has been rounded by then. */
const amountWarnings = (
  place: string,
  amounts: Readonly<Record<string, string>> | undefined,
): string[] =>
  ['memory', 'ephemeral-storage'].flatMap(name => {
    const amount = ownOf(amounts, name)
    if (amount === undefined || (parseQuantity(amount).nanos / MILLI) % 1000n === 0n) return []
    return [
      `${place}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
    ]
  })

function containerWarnings(place: string, { resources = {}, env = [] }: Container): string[] {
  const hidden = repeated(placed(`${place}.env`, env), ({ name }) => name).filter(
    ([, { name, value = '', valueFrom }]) => {
      const reference = `$(${name})`
      return valueFrom !== undefined || value === reference || !value.includes(reference)
    },
  )
  return [
    ...amountWarnings(`${place}.resources.limits`, resources.limits),
    ...amountWarnings(`${place}.resources.requests`, resources.requests),
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
