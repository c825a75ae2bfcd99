/**
 * Fields of a pod that a container may see: `fieldRef` and `resourceFieldRef`, for environment and volumes. Pure.
 * Throws  Error with one line when the field is not known: a configuration error of the container.
 * Source: kubernetes pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go
 */
import { parseQuantity, quantityMillis, quantityValue } from '#api/quantity.ts'
import type { Container, Pod } from '#api/types/core-v1.ts'

export interface FieldFacts {
  readonly pod: Pod
  readonly podIPs: readonly string[]
  readonly hostIPs: readonly string[]
  /** What a container without limits may use at most. */
  readonly allocatable: { readonly cpuMillis: number; readonly memoryBytes: number }
}

const SUBSCRIPT = /^(metadata\.(?:labels|annotations))\['(.+)'\]$/u

export function podField(facts: FieldFacts, path: string): string {
  const { metadata, spec } = facts.pod
  const subscript = SUBSCRIPT.exec(path)
  if (subscript !== null) {
    const from = subscript[1] === 'metadata.labels' ? metadata.labels : metadata.annotations
    return from?.[subscript[2] ?? ''] ?? ''
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata.labels)
    case 'metadata.annotations':
      return formatMap(metadata.annotations)
    case 'spec.nodeName':
      return spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return facts.hostIPs[0] ?? ''
    case 'status.hostIPs':
      return facts.hostIPs.join(',')
    case 'status.podIP':
      return facts.podIPs[0] ?? ''
    case 'status.podIPs':
      return facts.podIPs.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

/** One `key="value"` a line, sorted, quoted as Go does. */
const formatMap = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

/** `limits.cpu`, `requests.memory` ... of one container, divided by `divisor` and rounded up. */
export function resourceField(
  facts: FieldFacts,
  container: Container,
  ref: { readonly resource: string; readonly divisor?: string },
): string {
  const [list, name = ''] = ref.resource.split(/\.(.*)/su)
  if (list !== 'limits' && list !== 'requests') {
    throw new Error(`unsupported container resource: ${ref.resource}`)
  }
  const { requests, limits } = container.resources ?? {}
  const stated = list === 'limits' ? limits?.[name] : (requests?.[name] ?? limits?.[name])
  const divisor = ref.divisor === undefined || ref.divisor === '0' ? '1' : ref.divisor
  if (name === 'cpu') {
    const millis = stated === undefined ? noCpu(facts, list) : quantityMillis(stated)
    return String(Math.ceil(millis / quantityMillis(divisor)))
  }
  const whole = stated === undefined ? noLimit(facts, list, name) : quantityValue(stated)
  const unit = Number(parseQuantity(divisor).nanos) / 1e9
  return String(Math.ceil(whole / unit))
}

const noCpu = ({ allocatable }: FieldFacts, list: 'limits' | 'requests'): number =>
  list === 'limits' ? allocatable.cpuMillis : 0

const noLimit = ({ allocatable }: FieldFacts, list: 'limits' | 'requests', name: string): number =>
  list === 'limits' && name === 'memory' ? allocatable.memoryBytes : 0
