/**
 * What the kinds that extend or steer the API server, and those of device resources, do differently.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go, k8s.io/kube-aggregator
 * pkg/registry/apiservice/strategy.go, kubernetes pkg/registry/{flowcontrol,admissionregistration,resource}
 */
import type { AnyObject } from '#api/object.ts'
import { rfc3339 } from '#api/time.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import { CLEANUP, terminating } from '#server/custom/plan.ts'
import { DEFAULT_STRATEGY, GENERATED, PLAIN, PLAIN_GENERATED, type Strategy } from '../strategy.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

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
  /** Its objects go first. Nothing else changes: upstream marks it in a way of its own. */
  beginDeletion(definition, before) {
    const { deletionTimestamp = '' } = definition.metadata
    const { finalizers = [] } = before.metadata
    const held = finalizers.includes(CLEANUP) ? finalizers : [...finalizers, CLEANUP]
    const metadata = { ...before.metadata, deletionTimestamp, finalizers: held }
    const marked = { ...definition, metadata }
    const now = Date.parse(deletionTimestamp)
    // The seam: what is deleted here has been decoded as this kind.
    const pending = terminating(marked as unknown as CustomResourceDefinition, 'pending', now)
    return { ...pending }
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
  ...PLAIN_GENERATED,
  returnsDeleted: true,
  prepareForCreate: (slice, { now }) => withDevices(slice, now),
  prepareForUpdate: (slice, _old, { now }) => withDevices(slice, now),
}

function withDevices(slice: AnyObject, now: number): AnyObject {
  const spec = recordOf(slice['spec'])
  const devices = listOf(spec['devices'])
  if (devices.length === 0) return slice
  const changed = devices.map(device => (isRecord(device) ? preparedDevice(device, now) : device))
  return { ...slice, spec: { ...spec, devices: changed } }
}

/** Attributes of many values, and devices that are a node's own resources, are alpha: both are taken away. */
function preparedDevice(sent: Record<string, unknown>, now: number): object {
  const { nodeAllocatableResourceMappings: _alpha, taints, attributes, ...device } = sent
  return {
    ...device,
    ...(isRecord(attributes) ? { attributes: singleValued(attributes) } : {}),
    ...(taints === undefined ? {} : { taints: listOf(taints).map(taint => timed(taint, now)) }),
  }
}

const singleValued = (attributes: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      const { bools: _b, ints: _i, strings: _s, versions: _v, ...single } = recordOf(value)
      return [name, single]
    }),
  )

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
  return ['driver', 'pool', 'device', 'shareID'].map(name => textOf(fields[name])).join('/')
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
  ['validatingwebhookconfigurations.admissionregistration.k8s.io', PLAIN_GENERATED],
  ['mutatingwebhookconfigurations.admissionregistration.k8s.io', PLAIN_GENERATED],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', GENERATED],
  ['validatingadmissionpolicybindings.admissionregistration.k8s.io', PLAIN_GENERATED],
  ['mutatingadmissionpolicies.admissionregistration.k8s.io', PLAIN_GENERATED],
  ['mutatingadmissionpolicybindings.admissionregistration.k8s.io', PLAIN_GENERATED],
  ['deviceclasses.resource.k8s.io', { ...PLAIN_GENERATED, returnsDeleted: true }],
  ['resourceclaims.resource.k8s.io', claimStrategy],
  ['resourceclaimtemplates.resource.k8s.io', { ...PLAIN, returnsDeleted: true }],
  ['resourceslices.resource.k8s.io', sliceStrategy],
  ['devicetaintrules.resource.k8s.io', { ...taintRuleStrategy, returnsDeleted: true }],
]
