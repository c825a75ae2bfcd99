/**
 * What may still change in the template of a Job that waits: where its pods go, and what its containers ask for. Pure.
 * Source: kubernetes pkg/apis/batch/validation/validation.go validatePodTemplateUpdate,
 * pkg/registry/batch/job/strategy.go (MutableSchedulingDirectivesForSuspendedJobs, MutablePodResourcesForSuspendedJobs)
 */
import type { Job } from '#api/types/batch-v1.ts'
import type { Container, PodSpec, PodTemplateSpec } from '#api/types/core-v1.ts'

/** Suspended, known to be, and none of its pods is left, whether or not it has run before. */
export const isAtRest = ({ spec, status = {} }: Job): boolean =>
  spec?.suspend === true &&
  (status.active ?? 0) === 0 &&
  (status.startTime === undefined ||
    (status.conditions ?? []).some(
      ({ type, status: value }) => type === 'Suspended' && value === 'True',
    ))

const NO_PODS: PodSpec = { containers: [] }

/** The old template with all that `next` may change: anything else in which the two differ is frozen. */
export function adjusted(old: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const { labels: _labels, annotations: _notes, ...metadata } = old.metadata ?? {}
  return {
    ...old,
    metadata: { ...metadata, ...picked(next.metadata ?? {}, 'labels', 'annotations') },
    spec: withResourcesOf(placedAs(old.spec ?? NO_PODS, next.spec), next.spec ?? NO_PODS),
  }
}

const picked = (from: object, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))

/** Of the affinity, that to nodes alone is a scheduling directive. */
function placedAs(old: PodSpec, next: PodSpec | undefined): PodSpec {
  const {
    nodeSelector: _selector,
    tolerations: _tolerations,
    schedulingGates: _gates,
    affinity,
    ...spec
  } = old
  const { nodeAffinity: _node, ...placement } = affinity ?? {}
  const nodeAffinity = next?.affinity?.nodeAffinity
  const merged = { ...placement, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) }
  const isKept = Object.keys(merged).length > 0 || next?.affinity !== undefined
  return {
    ...spec,
    ...(isKept ? { affinity: merged } : {}),
    ...picked(next ?? {}, 'nodeSelector', 'tolerations', 'schedulingGates'),
  }
}

const withResourcesOf = (old: PodSpec, next: PodSpec): PodSpec => ({
  ...old,
  containers: resized(old.containers, next.containers),
  ...(old.initContainers === undefined
    ? {}
    : { initContainers: resized(old.initContainers, next.initContainers ?? []) }),
})

/** Container by container, where the names are in the same places. */
function resized(old: readonly Container[], next: readonly Container[]): readonly Container[] {
  if (old.length !== next.length) return old
  return old.map((container, index) => {
    const asked = next[index]
    if (asked?.name !== container.name) return container
    const { resources: _resources, ...rest } = container
    return asked.resources === undefined ? rest : { ...rest, resources: asked.resources }
  })
}
