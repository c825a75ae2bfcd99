/**
 * Which fields a pod may not have on the operating system it is for, and the options of Windows. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go validateOS, validateLinux, validateWindows,
 * validateWindowsSecurityContextOptions, validateWindowsHostProcessPod
 */
import { subdomainFaults, hasControl } from '#api/names.ts'
import type {
  Container,
  PodSecurityContext,
  PodSpec,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '#api/types/core-v1.ts'
import {
  type Faults,
  forbidden,
  Printed,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'

type Placed = readonly [place: string, container: Container]

/** In upstream's order. */
export const containersOf = (field: string, spec: PodSpec): readonly Placed[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(list =>
    (spec[list] ?? []).map((container, at): Placed => [`${field}.${list}[${at}]`, container]),
  )

const SYSTEMS: readonly string[] = ['linux', 'windows']

export function validateOs(faults: Faults, field: string, spec: PodSpec): void {
  const { os } = spec
  if (os === undefined) return
  if (os.name === '') faults.push(required(`${field}.os.name`))
  else if (!SYSTEMS.includes(os.name)) faults.push(unsupported(`${field}.os`, os.name, SYSTEMS))
  else if (os.name === 'linux') refuseWindowsOptions(faults, field, spec)
  else refuseLinuxFields(faults, field, spec)
}

function refuseWindowsOptions(faults: Faults, field: string, spec: PodSpec): void {
  const contexts = [
    [field, spec.securityContext] as const,
    ...containersOf(field, spec).map(
      ([place, { securityContext }]) => [place, securityContext] as const,
    ),
  ]
  for (const [place, context] of contexts) {
    if (context?.windowsOptions === undefined) continue
    const detail = 'windows options cannot be set for a linux pod'
    faults.push(forbidden(`${place}.securityContext.windowsOptions`, detail))
  }
}

/** In upstream's order, whose security context holds some of what the spec holds here. */
const POD_FIELDS: readonly (keyof PodSecurityContext | keyof PodSpec)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'shareProcessNamespace',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]
/** Whose `false` says nothing. */
const FLAGS: readonly string[] = ['hostPID', 'hostIPC']
const CONTAINER_FIELDS: readonly (keyof SecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

function refuseLinuxFields(faults: Faults, field: string, spec: PodSpec): void {
  const refuse = (place: string): void =>
    void faults.push(forbidden(place, 'cannot be set for a windows pod'))
  const { securityContext = {} } = spec
  for (const name of POD_FIELDS) {
    const owner = name in spec ? spec : securityContext
    const value: unknown = Reflect.get(owner, name)
    if (value === undefined || (FLAGS.includes(name) && value !== true)) continue
    if (name === 'sysctls' && securityContext.sysctls?.length === 0) continue
    refuse(owner === spec ? `${field}.${name}` : `${field}.securityContext.${name}`)
  }
  for (const [place, container] of containersOf(field, spec)) {
    for (const name of CONTAINER_FIELDS) {
      if (container.securityContext?.[name] === undefined) continue
      refuse(`${place}.securityContext.${name}`)
    }
  }
}

const CREDENTIALS_KIB_MAX = 64

export function validateWindowsOptions(
  faults: Faults,
  field: string,
  options: WindowsSecurityContextOptions | undefined,
): void {
  if (options === undefined) return
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options
  if (name !== undefined) {
    wrongFormat(faults, `${field}.gmsaCredentialSpecName`, name, subdomainFaults(name))
  }
  if (spec !== undefined) {
    const place = `${field}.gmsaCredentialSpec`
    if (spec === '') {
      faults.push(wrong(place, spec, 'gmsaCredentialSpec cannot be an empty string'))
    } else if (Buffer.byteLength(spec) > CREDENTIALS_KIB_MAX * 1024) {
      const detail = `gmsaCredentialSpec size must be under ${CREDENTIALS_KIB_MAX} KiB`
      faults.push(wrong(place, spec, detail))
    }
  }
  if (user === undefined) return
  for (const detail of userNameFaults(user)) {
    faults.push(wrong(`${field}.runAsUserName`, new Printed(user), `runAsUserName${detail}`))
  }
}

const DOMAIN_MAX = 256
const USER_MAX = 104
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const DNS = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`)

/** `DOMAIN\user` or `user`; each fault goes on where the field's name ends. */
function userNameFaults(name: string): string[] {
  if (name === '') return [' cannot be an empty string']
  if (hasControl(name)) return [' cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return [' cannot contain more than one backslash']
  const [user = '', domain] = parts.toReversed()
  const faults: string[] = []
  if (domain !== undefined) {
    if (domain.length >= DOMAIN_MAX) {
      faults.push(`'s Domain length must be under ${DOMAIN_MAX} characters`)
    }
    if (!NETBIOS.test(domain) && !DNS.test(domain)) {
      faults.push("'s Domain doesn't match the NetBios nor the DNS format")
    }
  }
  if (user === '') faults.push("'s User cannot be empty")
  else if (user.length > USER_MAX) {
    faults.push(`'s User length must not be longer than ${USER_MAX} characters`)
  }
  if (/^[. ]+$/.test(user)) faults.push("'s User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    faults.push(`'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  }
  return faults
}

/** Containers that are processes of a Windows host: all of a pod or none, and on the host's network. */
export function validateHostProcesses(faults: Faults, field: string, spec: PodSpec): void {
  const whole = spec.securityContext?.windowsOptions?.hostProcess
  const containers = containersOf(field, spec)
  let count = 0
  for (const [place, { securityContext }] of containers) {
    const own = securityContext?.windowsOptions?.hostProcess
    if (whole !== undefined && own !== undefined && whole !== own) {
      const at = `${place}.securityContext.windowsOptions.hostProcess`
      const detail = `pod hostProcess value must be identical if both are specified, was ${whole}`
      faults.push(wrong(at, own, detail))
    }
    if (own ?? whole ?? false) count += 1
  }
  if (count === 0) return
  if (count !== containers.length) {
    const detail =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    faults.push(wrong(field, '', detail))
  }
  if (spec.hostNetwork !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers'
    faults.push(wrong(`${field}.hostNetwork`, false, detail))
  }
}
