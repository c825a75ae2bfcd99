/**
 * What the server adds to a new pod: what its labels make of selectors, profiles of old annotations, and that it waits
 * at gates. Pure; the same object when there is nothing to add.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go mutatePodAffinity, mutateTopologySpreadConstraints,
 * applyAppArmorVersionSkew, applySchedulingGatedCondition
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { APP_ARMOR_CONTAINER } from '#api/old-annotations.ts'
import { appArmorOf } from '#api/validation/pod-annotations.ts'
import { type Fields, isRecord, listOf, recordOf, textOf } from '#api/values.ts'

const changed = (list: unknown, change: (item: Fields) => Fields): unknown =>
  Array.isArray(list) ? list.map(item => (isRecord(item) ? change(item) : item)) : list

/** The selector of a term or constraint, with a requirement per key that the pod has a label for. */
function selecting(term: Fields, labels: Fields): Fields {
  const selector = term['labelSelector']
  if (!isRecord(selector)) return term
  const requirements = [
    ['matchLabelKeys', 'In'],
    ['mismatchLabelKeys', 'NotIn'],
  ].flatMap(([name = '', operator]) =>
    listOf(term[name]).flatMap(key => {
      const value = Object.hasOwn(labels, textOf(key)) ? labels[textOf(key)] : undefined
      return value === undefined ? [] : [{ key, operator, values: [value] }]
    }),
  )
  if (requirements.length === 0) return term
  const matchExpressions = [...listOf(selector['matchExpressions']), ...requirements]
  return { ...term, labelSelector: { ...selector, matchExpressions } }
}

const HARD = 'requiredDuringSchedulingIgnoredDuringExecution'
const SOFT = 'preferredDuringSchedulingIgnoredDuringExecution'

function withKeys(affinity: Fields, labels: Fields): Fields {
  const part = { ...affinity }
  if (HARD in part) part[HARD] = changed(part[HARD], term => selecting(term, labels))
  if (SOFT in part) {
    part[SOFT] = changed(part[SOFT], weighted => ({
      ...weighted,
      podAffinityTerm: selecting(recordOf(weighted['podAffinityTerm']), labels),
    }))
  }
  return part
}

export function withLabelKeys(pod: AnyObject): AnyObject {
  const spec = { ...recordOf(pod['spec']) }
  const labels = recordOf(pod.metadata.labels)
  const affinity = { ...recordOf(spec['affinity']) }
  const kinds = ['podAffinity', 'podAntiAffinity'].filter(kind => isRecord(affinity[kind]))
  const spread = 'topologySpreadConstraints'
  if (kinds.length === 0 && !(spread in spec)) return pod
  for (const kind of kinds) affinity[kind] = withKeys(recordOf(affinity[kind]), labels)
  if (kinds.length > 0) spec['affinity'] = affinity
  if (spread in spec) {
    spec[spread] = changed(spec[spread], constraint => selecting(constraint, labels))
  }
  return { ...pod, spec }
}

/** Annotations of old, in the fields of containers that say nothing else. */
export function withAppArmor(pod: AnyObject, warn: (text: string) => void): AnyObject {
  const { annotations = {} } = pod.metadata
  const spec = recordOf(pod['spec'])
  if (!Object.keys(annotations).some(key => key.startsWith(APP_ARMOR_CONTAINER))) return pod
  if (recordOf(spec['os'])['name'] === 'windows') return pod
  const shared = recordOf(spec['securityContext'])['appArmorProfile']
  const profiled = (container: Fields): Fields => {
    const key = `${APP_ARMOR_CONTAINER}${textOf(container['name'])}`
    const annotation = annotations[key]
    const context = recordOf(container['securityContext'])
    if (annotation === undefined || context['appArmorProfile'] !== undefined) return container
    const appArmorProfile = appArmorOf(annotation)
    const isShared = appArmorProfile !== undefined && equalJson(appArmorProfile, shared)
    if (!isShared) {
      const instead = 'deprecated since v1.30; use the "appArmorProfile" field instead'
      warn(`metadata.annotations[${key}]: ${instead}`)
    }
    return isShared || appArmorProfile === undefined
      ? container
      : { ...container, securityContext: { ...context, appArmorProfile } }
  }
  const lists = ['initContainers', 'containers'].filter(list => list in spec)
  const containers = lists.map(list => [list, changed(spec[list], profiled)] as const)
  return { ...pod, spec: { ...spec, ...Object.fromEntries(containers) } }
}

/** The conditions of a pod that is just there. */
export const birthConditions = (spec: Fields, now: string): readonly Fields[] =>
  listOf(spec['schedulingGates']).length === 0
    ? []
    : [
        {
          type: 'PodScheduled',
          status: 'False',
          lastProbeTime: null,
          lastTransitionTime: now,
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ]
