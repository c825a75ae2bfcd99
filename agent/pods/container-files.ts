/**
 * Files and mounts that a container gets from its node: managed /etc/hosts, resolv.conf, termination log, volumes.
 * Owns    `DATA/agent/pods/<uid>/{etc-hosts,resolv.conf,containers/}`
 */
import { constants } from 'node:fs'
import { chmod, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, Pod } from '#api/types/core-v1.ts'
import { codeOf } from '#base/errors.ts'
import { podResolvConf } from '../dns/resolv-conf.ts'
import type { ContainerState, Mount, Runtime } from '../runtime/runtime.ts'
import { resolveSubPath } from '../volumes/sub-path.ts'
import { podDirectory } from '../volumes/volumes.ts'
import type { PodDeps } from './deps.ts'
import { expand } from './expand.ts'
import type { PodMemory } from './memory.ts'
import { domainNameOf, hostnameOf, hostsFile } from './name-files.ts'

const TERMINATION_PATH_DEFAULT = '/dev/termination-log'
const MESSAGE_MAX_BYTES = 4096
const LOG_MESSAGE_MAX_BYTES = 2048
const LOG_MESSAGE_LINES = 80

type FileDeps = Pick<PodDeps, 'podsDirectory' | 'network' | 'hostResolvConf' | 'nodeHosts'>

/** Writes the two name files; called once the addresses are known. */
export async function writeNameFiles(
  deps: FileDeps,
  pod: Pod,
  podIPs: readonly string[],
): Promise<void> {
  const directory = podDirectory(deps.podsDirectory, pod.metadata.uid ?? '')
  const { clusterDNS, clusterDomain } = deps.network
  const resolver = podResolvConf({
    namespace: pod.metadata.namespace ?? '',
    dnsPolicy: pod.spec?.dnsPolicy,
    dnsConfig: pod.spec?.dnsConfig,
    hostNetwork: pod.spec?.hostNetwork === true,
    clusterDNS,
    clusterDomain,
    host: deps.hostResolvConf(),
  })
  const hosts = hostsFile(pod, {
    podIPs,
    hostname: hostnameOf(pod),
    domainName: domainNameOf(pod, clusterDomain),
    nodeHosts: pod.spec?.hostNetwork === true ? await deps.nodeHosts() : '',
  })
  await mkdir(directory, { recursive: true, mode: 0o750 })
  await writeWhole(join(directory, 'resolv.conf'), resolver)
  await writeWhole(join(directory, 'etc-hosts'), hosts)
}

/**
 * New bytes in the same file, because containers have the file itself bound. Only a file that is not there yet is
 * made by rename; the others are short enough for one write.
 */
async function writeWhole(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (before === text) return
  if (before !== undefined) return await writeFile(path, text)
  await writeFile(`${path}.new`, text, { mode: 0o644 })
  await rename(`${path}.new`, path)
}

/** All mounts of one container. Throws Error for a volume that is not there or a subPath that leads outside. */
export async function containerMounts(
  deps: FileDeps,
  task: { readonly pod: Pod; readonly memory: PodMemory; readonly env: readonly string[] },
  container: Container,
): Promise<Mount[]> {
  const { pod, memory } = task
  const directory = podDirectory(deps.podsDirectory, pod.metadata.uid ?? '')
  const env = new Map(
    task.env.map(entry => {
      const at = entry.indexOf('=')
      return [entry.slice(0, at), entry.slice(at + 1)] as const
    }),
  )
  const mounts: Mount[] = []
  for (const mount of container.volumeMounts ?? []) {
    const root = memory.volumePaths.get(mount.name)
    if (root === undefined)
      throw new Error(
        `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
      )
    const subPath =
      mount.subPathExpr === undefined || mount.subPathExpr === ''
        ? (mount.subPath ?? '')
        : expand(mount.subPathExpr, name => env.get(name))
    mounts.push({
      hostPath: await resolveSubPath(root, subPath),
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: mount.readOnly === true || isReadOnlyVolume(pod, mount.name),
      propagation: PROPAGATION[mount.mountPropagation ?? 'None'],
    })
  }
  return [...mounts, ...managedMounts(directory, mounts)]
}

const PROPAGATION = {
  None: 'private',
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
} as const

function isReadOnlyVolume(pod: Pod, name: string): boolean {
  const volume = pod.spec?.volumes?.find(candidate => candidate.name === name)
  return (
    volume?.configMap !== undefined ||
    volume?.secret !== undefined ||
    volume?.projected !== undefined ||
    volume?.downwardAPI !== undefined
  )
}

/** What the pod mounts itself at these paths wins. */
function managedMounts(directory: string, mounts: readonly Mount[]): Mount[] {
  const taken = new Set(mounts.map(({ containerPath }) => containerPath))
  const managed = [
    ['etc-hosts', '/etc/hosts'],
    ['resolv.conf', '/etc/resolv.conf'],
  ] as const
  return managed
    .filter(([, containerPath]) => !taken.has(containerPath))
    .map(([file, containerPath]) => ({
      hostPath: join(directory, file),
      containerPath,
      readOnly: false,
      propagation: 'private',
    }))
}

/** A fresh file for what the container says when it ends. */
export async function terminationMount(
  deps: FileDeps,
  pod: Pod,
  instance: { readonly container: Container; readonly attempt: number },
): Promise<Mount> {
  const root = podDirectory(deps.podsDirectory, pod.metadata.uid ?? '')
  const directory = join(root, 'containers', instance.container.name)
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const hostPath = join(directory, String(instance.attempt))
  await writeFile(hostPath, '')
  // whatever user the container runs as may write it
  await chmod(hostPath, 0o666)
  const containerPath = instance.container.terminationMessagePath ?? TERMINATION_PATH_DEFAULT
  return { hostPath, containerPath, readOnly: false, propagation: 'private' }
}

/** What an ended container left to say; '' when nothing. */
export async function terminationMessage(
  runtime: Pick<Runtime, 'logs'>,
  container: ContainerState,
): Promise<string> {
  const text = container.terminationFile === '' ? '' : await readHead(container.terminationFile)
  const wantsLogs =
    container.terminationPolicy === 'FallbackToLogsOnError' && container.exitCode !== 0
  if (text !== '' || !wantsLogs) return text
  const logs = await runtime.logs(
    container.id,
    { follow: false, timestamps: false, tailLines: LOG_MESSAGE_LINES },
    AbortSignal.timeout(10_000),
  )
  let tail = Buffer.alloc(0)
  for await (const chunk of logs as AsyncIterable<Buffer>) {
    tail = Buffer.concat([tail, chunk]).subarray(-LOG_MESSAGE_MAX_BYTES)
  }
  return tail.toString('utf8')
}

/** The pod could have replaced the file by a link to a secret of the host: links are not followed. */
async function readHead(path: string): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(MESSAGE_MAX_BYTES),
        0,
        MESSAGE_MAX_BYTES,
        0,
      )
      return buffer.subarray(0, bytesRead).toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    // no file, no message
    return ''
  }
}
