/**
 * Annotations that say something about a pod: its node's mirror, what its deletion costs, and profiles and tolerations
 * of the time before they were fields. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations,
 * ValidatePodSpecificAnnotationUpdates, validateSeccompAnnotationsAndFields,
 * validateAppArmorAnnotationsAndFieldsMatchOnCreate
 */
import { INT32_MAX } from '#api/names.ts'
import type { ObjectMeta } from '#api/object.ts'
import { APP_ARMOR_CONTAINER, SECCOMP_CONTAINER, SECCOMP_POD } from '#api/old-annotations.ts'
import type { AppArmorProfile, PodSpec, Toleration } from '#api/types/core-v1.ts'
import { type Faults, forbidden, wrong, wrongFormat } from '#api/validation/fault.ts'
import { validateTolerations } from '#api/validation/pod-placement.ts'
import { validateAppArmor } from '#api/validation/pod-security.ts'
import { containersOf } from '#api/validation/pod-systems.ts'
import { descendingPathFaults } from '#api/validation/volume-sources.ts'
import { isRecord } from '#api/values.ts'

type Annotations = Readonly<Record<string, string>>

export const MIRROR = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations'
const LOCALHOST = 'localhost/'

/** `field` is where the annotations are. */
export function validatePodAnnotations(
  faults: Faults,
  field: string,
  annotations: Annotations,
  spec: PodSpec,
): void {
  const mirror = annotations[MIRROR]
  if (mirror !== undefined && (spec.nodeName ?? '') === '') {
    const detail = 'must set spec.nodeName if mirror pod annotation is set'
    faults.push(wrong(`${field}[${MIRROR}]`, mirror, detail))
  }
  validateOldTolerations(faults, field, annotations[TOLERATIONS] ?? '')
  const cost = annotations[DELETION_COST]
  if (cost !== undefined && !isDeletionCost(cost)) {
    faults.push(wrong(`${field}[${DELETION_COST}]`, cost, 'must be a 32bit integer'))
  }
  for (const [key, profile] of Object.entries(annotations)) {
    if (key !== SECCOMP_POD && !key.startsWith(SECCOMP_CONTAINER)) continue
    validateOldSeccomp(faults, `${field}.${key}`, profile)
  }
  for (const [key, profile] of Object.entries(annotations)) {
    if (key.startsWith(APP_ARMOR_CONTAINER))
      validateOldAppArmor(faults, field, { key, profile, spec })
  }
}

/** Neither a plus nor zeros in front. */
const isDeletionCost = (text: string): boolean =>
  /^(0|[1-9]\d*|-\d+)$/.test(text) && Number(text) >= -INT32_MAX - 1 && Number(text) <= INT32_MAX

function validateOldTolerations(faults: Faults, field: string, text: string): void {
  if (text === '') return
  let tolerations: unknown
  try {
    tolerations = JSON.parse(text)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    faults.push(wrong(field, TOLERATIONS, detail))
    return
  }
  if (!Array.isArray(tolerations)) return
  validateTolerations(faults, `${field}.${TOLERATIONS}`, tolerations.filter(isToleration))
}

const isToleration = (value: unknown): value is Toleration =>
  isRecord(value) &&
  ['key', 'operator', 'value', 'effect'].every(name =>
    ['string', 'undefined'].includes(typeof value[name]),
  )

const SECCOMP_PROFILES: readonly string[] = ['runtime/default', 'docker/default', 'unconfined']

function validateOldSeccomp(faults: Faults, place: string, profile: string): void {
  if (SECCOMP_PROFILES.includes(profile)) return
  if (profile.startsWith(LOCALHOST)) {
    const path = profile.slice(LOCALHOST.length)
    wrongFormat(faults, place, path, descendingPathFaults(path))
  } else faults.push(wrong(place, profile, 'must be a valid seccomp profile'))
}

const APP_ARMOR_PROFILES: readonly string[] = ['', 'runtime/default', 'unconfined']

function validateOldAppArmor(
  faults: Faults,
  field: string,
  {
    key,
    profile,
    spec,
  }: { readonly key: string; readonly profile: string; readonly spec: PodSpec },
): void {
  const place = `${field}[${key}]`
  const name = key.slice(APP_ARMOR_CONTAINER.length)
  if (!containersOf('', spec).some(([, container]) => container.name === name)) {
    faults.push(wrong(place, name, 'container not found'))
  }
  if (APP_ARMOR_PROFILES.includes(profile) || profile.startsWith(LOCALHOST)) return
  const detail = `invalid AppArmor profile name: ${JSON.stringify(profile)}`
  faults.push(wrong(place, profile, detail))
}

interface Profile {
  readonly type?: string
  readonly localhostProfile?: string
}

/** What annotations call the profiles of fields. */
const OLD_NAMES: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default'],
}

interface Pair {
  readonly annotation: string | undefined
  readonly profile: Profile | undefined
  readonly what: 'apparmor' | 'seccomp'
  readonly names: Readonly<Record<string, readonly string[]>>
}

function requireSame(faults: Faults, field: string, pair: Pair): void {
  const { annotation, profile, what, names } = pair
  if (annotation === undefined || profile === undefined) return
  const { type = '', localhostProfile } = profile
  const isLocal = type === 'Localhost'
  const isSameType = isLocal
    ? annotation.startsWith(LOCALHOST)
    : (names[type]?.includes(annotation) ?? true)
  if (!isSameType) {
    faults.push(forbidden(`${field}.type`, `${what} type in annotation and field must match`))
  } else if (isLocal && annotation.slice(LOCALHOST.length) !== localhostProfile) {
    const detail = `${what} profile in annotation and field must match`
    faults.push(forbidden(`${field}.localhostProfile`, detail))
  }
}

const SECCOMP_NAMES = { ...OLD_NAMES, RuntimeDefault: ['runtime/default', 'docker/default'] }

/** Annotations and fields of one pod say the same. `field` is where the spec is. */
export function validateProfiles(
  faults: Faults,
  field: string,
  { annotations = {} }: ObjectMeta,
  spec: PodSpec,
): void {
  // Mostly there are none, and asking for each container's takes a text each.
  if (Object.keys(annotations).length === 0) return
  const shared = spec.securityContext ?? {}
  requireSame(faults, `${field}.securityContext.seccompProfile`, {
    annotation: annotations[SECCOMP_POD],
    profile: shared.seccompProfile,
    what: 'seccomp',
    names: SECCOMP_NAMES,
  })
  const containers = containersOf(field, spec)
  for (const [place, { name, securityContext }] of containers) {
    requireSame(faults, `${place}.securityContext.seccompProfile`, {
      annotation: annotations[`${SECCOMP_CONTAINER}${name}`],
      profile: securityContext?.seccompProfile,
      what: 'seccomp',
      names: SECCOMP_NAMES,
    })
  }
  if (spec.os?.name === 'windows') return
  for (const [place, { name, securityContext }] of containers) {
    requireSame(faults, `${place}.securityContext.appArmorProfile`, {
      annotation: annotations[`${APP_ARMOR_CONTAINER}${name}`],
      profile: securityContext?.appArmorProfile ?? shared.appArmorProfile,
      what: 'apparmor',
      names: OLD_NAMES,
    })
  }
}

const APP_ARMOR_TYPES: ReadonlyMap<string, 'RuntimeDefault' | 'Unconfined'> = new Map([
  ['unconfined', 'Unconfined'],
  ['runtime/default', 'RuntimeDefault'],
] as const)

/** The profile that an annotation names; undefined when it names none that a field could. */
export function appArmorOf(annotation: string): AppArmorProfile | undefined {
  const type = APP_ARMOR_TYPES.get(annotation)
  if (type !== undefined) return { type }
  const localhostProfile = annotation.startsWith(LOCALHOST)
    ? annotation.slice(LOCALHOST.length)
    : ''
  const made = { type: 'Localhost', localhostProfile } as const
  const faults: Faults = []
  validateAppArmor(faults, '', made)
  return faults.length === 0 ? made : undefined
}

/** Of a pod that is there: what its node and its kernel were told stays. */
export function validateAnnotationChanges(
  faults: Faults,
  field: string,
  annotations: Annotations,
  before: Annotations,
): void {
  const what = (key: string): string | undefined =>
    key.startsWith(APP_ARMOR_CONTAINER)
      ? 'AppArmor annotations'
      : key === MIRROR
        ? 'mirror pod annotation'
        : undefined
  for (const [key, value] of Object.entries(before)) {
    const kind = what(key)
    if (kind === undefined || annotations[key] === value) continue
    faults.push(forbidden(`${field}[${key}]`, `may not remove or update ${kind}`))
  }
  for (const key of Object.keys(annotations)) {
    const kind = what(key)
    if (kind === undefined || Object.hasOwn(before, key)) continue
    faults.push(forbidden(`${field}[${key}]`, `may not add ${kind}`))
  }
}
