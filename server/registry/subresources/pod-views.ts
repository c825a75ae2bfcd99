/**
 * Writes of a running pod through subresources of their own: the resources of its containers (resize), and guests that
 * join it (ephemeralcontainers). Everything else that is sent is ignored. Pure.
 *
 * Source: kubernetes pkg/registry/core/pod/strategy.go dropNonResizeUpdates, dropNonEphemeralContainerUpdates;
 * pkg/apis/core/validation/validation.go ValidatePodResize, ValidatePodEphemeralContainersUpdate
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { differencesOf } from '#api/validation/differences.ts'
import { type Faults, forbidden, wrong } from '#api/validation/fault.ts'
import type { FieldError } from '#api/status.ts'
import { qosClassOf } from '../kinds/pods.ts'
import type { View } from './subresource.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

type Fields = Readonly<Record<string, unknown>>

const MIRROR = 'kubernetes.io/config.mirror'
const RESIZED = ['cpu', 'memory']
const PARTS = ['containers', 'initContainers'] as const

const itself = (pod: AnyObject): AnyObject => pod

const specOf = (pod: AnyObject): Fields => recordOf(pod['spec'])

const containersOf = (pod: AnyObject, part: string): readonly Fields[] =>
  listOf(specOf(pod)[part]).filter(isRecord)

const withSpec = (pod: AnyObject, changes: Fields): AnyObject => ({
  ...pod,
  spec: { ...specOf(pod), ...changes },
})

const isStatic = (pod: AnyObject): boolean => pod.metadata.annotations?.[MIRROR] !== undefined

/** The pod's own member of that name, or the one sent: absent where it is absent. */
const memberOf = (name: string, value: unknown): Fields =>
  value === undefined ? {} : { [name]: value }

function resized(sent: AnyObject, pod: AnyObject): AnyObject {
  const parts = PARTS.filter(part => specOf(pod)[part] !== undefined)
  const changed = parts.map(part => {
    const present = containersOf(pod, part)
    const wanted = containersOf(sent, part)
    // Other containers than there are: the rules say so.
    if (wanted.length !== present.length) return [part, wanted] as const
    return [part, present.map((one, at) => resizedContainer(one, wanted[at] ?? one))] as const
  })
  const { resources: _own, ...rest } = specOf(pod)
  const spec = { ...rest, ...memberOf('resources', specOf(sent)['resources']) }
  return { ...pod, spec: { ...spec, ...Object.fromEntries(changed) } }
}

function resizedContainer(present: Fields, wanted: Fields): Fields {
  const { resources: _resources, resizePolicy: _policy, ...rest } = present
  return {
    ...rest,
    name: wanted['name'],
    ...memberOf('resources', wanted['resources']),
    ...memberOf('resizePolicy', wanted['resizePolicy']),
  }
}

function resizeFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  if (isStatic(old)) return [forbidden('', 'static pods cannot be resized')]
  if (recordOf(specOf(old)['os'])['name'] === 'windows')
    return [forbidden('', 'windows pods cannot be resized')]
  const faults: Faults = []
  const before = textOf(recordOf(old['status'])['qosClass'])
  if (qosClassOf(specOf(old)) !== qosClassOf(specOf(pod)))
    faults.push(wrong('spec', before, 'Pod QOS Class may not change as a result of resizing'))
  if (!isResizable(old))
    faults.push(forbidden('spec', 'Pod running on node without support for resize'))
  const misplaced = misplacedFaults(pod, old)
  if (misplaced.length > 0) return [...faults, ...misplaced]
  for (const part of PARTS) faults.push(...removalFaults(pod, old, part))
  if (!equalJson(withoutResized(pod), withoutResized(old)))
    faults.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  return faults
}

/** A node that reports the resources of what it runs can change them. */
function isResizable(pod: AnyObject): boolean {
  const running = listOf(recordOf(pod['status'])['containerStatuses'])
    .map(recordOf)
    .find(status => recordOf(status['state'])['running'] !== undefined)
  return running === undefined || running['resources'] !== undefined
}

function misplacedFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  return PARTS.flatMap(part => {
    const present = containersOf(old, part)
    const wanted = containersOf(pod, part)
    const field = `spec.${part}`
    if (present.length !== wanted.length)
      return [forbidden(field, 'containers may not be added or removed on resize')]
    return present.flatMap((one, at) =>
      one['name'] === wanted[at]?.['name']
        ? []
        : [
            forbidden(
              `${field}[${at}].name`,
              'containers may not be renamed or reordered on resize',
            ),
          ],
    )
  })
}

function removalFaults(pod: AnyObject, old: AnyObject, part: string): readonly FieldError[] {
  const wanted = containersOf(pod, part)
  return containersOf(old, part).flatMap((one, at) =>
    ['requests', 'limits'].flatMap(kind => {
      const before = recordOf(recordOf(one['resources'])[kind])
      const after = recordOf(recordOf(wanted[at]?.['resources'])[kind])
      const isGone = RESIZED.some(name => before[name] !== undefined && after[name] === undefined)
      const field = `spec.${part}[${at}].resources.${kind}`
      return isGone ? [forbidden(field, `resource ${kind} cannot be removed`)] : []
    }),
  )
}

/** The spec without all that a resize may change. */
function withoutResized(pod: AnyObject): Fields {
  const { resources, ...spec } = specOf(pod)
  const parts = PARTS.map(part => [part, containersOf(pod, part).map(fixedPart)] as const)
  return { ...spec, ...Object.fromEntries(parts), resources: fixedResources(resources) }
}

function fixedPart({ resizePolicy: _policy, resources, ...rest }: Fields): Fields {
  return { ...rest, resources: fixedResources(resources) }
}

function fixedResources(resources: unknown): Fields {
  const { requests, limits, ...rest } = recordOf(resources)
  return { ...rest, requests: withoutMutable(requests), limits: withoutMutable(limits) }
}

const withoutMutable = (amounts: unknown): Fields =>
  Object.fromEntries(Object.entries(recordOf(amounts)).filter(([name]) => !RESIZED.includes(name)))

function guestFaults(pod: AnyObject, old: AnyObject): readonly FieldError[] {
  if (isStatic(old)) return [forbidden('', 'static pods do not support ephemeral containers')]
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
  apply: (sent, pod) =>
    withSpec(pod, { ephemeralContainers: specOf(sent)['ephemeralContainers'] ?? [] }),
  faults: guestFaults,
}
