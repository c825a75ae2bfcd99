/** What the volumes of one pod are made with: folders, and readers of the API bound to the pod. */
import { podDirectory } from '../volumes/volumes.ts'
import type { VolumeContext } from '../volumes/volume.ts'
import type { PodDeps, PodTask } from './deps.ts'

export interface PodPlace {
  readonly directory: string
  readonly memoryDirectory: string
}

export const placeOf = (
  deps: Pick<PodDeps, 'podsDirectory' | 'memoryDirectory'>,
  podUID: string,
): PodPlace => ({
  directory: podDirectory(deps.podsDirectory, podUID),
  memoryDirectory: podDirectory(deps.memoryDirectory, podUID),
})

export function volumeContext(deps: PodDeps, { pod, memory }: PodTask): VolumeContext {
  return {
    pod,
    ...placeOf(deps, pod.metadata.uid ?? ''),
    mounts: deps.mounts,
    newName: () => `${deps.clock.now()}_${deps.random.suffix(8)}`,
    sources: {
      configMap: name => deps.references.get('configMaps', pod, name),
      secret: name => deps.references.get('secrets', pod, name),
      token: request => deps.tokens.get(pod, request),
      fields: () => ({
        pod,
        podIPs: memory.podIPs,
        hostIPs: deps.node.hostIPs,
        allocatable: deps.node.allocatable,
      }),
    },
  }
}
