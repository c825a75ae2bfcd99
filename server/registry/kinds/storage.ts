/**
 * Volumes, claims and storage.k8s.io: who writes which part, and what the server adds.
 *
 * Finalizers that protect volumes in use are the admission's: nothing here adds or removes them.
 * Source: kubernetes pkg/registry/core/{persistentvolume,persistentvolumeclaim}/strategy.go,
 * pkg/registry/storage/<kind>/strategy.go, pkg/api/persistentvolumeclaim NormalizeDataSources
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#base/clock.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { isRecord, recordOf } from '#api/values.ts'

const WITHOUT_STATUS: Strategy = { ...DEFAULT_STRATEGY, hasStatus: false }

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
    const isDated =
      status['lastPhaseTransitionTime'] !== undefined &&
      status['lastPhaseTransitionTime'] !== before['lastPhaseTransitionTime']
    if (status['phase'] === before['phase'] || isDated) return volume
    return { ...volume, status: { ...status, lastPhaseTransitionTime: rfc3339(now) } }
  },
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
  prepareForCreate: claim => ({ ...withDataSources(claim), status: { phase: 'Pending' } }),
}

const attachmentStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForCreate: attachment => ({ ...attachment, status: { attached: false } }),
}

/** Created without a generation; it counts the changes of what kubelets must hear about. */
const COUNTED = ['tokenRequests', 'requiresRepublish', 'seLinuxMount'] as const

const driverStrategy: Strategy = {
  ...WITHOUT_STATUS,
  returnsDeleted: true,
  prepareForUpdate(driver, old) {
    const [spec, before] = [recordOf(driver['spec']), recordOf(old['spec'])]
    if (COUNTED.every(name => equalJson(spec[name] ?? null, before[name] ?? null))) return driver
    const generation = (old.metadata.generation ?? 0) + 1
    return { ...driver, metadata: { ...driver.metadata, generation } }
  },
}

export const STORAGE_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['persistentvolumes', volumeStrategy],
  ['persistentvolumeclaims', claimStrategy],
  ['storageclasses.storage.k8s.io', { ...WITHOUT_STATUS, returnsDeleted: true }],
  ['volumeattachments.storage.k8s.io', attachmentStrategy],
  ['csidrivers.storage.k8s.io', driverStrategy],
  ['csinodes.storage.k8s.io', { ...WITHOUT_STATUS, returnsDeleted: true }],
  ['csistoragecapacities.storage.k8s.io', WITHOUT_STATUS],
  ['volumeattributesclasses.storage.k8s.io', { ...WITHOUT_STATUS, returnsDeleted: true }],
]
