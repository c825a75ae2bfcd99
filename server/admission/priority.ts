/**
 * Priority: turns a pod's priority class into its number, and keeps at most one class the default.
 *
 * Follows the classes to know the default one. The two system classes are known without being stored.
 * Source: kubernetes plugin/pkg/admission/priority/admission.go, pkg/apis/scheduling/v1/helpers.go
 */
import type { AdmissionAttributes, AdmissionPlugin } from '#api/request.ts'
import type { Pod } from '#api/types/core-v1.ts'
import type { PriorityClass } from '#api/types/scheduling-v1.ts'
import type { ObjectReader } from '../auth/object-reader.ts'
import { isKind, nameOf, refuse, targetOf } from './refusal.ts'

const CLASSES = 'priorityclasses.scheduling.k8s.io'
const DEFAULT_POLICY = 'PreemptLowerPriority'

type Class = Pick<PriorityClass, 'preemptionPolicy'> & {
  readonly name: string
  readonly value: number
}

const SYSTEM_CLASSES: ReadonlyMap<string, Class> = new Map([
  ['system-cluster-critical', { name: 'system-cluster-critical', value: 2_000_000_000 }],
  ['system-node-critical', { name: 'system-node-critical', value: 2_000_001_000 }],
])
const NO_CLASS: Class = { name: '', value: 0 }

export function createPriorityAdmission(deps: { readonly reader: ObjectReader }): AdmissionPlugin {
  const defaults = new Map<string, Class>()
  deps.reader.follow(CLASSES, {
    onReset: () => defaults.clear(),
    onChange({ type, object }) {
      const name = object.metadata.name ?? ''
      if (type !== 'DELETED' && object.globalDefault === true) defaults.set(name, classOf(object))
      else defaults.delete(name)
    },
  })

  /** Of several defaults (they may have been made at once) the lowest counts. */
  const defaultClass = (): Class =>
    [...defaults.values()].reduce<Class | undefined>(
      (lowest, next) => (lowest === undefined || next.value < lowest.value ? next : lowest),
      undefined,
    ) ?? NO_CLASS

  const classFor = (attributes: AdmissionAttributes, pod: Pod): Class => {
    const name = pod.spec?.priorityClassName ?? ''
    if (name === '') return defaultClass()
    const stored = deps.reader.get(CLASSES, '', name)
    const found = stored === undefined ? SYSTEM_CLASSES.get(name) : classOf(stored)
    if (found === undefined)
      throw refuse(attributes, `no PriorityClass with name ${name} was found`)
    return found
  }

  return {
    name: 'Priority',
    handles: operation => operation === 'CREATE' || operation === 'UPDATE',
    admit(attributes) {
      const { object, operation } = attributes
      if (targetOf(attributes) !== 'pods' || operation !== 'CREATE' || !isKind('pods', object))
        return undefined
      return withPriority(attributes, object, classFor(attributes, object))
    },
    validate(attributes) {
      const { object } = attributes
      if (targetOf(attributes) !== CLASSES || !isKind('priorityclasses', object)) return
      const other = [...defaults.keys()].find(name => name !== nameOf(attributes))
      if (object.globalDefault !== true || other === undefined) return
      throw refuse(
        attributes,
        `PriorityClass ${other} is already marked as default. Only one default can exist`,
      )
    },
  }
}

const classOf = ({ metadata, value, preemptionPolicy }: PriorityClass): Class => ({
  name: metadata.name ?? '',
  value: value ?? 0,
  ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
})

function withPriority<P extends Pod>(attributes: AdmissionAttributes, pod: P, found: Class): P {
  const { spec } = pod
  const policy = found.preemptionPolicy ?? DEFAULT_POLICY
  const suffix = 'from the given PriorityClass name'
  if (spec?.priority !== undefined && spec.priority !== found.value) {
    throw refuse(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${found.value} ${suffix}`,
    )
  }
  if (spec?.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} ${suffix}`,
    )
  }
  const priorityClassName = found.name === '' ? {} : { priorityClassName: found.name }
  return {
    ...pod,
    spec: { ...spec, ...priorityClassName, priority: found.value, preemptionPolicy: policy },
  }
}
