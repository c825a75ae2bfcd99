/**
 * The labels that let a restarted agent recognise what runs, and the names containers carry. Pure.
 * Source: kubernetes v1.23 pkg/kubelet/types/labels.go and pkg/kubelet/dockershim/naming.go
 */
import type { PodIdentity } from './runtime.ts'

export const LABEL = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUID: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  type: 'io.kubernetes.docker.type',
  sandboxID: 'io.kubernetes.sandbox.id',
  attempt: 'annotation.io.kubernetes.container.restartCount',
  image: 'io.kites.container.image',
  terminationFile: 'io.kites.container.termination-file',
  terminationPolicy: 'annotation.io.kubernetes.container.terminationMessagePolicy',
  graceSeconds: 'annotation.io.kubernetes.pod.terminationGracePeriod',
  hostNetwork: 'io.kites.sandbox.host-network',
} as const

export const TYPE_SANDBOX = 'podsandbox'
export const TYPE_CONTAINER = 'container'
/** The name a sandbox has in the place of a container's. */
export const SANDBOX_CONTAINER = 'POD'

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>` */
export const containerName = (pod: PodIdentity, container: string, attempt: number): string =>
  ['k8s', container, pod.name, pod.namespace, pod.uid, String(attempt)].join('_')

export const podLabels = (pod: PodIdentity): Record<string, string> => ({
  [LABEL.podName]: pod.name,
  [LABEL.podNamespace]: pod.namespace,
  [LABEL.podUID]: pod.uid,
})

/** Undefined when the labels are not those of a pod. */
export function podOf(labels: Readonly<Record<string, string>>): PodIdentity | undefined {
  const uid = labels[LABEL.podUID]
  const name = labels[LABEL.podName]
  const namespace = labels[LABEL.podNamespace]
  if (uid === undefined || name === undefined || namespace === undefined) return undefined
  return { uid, name, namespace }
}
