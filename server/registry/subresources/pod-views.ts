/**
 * Writes of a running pod through subresources of their own: the resources of its containers (resize), and guests that
 * join it (ephemeralcontainers). Everything else that is sent is ignored. Pure.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go dropNonResizeUpdates, dropNonEphemeralContainerUpdates;
 * pkg/apis/core/validation/validation.go ValidatePodResize, ValidatePodEphemeralContainersUpdate
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { qosClassOf } from '#api/pod-qos.ts'
import type { PodSpec } from '#api/types/core-v1.ts'
import { differencesOf } from '#api/validation/differences.ts'
import { type Faults, forbidden, WHOLE, wrong } from '#api/validation/fault.ts'
import { MIRROR } from '#api/validation/pod-annotations.ts'
import type { FieldError } from '#api/status.ts'
import type { View } from './subresource.ts'
import { type Fields, isRecord, listOf, recordOf, textOf } from '#api/values.ts'

const RESIZED: readonly string[] = ['cpu', 'memory']
const PARTS = ['containers', 'initContainers'] as const
const AMOUNTS = ['requests', 'limits'] as const

const itself = (pod: AnyObject): AnyObject => pod

const specOf = (pod: AnyObject): Fields => recordOf(pod['spec'])

const containersOf = (pod: AnyObject, part: string): readonly Fields[] =>
  listOf(specOf(pod)[part]).filter(isRecord)

function withGuests(pod: AnyObject, ephemeralContainers: unknown): AnyObject {
  const { ephemeralContainers: _present, ...spec } = specOf(pod)
  return { ...pod, spec: { ...spec, ...memberOf('ephemeralContainers', ephemeralContainers) } }
}

const isStatic = (pod: AnyObject): boolean => pod.metadata.annotations?.[MIRROR] !== undefined

/** The pod's own member of that name, or the one sent: absent where it is absent. */
const memberOf = (name: string, value: unknown): Fields =>
  value === undefined ? {} : { [name]: value }

function resized(sent: AnyObject, pod: AnyObject): AnyObject {
  const isSameCount = PARTS.every(
    part => containersOf(sent, part).length === containersOf(pod, part).length,
  )
  // Other containers than there are: the rules say so.
  if (!isSameCount) return { ...pod, spec: specOf(sent) }
  const parts = PARTS.filter(part => specOf(pod)[part] !== undefined)
  const changed = parts.map(
    part => [part, resizedList(containersOf(pod, part), containersOf(sent, part))] as const,
  )
  const { resources: _own, ...rest } = specOf(pod)
  const spec = { ...rest, ...memberOf('resources', specOf(sent)['resources']) }
  return { ...pod, spec: { ...spec, ...Object.fromEntries(changed) } }
}

function resizedList(present: readonly Fields[], wanted: readonly Fields[]): readonly Fields[] {
  if (present.some((one, at) => one['name'] !== wanted[at]?.['name'])) return wanted
  return present.map((one, at) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = one
    const { resources, resizePolicy } = wanted[at] ?? {}
    return {
      ...rest,
      ...memberOf('resources', resources),
      ...memberOf('resizePolicy', resizePolicy),
    }
  })
}

/** Decoded specs: their fields have their types. */
const qosOf = (pod: AnyObject): string => qosClassOf(specOf(pod) as Partial<PodSpec>)

function resizeFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  if (isStatic(old)) return [forbidden(WHOLE, 'static pods cannot be resized')]
  if (recordOf(specOf(old)['os'])['name'] === 'windows')
    return [forbidden(WHOLE, 'windows pods cannot be resized')]
  const faults: Faults = []
  const before = recordOf(old['status'])
  const qosClass = textOf(before['qosClass'])
  if ((qosClass === '' ? qosOf(old) : qosClass) !== qosOf(pod))
    faults.push(wrong('spec', qosClass, 'Pod QOS Class may not change as a result of resizing'))
  if (!isResizable(old))
    faults.push(forbidden('spec', 'Pod running on node without support for resize'))
  faults.push(...wholeFaults(pod, old))
  if (listOf(before['nodeAllocatableResourceClaimStatuses']).length > 0)
    faults.push(forbidden('spec', 'pods with node allocatable resource claims cannot be resized'))
  const misplaced = PARTS.flatMap(part => misplacedFaults(pod, old, part))
  if (misplaced.length > 0) return [...faults, ...misplaced]
  for (const part of PARTS.toReversed()) {
    for (const [at, one] of containersOf(old, part).entries()) {
      const wanted = containersOf(pod, part)[at]?.['resources']
      const field = `spec.${part}[${at}].resources`
      faults.push(...removalFaults(field, 'resource', { wanted, present: one['resources'] }))
    }
  }
  for (const part of PARTS) faults.push(...fixedFaults(pod, old, part))
  return faults
}

/** A node that reports the resources of what it runs can change them. */
function isResizable(pod: AnyObject): boolean {
  const running = listOf(recordOf(pod['status'])['containerStatuses'])
    .map(recordOf)
    .find(status => recordOf(status['state'])['running'] !== undefined)
  return running === undefined || running['resources'] !== undefined
}

const isAsking = (resources: unknown): boolean =>
  AMOUNTS.some(part => Object.keys(recordOf(recordOf(resources)[part])).length > 0)

/** Of the resources of the pod as a whole. */
function wholeFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  const { resources: wanted } = specOf(pod)
  const { resources: present } = specOf(old)
  if (!isAsking(wanted) && !isAsking(present)) return []
  const field = 'spec.resources'
  if (wanted === undefined) return [forbidden(field, 'pod-level resources cannot be removed')]
  const removed = removalFaults(field, 'pod-level resource', { wanted, present })
  return equalJson(fixedResources(wanted), fixedResources(present))
    ? removed
    : [...removed, forbidden('spec', 'only cpu and memory resources are mutable at pod-level')]
}

function misplacedFaults(
  pod: AnyObject,
  old: AnyObject,
  part: (typeof PARTS)[number],
): readonly FieldError[] {
  const present = containersOf(old, part)
  const wanted = containersOf(pod, part)
  const field = `spec.${part}`
  if (present.length !== wanted.length)
    return [forbidden(field, `${part} may not be added or removed on resize`)]
  return present.flatMap((one, at) =>
    one['name'] === wanted[at]?.['name']
      ? []
      : [forbidden(`${field}[${at}].name`, `${part} may not be renamed or reordered on resize`)],
  )
}

function removalFaults(
  field: string,
  what: string,
  { wanted, present }: { readonly wanted: unknown; readonly present: unknown },
): readonly FieldError[] {
  return AMOUNTS.flatMap(part => {
    const before = Object.keys(recordOf(recordOf(present)[part]))
    const after = recordOf(recordOf(wanted)[part])
    return before.every(name => Object.hasOwn(after, name))
      ? []
      : [forbidden(`${field}.${part}`, `${what} ${part} cannot be removed`)]
  })
}

/** Of what a resize may not change. */
function fixedFaults(
  pod: AnyObject,
  old: AnyObject,
  part: (typeof PARTS)[number],
): readonly FieldError[] {
  const wanted = containersOf(pod, part)
  const isInit = part === 'initContainers'
  return containersOf(old, part).flatMap((present, at) => {
    const one = wanted[at] ?? present
    const field = isInit ? `spec.${part}[${at}]` : 'spec'
    const what = isInit ? 'resources for init or sidecar containers' : 'resources'
    const faults: FieldError[] = []
    // Upstream compares containers without their claims to those with them.
    const claims = recordOf(present['resources'])['claims']
    if (claims !== undefined || !equalJson(fixedPart(one), fixedPart(present)))
      faults.push(forbidden(field, `only cpu and memory ${what} are mutable`))
    if (isInit && one['restartPolicy'] !== 'Always' && !equalJson(one, present)) {
      const detail =
        'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
      for (const policy of listOf(one['resizePolicy'])) {
        if (recordOf(policy)['restartPolicy'] !== 'RestartContainer') continue
        faults.push(forbidden(field, detail))
      }
    }
    return faults
  })
}

const fixedPart = ({ resources, ...rest }: Fields): Fields => ({
  ...rest,
  resources: fixedResources(resources),
})

function fixedResources(resources: unknown): Fields {
  const { requests, limits } = recordOf(resources)
  return { requests: withoutMutable(requests), limits: withoutMutable(limits) }
}

const withoutMutable = (amounts: unknown): Fields =>
  Object.fromEntries(Object.entries(recordOf(amounts)).filter(([name]) => !RESIZED.includes(name)))

function guestFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  if (isStatic(old)) return [forbidden(WHOLE, 'static pods do not support ephemeral containers')]
  const field = 'spec.ephemeralContainers'
  const guests = new Map(
    containersOf(pod, 'ephemeralContainers').map(guest => [guest['name'], guest]),
  )
  return containersOf(old, 'ephemeralContainers').flatMap(present => {
    const guest = guests.get(present['name'])
    const name = JSON.stringify(present['name'])
    if (guest === undefined)
      return [forbidden(field, `existing ephemeral containers ${name} may not be removed\n`)]
    if (equalJson(guest, present)) return []
    const difference = differencesOf(`${field}[${textOf(present['name'])}]`, present, guest)
    return [
      forbidden(field, `existing ephemeral containers ${name} may not be changed\n${difference}`),
    ]
  })
}

export const resize: View = { show: itself, apply: resized, faults: resizeFaults }

export const guests: View = {
  show: itself,
  apply: (sent, pod) => withGuests(pod, specOf(sent)['ephemeralContainers']),
  faults: guestFaults,
}
