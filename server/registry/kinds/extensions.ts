/**
 * What the kinds that extend or steer the API server, and those of device resources, do differently.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go, k8s.io/kube-aggregator
 * pkg/registry/apiservice/strategy.go, kubernetes pkg/registry/{flowcontrol,admissionregistration,resource}
 */
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

const GENERATED: Strategy = { ...DEFAULT_STRATEGY, generation: true }
const CONFIGURATION: Strategy = { ...GENERATED, hasStatus: false }

/** Whoever once stored a version keeps objects in it until they are migrated: the list only grows here. */
function storing(definition: AnyObject, stored: readonly unknown[]): AnyObject {
  const versions = listOf(recordOf(definition['spec'])['versions']).filter(isRecord)
  const storage = versions.find(version => version['storage'] === true)?.['name']
  const storedVersions =
    storage === undefined || stored.includes(storage) ? stored : [...stored, storage]
  return { ...definition, status: { ...recordOf(definition['status']), storedVersions } }
}

const definitionStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: definition => storing(definition, []),
  prepareForUpdate: (definition, old) => {
    const status = recordOf(old['status'])
    return storing({ ...definition, status }, listOf(status['storedVersions']))
  },
}

/** What this server serves itself is there at once. */
const apiServiceStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  prepareForCreate: (service, { now }) => ({
    ...service,
    status:
      recordOf(service['spec'])['service'] === undefined
        ? { conditions: [{ ...LOCAL, lastTransitionTime: rfc3339(now) }] }
        : {},
  }),
}

const LOCAL = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

const timed = (taint: unknown, now: number): unknown =>
  isRecord(taint) && (taint['timeAdded'] ?? null) === null
    ? { ...taint, timeAdded: rfc3339(now) }
    : taint

/** A taint counts from the moment it is there. */
const taintRuleStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: (rule, { now }) => tainted(rule, now),
  prepareForUpdate: (rule, _old, { now }) => tainted(rule, now),
}

function tainted(rule: AnyObject, now: number): AnyObject {
  const spec = recordOf(rule['spec'])
  return { ...rule, spec: { ...spec, taint: timed(spec['taint'], now) } }
}

const sliceStrategy: Strategy = {
  ...CONFIGURATION,
  returnsDeleted: true,
  prepareForCreate: (slice, { now }) => withTimes(slice, now),
  prepareForUpdate: (slice, _old, { now }) => withTimes(slice, now),
}

function withTimes(slice: AnyObject, now: number): AnyObject {
  const spec = recordOf(slice['spec'])
  const isTainted = (device: unknown): boolean => listOf(recordOf(device)['taints']).length > 0
  const devices = listOf(spec['devices'])
  if (!devices.some(isTainted)) return slice
  const changed = devices.map(device =>
    isTainted(device) && isRecord(device)
      ? { ...device, taints: listOf(device['taints']).map(taint => timed(taint, now)) }
      : device,
  )
  return { ...slice, spec: { ...spec, devices: changed } }
}

/** What drivers say about devices that are no longer allocated goes with the allocation. */
const claimStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForStatus: (claim, old) => {
    const status = recordOf(claim['status'])
    const left = new Set(resultsOf(old))
    for (const kept of resultsOf(claim)) left.delete(kept)
    const devices = listOf(status['devices']).filter(device => !left.has(deviceId(device)))
    const { devices: _all, ...rest } = status
    return { ...claim, status: devices.length === 0 ? rest : { ...rest, devices } }
  },
}

const deviceId = (device: unknown): string => {
  const fields = recordOf(device)
  return [fields['driver'], fields['pool'], fields['device']].map(textOf).join('/')
}

const resultsOf = (claim: AnyObject): readonly string[] => {
  const allocation = recordOf(recordOf(claim['status'])['allocation'])
  return listOf(recordOf(allocation['devices'])['results']).map(deviceId)
}

export const EXTENSION_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['customresourcedefinitions.apiextensions.k8s.io', definitionStrategy],
  ['apiservices.apiregistration.k8s.io', apiServiceStrategy],
  ['flowschemas.flowcontrol.apiserver.k8s.io', GENERATED],
  ['prioritylevelconfigurations.flowcontrol.apiserver.k8s.io', GENERATED],
  ['validatingwebhookconfigurations.admissionregistration.k8s.io', CONFIGURATION],
  ['mutatingwebhookconfigurations.admissionregistration.k8s.io', CONFIGURATION],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', GENERATED],
  ['validatingadmissionpolicybindings.admissionregistration.k8s.io', CONFIGURATION],
  ['mutatingadmissionpolicies.admissionregistration.k8s.io', CONFIGURATION],
  ['mutatingadmissionpolicybindings.admissionregistration.k8s.io', CONFIGURATION],
  ['deviceclasses.resource.k8s.io', { ...CONFIGURATION, returnsDeleted: true }],
  ['resourceclaims.resource.k8s.io', claimStrategy],
  [
    'resourceclaimtemplates.resource.k8s.io',
    { ...DEFAULT_STRATEGY, hasStatus: false, returnsDeleted: true },
  ],
  ['resourceslices.resource.k8s.io', sliceStrategy],
  ['devicetaintrules.resource.k8s.io', { ...taintRuleStrategy, returnsDeleted: true }],
]
