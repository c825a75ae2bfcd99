/**
 * A container of a pod as the runtime's configuration. Pure.
 * Throws  Error with one line (CreateContainerConfigError) when the image's user breaks runAsNonRoot.
 * Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go generateContainerConfig, security_context.go
 */
import type { Container, Pod } from '#api/types/core-v1.ts'
import type { ContainerConfig, ContainerSecurity, Mount, PodIdentity } from '../runtime/runtime.ts'
import { expand } from './expand.ts'
import { containerResources } from './qos.ts'

export interface ContainerFacts {
  readonly pod: Pod
  readonly container: Container
  readonly sandboxID: string
  readonly attempt: number
  /** `NAME=value` */
  readonly env: readonly string[]
  readonly mounts: readonly Mount[]
  /** The image's USER. */
  readonly imageUser: string
  readonly cgroupParent: string
  readonly nodeMemoryBytes: number
  readonly terminationFile: string
}

export const identityOf = ({ metadata }: Pod): PodIdentity => ({
  uid: metadata.uid ?? '',
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
})

export function containerConfig(facts: ContainerFacts): ContainerConfig {
  const { pod, container } = facts
  const spec = pod.spec
  const env = new Map(facts.env.map(entry => splitOnce(entry)))
  const expanded = (texts: readonly string[] | undefined): readonly string[] | undefined =>
    texts === undefined || texts.length === 0
      ? undefined
      : texts.map(text => expand(text, name => env.get(name)))
  return {
    pod: identityOf(pod),
    sandboxID: facts.sandboxID,
    name: container.name,
    attempt: facts.attempt,
    image: container.image ?? '',
    command: expanded(container.command),
    args: expanded(container.args),
    env: facts.env,
    workingDir: container.workingDir ?? '',
    mounts: facts.mounts,
    devices: [],
    tty: container.tty === true,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    resources: containerResources(pod, container, facts.nodeMemoryBytes),
    security: securityOf(facts),
    hostNetwork: spec?.hostNetwork === true,
    hostPID: spec?.hostPID === true,
    hostIPC: spec?.hostIPC === true,
    shareProcessNamespace: spec?.shareProcessNamespace === true,
    cgroupParent: facts.cgroupParent,
    terminationFile: facts.terminationFile,
    terminationPolicy: container.terminationMessagePolicy ?? 'File',
    labels: {},
    stopSignal: container.lifecycle?.stopSignal ?? '',
  }
}

function splitOnce(entry: string): readonly [name: string, value: string] {
  const at = entry.indexOf('=')
  return [entry.slice(0, at), entry.slice(at + 1)]
}

function securityOf(facts: ContainerFacts): ContainerSecurity {
  const { pod, container } = facts
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  verifyNonRoot(facts)
  const isPrivileged = own?.privileged === true
  const groups = [
    ...(shared?.supplementalGroups ?? []),
    ...(shared?.fsGroup === undefined ? [] : [shared.fsGroup]),
  ]
  const seLinux = own?.seLinuxOptions ?? shared?.seLinuxOptions
  return {
    user: userOf(facts),
    groups: [...new Set(groups)],
    privileged: isPrivileged,
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem === true,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    noNewPrivileges: own?.allowPrivilegeEscalation === false && !isPrivileged,
    seccomp: isPrivileged ? 'unconfined' : seccompOf(own?.seccompProfile ?? shared?.seccompProfile),
    appArmor: appArmorOf(own?.appArmorProfile ?? shared?.appArmorProfile),
    seLinux: Object.entries(seLinux ?? {}).map(([key, value]) => `${key}:${value}`),
    maskedPaths: own?.procMount === 'Unmasked' ? 'none' : 'default',
  }
}

type SeccompProfile = NonNullable<NonNullable<Container['securityContext']>['seccompProfile']>

/** Without a profile a pod is unconfined, as upstream has it. */
function seccompOf(profile: SeccompProfile | undefined): string {
  if (profile?.type === 'RuntimeDefault') return ''
  if (profile?.type === 'Localhost')
    throw new Error('seccomp profiles of type Localhost are not supported by this node')
  return 'unconfined'
}

type AppArmorProfile = NonNullable<NonNullable<Container['securityContext']>['appArmorProfile']>

function appArmorOf(profile: AppArmorProfile | undefined): string {
  if (profile?.type === 'Unconfined') return 'unconfined'
  return profile?.type === 'Localhost' ? (profile.localhostProfile ?? '') : ''
}

function userOf({ pod, container, imageUser }: ContainerFacts): string {
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  const user = own?.runAsUser ?? shared?.runAsUser
  const group = own?.runAsGroup ?? shared?.runAsGroup
  if (user === undefined && group === undefined) return ''
  const [imageUserName = ''] = imageUser.split(':')
  const left = user === undefined ? (imageUserName === '' ? '0' : imageUserName) : String(user)
  return group === undefined ? left : `${left}:${group}`
}

function verifyNonRoot({ pod, container, imageUser }: ContainerFacts): void {
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) !== true) return
  const { name, namespace, uid } = pod.metadata
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`
  const user = own?.runAsUser ?? shared?.runAsUser
  if (user !== undefined) {
    if (user === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`)
    return
  }
  const [name0 = ''] = imageUser.split(':')
  if (name0 === '' || name0 === '0' || name0 === 'root') {
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`)
  }
  if (!/^\d+$/u.test(name0)) {
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${name0}), cannot verify user is non-root ${where}`,
    )
  }
}
