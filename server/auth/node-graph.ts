/**
 * Which objects each node may read because a pod bound to it needs them, kept current by following the pods.
 *
 *   pod default/web on node a mounts secret s and runs as service account x
 *     -> node a reaches pods default/web, secrets default/s, serviceaccounts default/x
 *
 * Law     An object is reached exactly as long as one pod on the node refers to it.
 * Source: kubernetes plugin/pkg/auth/authorizer/node/graph.go, pkg/api/v1/pod/util.go (VisitPodSecretNames)
 */
import type { Container, EphemeralContainer, Pod, Volume } from '#api/types/core-v1.ts'
import type { ObjectReader } from './object-reader.ts'

export type ReachedResource =
  | 'pods'
  | 'secrets'
  | 'configmaps'
  | 'serviceaccounts'
  | 'persistentvolumeclaims'
  | 'resourceclaims'

export interface NodeGraph {
  reaches(
    nodeName: string,
    resource: ReachedResource,
    object: { readonly namespace: string; readonly name: string },
  ): boolean
  close(): void
}

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

interface Placed {
  readonly nodeName: string
  /** `secrets/default/s` */
  readonly references: readonly string[]
}

export function createNodeGraph(reader: Pick<ObjectReader, 'follow'>): NodeGraph {
  const placed = new Map<string, Placed>()
  /** Node -> reference -> number of pods that hold it. */
  const reached = new Map<string, Map<string, number>>()

  const count = ({ nodeName, references }: Placed, by: 1 | -1): void => {
    const counts = reached.get(nodeName) ?? new Map<string, number>()
    for (const reference of references) {
      const next = (counts.get(reference) ?? 0) + by
      if (next > 0) counts.set(reference, next)
      else counts.delete(reference)
    }
    if (counts.size > 0) reached.set(nodeName, counts)
    else reached.delete(nodeName)
  }

  const close = reader.follow('pods', {
    onReset() {
      placed.clear()
      reached.clear()
    },
    onChange({ type, object: pod }) {
      const key = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
      const before = placed.get(key)
      const nodeName = pod.spec?.nodeName ?? ''
      const isGone = type === 'DELETED' || nodeName === ''
      const after = isGone ? undefined : { nodeName, references: referencesOf(pod) }
      if (after !== undefined) count(after, 1)
      if (before !== undefined) count(before, -1)
      if (after === undefined) placed.delete(key)
      else placed.set(key, after)
    },
  })

  return {
    reaches: (nodeName, resource, { namespace, name }) =>
      reached.get(nodeName)?.has(`${resource}/${namespace}/${name}`) ?? false,
    close,
  }
}

/** What a pod's node must read to run it, the pod included. A mirror pod was made by its node and grants nothing more. */
export function referencesOf(pod: Pod): readonly string[] {
  const namespace = pod.metadata.namespace ?? ''
  const references = new Set<string>([`pods/${namespace}/${pod.metadata.name ?? ''}`])
  if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined || pod.spec === undefined) {
    return [...references]
  }
  const add = (resource: ReachedResource, name: string | undefined): void => {
    if (name !== undefined && name !== '') references.add(`${resource}/${namespace}/${name}`)
  }
  const { spec } = pod
  add('serviceaccounts', spec.serviceAccountName)
  for (const { name } of spec.imagePullSecrets ?? []) add('secrets', name)
  const containers = [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []),
  ]
  for (const container of containers) addEnvironment(container, add)
  for (const volume of spec.volumes ?? []) addVolume(volume, add, pod.metadata.name ?? '')
  for (const { resourceClaimName } of spec.resourceClaims ?? [])
    add('resourceclaims', resourceClaimName)
  // Those that were made from templates; a node cannot write these itself.
  const made = pod.status?.resourceClaimStatuses ?? []
  for (const { resourceClaimName } of made) add('resourceclaims', resourceClaimName)
  return [...references]
}

type Add = (resource: ReachedResource, name: string | undefined) => void

function addEnvironment(container: Container | EphemeralContainer, add: Add): void {
  for (const source of container.envFrom ?? []) {
    add('secrets', source.secretRef?.name)
    add('configmaps', source.configMapRef?.name)
  }
  for (const variable of container.env ?? []) {
    add('secrets', variable.valueFrom?.secretKeyRef?.name)
    add('configmaps', variable.valueFrom?.configMapKeyRef?.name)
  }
}

function addVolume(volume: Volume, add: Add, podName: string): void {
  add('secrets', volume.secret?.secretName)
  add('configmaps', volume.configMap?.name)
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
  if (volume.ephemeral !== undefined) add('persistentvolumeclaims', `${podName}-${volume.name}`)
  add('secrets', volume.cephfs?.secretRef?.name)
  add('secrets', volume.cinder?.secretRef?.name)
  add('secrets', volume.flexVolume?.secretRef?.name)
  add('secrets', volume.rbd?.secretRef?.name)
  add('secrets', volume.iscsi?.secretRef?.name)
  add('secrets', volume.azureFile?.secretName)
  add('secrets', volume.scaleIO?.secretRef?.name)
  add('secrets', volume.storageos?.secretRef?.name)
  add('secrets', volume.csi?.nodePublishSecretRef?.name)
  for (const source of volume.projected?.sources ?? []) {
    add('secrets', source.secret?.name)
    add('configmaps', source.configMap?.name)
  }
}
