/**
 * Parts of pod specs that belong to features which are off: dropped, unless the old object has them already. Pure; the
 * same object when there is nothing to drop.
 *
 * Source: kubernetes pkg/api/pod/util.go DropDisabledPodFields, DropDisabledTemplateFields (gates GenericWorkload,
 * ContainerStopSignals, ClusterTrustBundleProjection, PodCertificateRequest, ImageVolumeWithDigest,
 * DRANodeAllocatableResources)
 */
import type { AnyObject } from '#api/object.ts'
import type { Strategy } from '../strategy.ts'
import { type Fields, isRecord, listOf, recordOf, without } from '#api/values.ts'
import { at, withMember, withPart } from './gated-fields.ts'

const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'] as const

/** The same list when nothing in it changed. */
function mapped(list: unknown, change: (item: Fields) => Fields): unknown {
  if (!Array.isArray(list)) return list
  const results = list.map(item => (isRecord(item) ? change(item) : item))
  return results.some((item, index) => item !== list[index]) ? results : list
}

interface Gated {
  readonly isIn: (spec: Fields) => boolean
  readonly drop: (spec: Fields) => Fields
}

const projectedOf = (volume: unknown): readonly unknown[] =>
  listOf(recordOf(recordOf(volume)['projected'])['sources'])

const projection = (name: string): Gated => ({
  isIn: spec =>
    listOf(spec['volumes']).some(volume =>
      projectedOf(volume).some(source => name in recordOf(source)),
    ),
  drop: spec =>
    withMember(
      spec,
      'volumes',
      mapped(spec['volumes'], volume => {
        const projected = recordOf(volume['projected'])
        const sources = mapped(projected['sources'], source => without(source, name))
        return sources === projected['sources']
          ? volume
          : { ...volume, projected: { ...projected, sources } }
      }),
    ),
})

const stopSignals: Gated = {
  isIn: spec =>
    CONTAINERS.some(list =>
      listOf(spec[list]).some(
        container => 'stopSignal' in recordOf(recordOf(container)['lifecycle']),
      ),
    ),
  drop: spec =>
    CONTAINERS.reduce<Fields>(
      (changed, list) =>
        withMember(
          changed,
          list,
          mapped(changed[list], container => {
            const lifecycle = recordOf(container['lifecycle'])
            if (!('stopSignal' in lifecycle)) return container
            const rest = without(lifecycle, 'stopSignal')
            return Object.keys(rest).length === 0
              ? without(container, 'lifecycle')
              : { ...container, lifecycle: rest }
          }),
        ),
      spec,
    ),
}

const GATED: readonly Gated[] = [
  {
    isIn: spec => 'schedulingGroup' in spec,
    drop: spec => without(spec, 'schedulingGroup'),
  },
  stopSignals,
  projection('clusterTrustBundle'),
  projection('podCertificate'),
]

function withoutDisabled(spec: Fields, old: Fields): Fields {
  return GATED.reduce(
    (kept, { isIn, drop }) => (isIn(kept) && !isIn(old) ? drop(kept) : kept),
    spec,
  )
}

/** `path` leads to the pod's spec. */
export function withoutDisabledFields(
  object: AnyObject,
  old: AnyObject | undefined,
  path: readonly string[],
): AnyObject {
  const spec = at(object, path)
  const kept = withoutDisabled(spec, at(old, path))
  return kept === spec ? object : withPart(object, path, kept)
}

const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']

const mountsVolumes = (status: Fields): boolean =>
  STATUSES.some(list =>
    listOf(status[list]).some(one =>
      listOf(recordOf(one)['volumeMounts']).some(mount => 'volumeStatus' in recordOf(mount)),
    ),
  )

/** The same for what a node says. */
export function withoutDisabledStatus(status: Fields, old: Fields): Fields {
  const allocatable = 'nodeAllocatableResourceClaimStatuses'
  const kept = allocatable in old ? status : without(status, allocatable)
  if (!mountsVolumes(kept) || mountsVolumes(old)) return kept
  return STATUSES.reduce<Fields>(
    (changed, list) =>
      withMember(
        changed,
        list,
        mapped(changed[list], one =>
          withMember(
            one,
            'volumeMounts',
            mapped(one['volumeMounts'], mount => without(mount, 'volumeStatus')),
          ),
        ),
      ),
    kept,
  )
}

/** The strategy of a kind with a template of pods at `path`. */
export function templated(strategy: Strategy, ...path: readonly string[]): Strategy {
  const spec = [...path, 'spec']
  return {
    ...strategy,
    prepareForCreate(object, context) {
      const prepared = strategy.prepareForCreate?.(object, context) ?? object
      return withoutDisabledFields(prepared, undefined, spec)
    },
    prepareForUpdate(object, old, context) {
      const prepared = strategy.prepareForUpdate?.(object, old, context) ?? object
      return withoutDisabledFields(prepared, old, spec)
    },
  }
}
