/**
 * Users, groups, kernel settings and profiles of pods and containers. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodSecurityContext, ValidateSecurityContext
 */
import { byteLength, outOfRange } from '#api/names.ts'
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
  tooLong,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { containersOf, validateWindowsOptions } from '#api/validation/pod-systems.ts'
import { printed } from '#api/validation/printed.ts'
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
  allowOneOf(faults, `${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['Recursive'])
}

const SYSCTL_MAX = 253
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL = `(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}`
const sysctlPattern = new RegExp(`^${SYSCTL}$`)

/** Settings of namespaces that a pod may share with its node. */
const SHARED_SYSCTLS = [
  { flag: 'hostNetwork', pattern: /^net\./ },
  {
    flag: 'hostIPC',
    pattern: /^(kernel\.(sem|shm(all|max|mni|_rmid_forced)?|msg(max|mnb|mni)?)$|fs\.mqueue\.)/,
  },
] as const

/** With dots between its parts: where a slash comes first, dots are parts of names. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0]
  if (first !== '/') return name
  return name.replaceAll(/[./]/g, separator => (separator === '/' ? '.' : '/'))
}

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
      const detail = `must have at most ${SYSCTL_MAX} characters and match regex ^${SYSCTL}$`
      faults.push(wrong(place, name, detail))
    } else if (names.has(name)) faults.push(duplicate(place, name))
    for (const { flag, pattern } of SHARED_SYSCTLS) {
      if (spec[flag] !== true || !pattern.test(dotted(name))) continue
      faults.push(wrong(place, name, `may not be specified when '${flag}' is true`))
    }
    names.add(name)
  }
}

const SECCOMP_TYPES: readonly string[] = ['Localhost', 'RuntimeDefault', 'Unconfined']

function validateSeccomp(faults: Faults, field: string, profile: SeccompProfile | undefined): void {
  if (profile === undefined) return
  // Empty text is of no type, and is sent.
  const type: string = profile.type
  const path = profile.localhostProfile
  if (type === '') {
    faults.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  } else if (!SECCOMP_TYPES.includes(type)) {
    faults.push(unsupported(`${field}.type`, type, SECCOMP_TYPES))
  }
  const place = `${field}.localhostProfile`
  if (type !== 'Localhost') {
    if (path === undefined) return
    const shown = printed('SeccompProfile', profile)
    faults.push(wrong(place, shown, 'can only be set when seccomp type is Localhost'))
  } else if (path === undefined) {
    faults.push(required(place, 'must be set when seccomp type is Localhost'))
  } else wrongFormat(faults, place, path, descendingPathFaults(path))
}

const APP_ARMOR_BYTES_MAX = 4095

export function validateAppArmor(
  faults: Faults,
  field: string,
  profile: AppArmorProfile | undefined,
): void {
  if (profile === undefined) return
  const type: string = profile.type
  const name = profile.localhostProfile
  const place = `${field}.localhostProfile`
  if (type === 'Localhost') validateAppArmorName(faults, place, name)
  else if (type === '') {
    faults.push(required(`${field}.type`, 'type is required when appArmorProfile is set'))
  } else if (!SECCOMP_TYPES.includes(type)) {
    faults.push(unsupported(`${field}.type`, type, SECCOMP_TYPES))
  } else if (name !== undefined) {
    faults.push(wrong(place, name, 'can only be set when AppArmor type is Localhost'))
  }
}

function validateAppArmorName(faults: Faults, place: string, name: string | undefined): void {
  if (name === undefined || name === '') {
    faults.push(required(place, 'must be set when AppArmor type is Localhost'))
    return
  }
  if (name.trim() !== name) faults.push(wrong(place, name, 'must not be padded with whitespace'))
  if (byteLength(name) > APP_ARMOR_BYTES_MAX) faults.push(tooLong(place, APP_ARMOR_BYTES_MAX))
}

export function validateSecurity(
  faults: Faults,
  field: string,
  context: SecurityContext | undefined,
  hostUsers: boolean,
): void {
  if (context === undefined) return
  const { runAsUser, runAsGroup } = context
  validateIds(faults, field, { runAsUser, runAsGroup })
  allowOneOf(faults, `${field}.procMount`, context.procMount, ['Default', 'Unmasked'])
  if (hostUsers && context.procMount === 'Unmasked') {
    const detail = '`hostUsers` must be false to use `Unmasked`'
    faults.push(wrong(`${field}.procMount`, context.procMount, detail))
  }
  validateSeccomp(faults, `${field}.seccompProfile`, context.seccompProfile)
  refuseEscalation(faults, field, context)
  validateWindowsOptions(faults, `${field}.windowsOptions`, context.windowsOptions)
  validateAppArmor(faults, `${field}.appArmorProfile`, context.appArmorProfile)
}

function refuseEscalation(faults: Faults, field: string, context: SecurityContext): void {
  const { allowPrivilegeEscalation, privileged, capabilities } = context
  if (allowPrivilegeEscalation !== false) return
  const refuse = (what: string): void => {
    const detail = `cannot set \`allowPrivilegeEscalation\` to false and ${what}`
    faults.push(wrong(field, printed('SecurityContext', context), detail))
  }
  if (privileged === true) refuse('`privileged` to true')
  for (const capability of capabilities?.add ?? []) {
    if (capability === 'CAP_SYS_ADMIN') refuse('`capabilities.Add` CAP_SYS_ADMIN')
  }
}

const WITH_OWN_USERS = 'when `hostUsers` is false'

/** Users of its own exclude every other namespace of the node, and bare devices. */
export function validateHostUsers(faults: Faults, field: string, spec: PodSpec): void {
  if (spec.hostUsers !== false) return
  const shared = { hostNetwork: spec.hostNetwork, HostPID: spec.hostPID, HostIPC: spec.hostIPC }
  for (const [name, value] of Object.entries(shared)) {
    if (value === true) faults.push(forbidden(`${field}.${name}`, WITH_OWN_USERS))
  }
  for (const [place, { volumeDevices = [] }] of containersOf(field, spec)) {
    if (volumeDevices.length > 0) faults.push(forbidden(`${place}.volumeDevices`, WITH_OWN_USERS))
  }
}
