/**
 * Volumes, claims and storage.k8s.io: who writes which part, and what the server adds.
 *
 * Finalizers that protect volumes in use are the admission's: nothing here adds or removes them.
 * Source: kubernetes pkg/registry/core/{persistentvolume,persistentvolumeclaim}/strategy.go,
 * pkg/registry/storage/<kind>/strategy.go, pkg/api/persistentvolumeclaim NormalizeDataSources
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { DEFAULT_STRATEGY, PLAIN, type Strategy } from '../strategy.ts'
import { rfc3339 } from '#api/time.ts'
import { isRecord, recordOf, without } from '#api/values.ts'
import { withoutNew } from './gated-fields.ts'

/** A volume's phase comes with the time it was reached. */
const volumeStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForCreate: (volume, { now }) => ({
    ...volume,
    status: { phase: 'Pending', lastPhaseTransitionTime: rfc3339(now) },
  }),
  prepareForStatus(volume, old, { now }) {
    const status = recordOf(volume['status'])
    const before = recordOf(old['status'])
    const { lastPhaseTransitionTime: sent } = status
    const { lastPhaseTransitionTime: reached } = before
    const isSame = status['phase'] === before['phase']
    if (sent !== undefined && (isSame || sent !== reached)) return volume
    const lastPhaseTransitionTime = isSame ? reached : rfc3339(now)
    if (lastPhaseTransitionTime === undefined) return volume
    return { ...volume, status: { ...status, lastPhaseTransitionTime } }
  },
}

const isUsed = (spec: Readonly<Record<string, unknown>>): boolean =>
  spec['dataSource'] !== undefined || spec['dataSourceRef'] !== undefined

const SNAPSHOTS = 'snapshot.storage.k8s.io'

/** What the older name of a data source can name; the newer one takes anything. */
function isOldSource(source: unknown): boolean {
  const { kind, apiGroup = '' } = recordOf(source)
  return (
    (kind === 'PersistentVolumeClaim' && apiGroup === '') ||
    (kind === 'VolumeSnapshot' && apiGroup === SNAPSHOTS)
  )
}

/** Sources that no feature serves are dropped, unless the claim had one before. */
function withServedSources(claim: AnyObject, old?: AnyObject): AnyObject {
  const spec = recordOf(claim['spec'])
  const before = recordOf(old?.['spec'])
  const { namespace = '' } = recordOf(spec['dataSourceRef'])
  const gone = new Set<string>()
  if (namespace !== '' && before['dataSourceRef'] === undefined) gone.add('dataSourceRef')
  const hasReference = spec['dataSourceRef'] !== undefined && gone.size === 0
  if (!isUsed(before) && !hasReference && !isOldSource(spec['dataSource'])) gone.add('dataSource')
  return withDataSources({ ...claim, spec: without(spec, ...gone) })
}

/** Both names of a data source say the same; only the newer one reaches into other namespaces. */
function withDataSources(claim: AnyObject): AnyObject {
  const spec = recordOf(claim['spec'])
  const { dataSource, dataSourceRef } = spec
  if (isRecord(dataSource) && dataSourceRef === undefined) {
    return { ...claim, spec: { ...spec, dataSourceRef: dataSource } }
  }
  if (!isRecord(dataSourceRef) || dataSource !== undefined) return claim
  if ((dataSourceRef['namespace'] ?? '') !== '') return claim
  const { namespace: _namespace, ...local } = dataSourceRef
  return { ...claim, spec: { ...spec, dataSource: local } }
}

const claimStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForCreate: claim => ({ ...withServedSources(claim), status: { phase: 'Pending' } }),
  prepareForUpdate: withServedSources,
}

const attachmentStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForCreate: attachment => ({ ...attachment, status: { attached: false } }),
}

/** Not offered yet: only who has it keeps it. Source: kubernetes pkg/features VolumeLimitScaling */
const withoutPrevention = (driver: AnyObject, old?: AnyObject): AnyObject =>
  withoutNew(driver, old, ['spec'], 'preventPodSchedulingIfMissing')

/** Created without a generation; it counts changes all the same. */
const driverStrategy: Strategy = {
  ...PLAIN,
  returnsDeleted: true,
  prepareForCreate: driver => withoutPrevention(driver),
  prepareForUpdate(sent, old) {
    const driver = withoutPrevention(sent, old)
    if (equalJson(driver['spec'], old['spec'])) return driver
    const generation = (old.metadata.generation ?? 0) + 1
    return { ...driver, metadata: { ...driver.metadata, generation } }
  },
}

export const STORAGE_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['persistentvolumes', volumeStrategy],
  ['persistentvolumeclaims', claimStrategy],
  ['storageclasses.storage.k8s.io', { ...PLAIN, returnsDeleted: true }],
  ['volumeattachments.storage.k8s.io', attachmentStrategy],
  ['csidrivers.storage.k8s.io', driverStrategy],
  ['csinodes.storage.k8s.io', { ...PLAIN, returnsDeleted: true }],
  ['csistoragecapacities.storage.k8s.io', PLAIN],
  ['volumeattributesclasses.storage.k8s.io', { ...PLAIN, returnsDeleted: true }],
]
