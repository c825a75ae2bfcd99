/**
 * Users, groups, kernel settings and profiles of pods and containers. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSecurityContext, ValidateSecurityContext
 */
import { outOfRange } from '#api/names.ts'
import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '#api/types/core-v1.ts'
import {
  allowOneOf,
  duplicate,
  type Faults,
  forbidden,
  required,
  requireOneOf,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateWindowsOptions } from '#api/validation/pod-systems.ts'
import { descendingPathFaults } from '#api/validation/volume-sources.ts'

const ID_MAX = 2_147_483_647

const idFaults = (id: number): readonly string[] =>
  id >= 0 && id <= ID_MAX ? [] : [outOfRange(0, ID_MAX)]

/** User and group ids, of containers and of pods. */
export function validateIds(
  faults: Faults,
  field: string,
  ids: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, id] of Object.entries(ids)) {
    if (id === undefined) continue
    for (const detail of idFaults(id)) faults.push(wrong(`${field}.${name}`, id, detail))
  }
}

export function validatePodSecurity(faults: Faults, field: string, spec: PodSpec): void {
  const { securityContext: context = {} } = spec
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = context
  validateIds(faults, field, { fsGroup, runAsUser, runAsGroup })
  for (const [index, group] of supplementalGroups.entries()) {
    validateIds(faults, field, { [`supplementalGroups[${index}]`]: group })
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    faults.push(wrong(`${field}.shareProcessNamespace`, true, detail))
  }
  validateSysctls(faults, `${field}.sysctls`, context.sysctls ?? [], spec)
  allowOneOf(faults, `${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
    'Always',
    'OnRootMismatch',
  ])
  validateSeccomp(faults, `${field}.seccompProfile`, context.seccompProfile)
  validateWindowsOptions(faults, `${field}.windowsOptions`, context.windowsOptions)
  validateAppArmor(faults, `${field}.appArmorProfile`, context.appArmorProfile)
  allowOneOf(faults, `${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
    'Merge',
    'Strict',
  ])
  allowOneOf(faults, `${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, [
    'MountOption',
    'Recursive',
  ])
}

const SYSCTL_MAX = 253
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL = `(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}`
const sysctlPattern = new RegExp(`^${SYSCTL}$`)

/** Settings of namespaces that a pod may share with its node. */
const SHARED_SYSCTLS = [
  { flag: 'hostNetwork', pattern: /^net[./]/ },
  { flag: 'hostIPC', pattern: /^(kernel[./](shm|msg|sem)|fs[./]mqueue[./])/ },
] as const

function validateSysctls(
  faults: Faults,
  field: string,
  sysctls: readonly Sysctl[],
  spec: PodSpec,
): void {
  const names = new Set<string>()
  for (const [index, { name }] of sysctls.entries()) {
    const place = `${field}[${index}].name`
    if (name === '') faults.push(required(place))
    else if (name.length > SYSCTL_MAX || !sysctlPattern.test(name)) {
      const detail = `must have at most ${SYSCTL_MAX} characters and match regex ${SYSCTL}`
      faults.push(wrong(place, name, detail))
    } else if (names.has(name)) faults.push(duplicate(place, name))
    for (const { flag, pattern } of SHARED_SYSCTLS) {
      if (spec[flag] !== true || !pattern.test(name)) continue
      faults.push(wrong(place, name, `may not be specified when '${flag}' is true`))
    }
    names.add(name)
  }
}

const SECCOMP_TYPES: readonly string[] = ['Localhost', 'RuntimeDefault', 'Unconfined']

function validateSeccomp(faults: Faults, field: string, profile: SeccompProfile | undefined): void {
  if (profile === undefined) return
  const { type, localhostProfile: path } = profile
  if (type === undefined || !SECCOMP_TYPES.includes(type)) {
    faults.push(unsupported(`${field}.type`, type, SECCOMP_TYPES))
  }
  const place = `${field}.localhostProfile`
  if (type !== 'Localhost') {
    if (path === undefined) return
    faults.push(wrong(place, profile, 'can only be set when seccomp type is Localhost'))
  } else if (path === undefined) {
    faults.push(required(place, 'must be set when seccomp type is Localhost'))
  } else wrongFormat(faults, place, path, descendingPathFaults(path))
}

const APP_ARMOR_BYTES_MAX = 4095

function validateAppArmor(
  faults: Faults,
  field: string,
  profile: AppArmorProfile | undefined,
): void {
  if (profile === undefined) return
  const { type, localhostProfile: name } = profile
  const place = `${field}.localhostProfile`
  requireOneOf(faults, `${field}.type`, type, SECCOMP_TYPES)
  if (type !== 'Localhost') {
    if (name === undefined) return
    faults.push(wrong(place, name, 'can only be set when AppArmor type is Localhost'))
    return
  }
  const trimmed = (name ?? '').trim()
  if (trimmed === '') faults.push(required(place, 'must be set when AppArmor type is Localhost'))
  else if (trimmed !== name) faults.push(wrong(place, name, 'must not be padded with whitespace'))
  if (Buffer.byteLength(name ?? '') > APP_ARMOR_BYTES_MAX) {
    faults.push({
      type: 'FieldValueTooLong',
      field: place,
      message: `Too long: may not be more than ${APP_ARMOR_BYTES_MAX} bytes`,
    })
  }
}

export function validateSecurity(
  faults: Faults,
  field: string,
  context: SecurityContext | undefined,
  hostUsers: boolean,
): void {
  if (context === undefined) return
  const { runAsUser, runAsGroup, allowPrivilegeEscalation, privileged, capabilities } = context
  validateIds(faults, field, { runAsUser, runAsGroup })
  allowOneOf(faults, `${field}.procMount`, context.procMount, ['Default', 'Unmasked'])
  if (hostUsers && context.procMount === 'Unmasked') {
    const detail = '`hostUsers` must be false to use `Unmasked`'
    faults.push(wrong(`${field}.procMount`, context.procMount, detail))
  }
  validateSeccomp(faults, `${field}.seccompProfile`, context.seccompProfile)
  validateWindowsOptions(faults, `${field}.windowsOptions`, context.windowsOptions)
  validateAppArmor(faults, `${field}.appArmorProfile`, context.appArmorProfile)
  if (allowPrivilegeEscalation !== false) return
  if (privileged === true) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'
    faults.push(wrong(field, context, detail))
  }
  if (capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
    const detail =
      'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
    faults.push(wrong(field, context, detail))
  }
}

/** Users of its own exclude every other namespace of the node. */
export function validateHostUsers(faults: Faults, field: string, spec: PodSpec): void {
  if (spec.hostUsers !== false) return
  const shared = { hostNetwork: spec.hostNetwork, HostPID: spec.hostPID, HostIPC: spec.hostIPC }
  for (const [name, value] of Object.entries(shared)) {
    if (value !== true) continue
    faults.push(forbidden(`${field}.${name}`, 'when `pod.Spec.HostUsers` is false'))
  }
}
