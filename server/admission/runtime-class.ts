/**
 * RuntimeClass: a pod that names a class gets what the class says: overhead, node selector, tolerations.
 *
 * Throws  StatusError(Forbidden): the class does not exist, or says something else than the pod.
 * Source: kubernetes plugin/pkg/admission/runtimeclass/admission.go
 */
import { equalJson } from '#api/json.ts'
import { compareQuantities } from '#api/quantity.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import type { Pod, PodSpec } from '#api/types/core-v1.ts'
import type { RuntimeClass } from '#api/types/node-v1.ts'
import type { ObjectReader } from '../auth/object-reader.ts'
import { isKind, refuse, targetOf } from './refusal.ts'

const CLASSES = 'runtimeclasses.node.k8s.io'
const MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
const UNEXPLAINED =
  'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'

type Amounts = Readonly<Record<string, string>>

export function createRuntimeClassAdmission(deps: {
  readonly reader: Pick<ObjectReader, 'get'>
}): AdmissionPlugin {
  const classOf = (attributes: AdmissionAttributes, pod: Pod): RuntimeClass | undefined => {
    const name = pod.spec?.runtimeClassName
    if (name === undefined) return undefined
    const found = deps.reader.get(CLASSES, '', name)
    if (found !== undefined) return found
    throw refuse(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
  }
  return {
    name: 'RuntimeClass',
    handles: operation => operation === 'CREATE',
    admit(attributes) {
      const { object } = attributes
      if (targetOf(attributes) !== 'pods' || !isKind('pods', object)) return undefined
      const runtimeClass = classOf(attributes, object)
      if (runtimeClass === undefined || object.spec === undefined) return undefined
      const spec = withOverhead(attributes, object.spec, runtimeClass)
      return { ...object, spec: withScheduling(attributes, spec, runtimeClass) }
    },
    validate(attributes) {
      const { object } = attributes
      if (targetOf(attributes) !== 'pods' || !isKind('pods', object)) return
      const overhead = object.spec?.overhead
      const wanted = classOf(attributes, object)?.overhead
      if (wanted === undefined) {
        if (overhead !== undefined) throw refuse(attributes, UNEXPLAINED)
      } else if (!isSame(wanted.podFixed ?? {}, overhead ?? {})) throw refuse(attributes, MISMATCH)
    },
  }
}

/** `250m` and `0.25` are the same amount. */
const isSame = (left: Amounts, right: Amounts): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([name, quantity]) => {
    const other = right[name]
    return other !== undefined && compareQuantities(quantity, other) === 0
  })

function withOverhead(
  attributes: AdmissionAttributes,
  spec: PodSpec,
  { overhead }: RuntimeClass,
): PodSpec {
  if (overhead === undefined) return spec
  const { podFixed = {} } = overhead
  if (spec.overhead !== undefined && !isSame(podFixed, spec.overhead)) {
    throw refuse(attributes, MISMATCH)
  }
  return { ...spec, overhead: podFixed }
}

function withScheduling(
  attributes: AdmissionAttributes,
  spec: PodSpec,
  { scheduling }: RuntimeClass,
): PodSpec {
  if (scheduling === undefined) return spec
  const { nodeSelector: wanted = {}, tolerations: added = [] } = scheduling
  const { nodeSelector = {}, tolerations = [] } = spec
  for (const [key, value] of Object.entries(wanted)) {
    const own = nodeSelector[key]
    if (own === undefined || own === value) continue
    throw refuse(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
    )
  }
  const missing = added.filter(next => !tolerations.some(own => equalJson(own, next)))
  return {
    ...spec,
    ...(Object.keys(wanted).length === 0 ? {} : { nodeSelector: { ...nodeSelector, ...wanted } }),
    ...(missing.length === 0 ? {} : { tolerations: [...tolerations, ...missing] }),
  }
}
