/**
 * What a range of Services' addresses is and when it may go. Pure.
 *
 * Law     A range that is being deleted stays while it alone holds an address of ours, and ten seconds at the least: no
 *         write that took an address of it may still be under way.
 * Source: kubernetes pkg/controller/servicecidrs/servicecidrs_controller.go,
 *         pkg/controlplane/controller/defaultservicecidr/default_servicecidr_controller.go
 */
import { coversRange, holdsAddress, isManaged } from '#api/service-addresses.ts'
import type { Condition } from '#api/types/meta-v1.ts'
import type { IPAddress, ServiceCIDR } from '#api/types/networking-v1.ts'

export const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'
export const DEFAULT_NAME = 'kubernetes'
const DELETION_GRACE_MS = 10_000

export interface World {
  /** All ranges, the one in question among them. */
  readonly ranges: readonly ServiceCIDR[]
  readonly addresses: readonly IPAddress[]
  readonly now: number
}

export type Step =
  | { readonly kind: 'hold' | 'let-go' }
  | { readonly kind: 'tell'; readonly condition: Omit<Condition, 'lastTransitionTime'> }
  | { readonly kind: 'wait'; readonly ms: number }

const READY = {
  type: 'Ready',
  status: 'True',
  reason: '',
  message: 'Kubernetes Service CIDR is ready',
} as const

const BLOCKED = {
  type: 'Ready',
  status: 'False',
  reason: 'Terminating',
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
} as const

export const cidrsOf = (range: ServiceCIDR): readonly string[] => range.spec?.cidrs ?? []
const isHeld = ({ metadata }: ServiceCIDR): boolean =>
  metadata.finalizers?.includes(FINALIZER) === true

export function planRange(range: ServiceCIDR, world: World): readonly Step[] {
  const { deletionTimestamp } = range.metadata
  if (deletionTimestamp === undefined) {
    return [...(isHeld(range) ? [] : [{ kind: 'hold' } as const]), ...told(range, READY)]
  }
  if (!mayGo(range, world)) return told(range, BLOCKED)
  const left = DELETION_GRACE_MS - (world.now - Date.parse(deletionTimestamp))
  if (left > 0) return [{ kind: 'wait', ms: left }]
  return isHeld(range) ? [{ kind: 'let-go' }] : []
}

function told(range: ServiceCIDR, wanted: typeof READY | typeof BLOCKED): readonly Step[] {
  const known = range.status?.conditions?.find(({ type }) => type === wanted.type)
  const isKnown =
    known !== undefined &&
    known.status === wanted.status &&
    known.reason === wanted.reason &&
    known.message === wanted.message
  return isKnown ? [] : [{ kind: 'tell', condition: wanted }]
}

/** Another range holds all of it, or no address of ours is in it alone. */
function mayGo(range: ServiceCIDR, { ranges, addresses }: World): boolean {
  const others = ranges.filter(({ metadata }) => metadata.name !== range.metadata.name)
  const inOthers = others.flatMap(cidrsOf)
  const isCovered = cidrsOf(range).every(cidr => inOthers.some(other => coversRange(other, cidr)))
  if (isCovered) return true
  const isStranded = (address: string): boolean =>
    cidrsOf(range).some(cidr => holdsAddress(cidr, address)) &&
    !inOthers.some(cidr => holdsAddress(cidr, address))
  return !addresses.some(address => isManaged(address) && isStranded(address.metadata.name ?? ''))
}

export const defaultRange = (cidr: string): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: DEFAULT_NAME },
  spec: { cidrs: [cidr] },
})

/** What is wrong with the range that the server was started with; undefined when nothing is. */
export function defaultFault(
  range: ServiceCIDR,
  cidr: string,
): { readonly reason: string; readonly message: string } | undefined {
  const { deletionTimestamp } = range.metadata
  if (deletionTimestamp !== undefined) return undefined
  const cidrs = cidrsOf(range)
  if (cidrs.length !== 1 || cidrs[0] !== cidr) {
    const message = `The default ServiceCIDR [${cidrs.join(' ')}] does not match the controller flag configurations [${cidr}]`
    return { reason: 'KubernetesDefaultServiceCIDRInconsistent', message }
  }
  const ready = range.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.status !== 'False') return undefined
  return { reason: ready.reason, message: `Configuration matches, but ${ready.message}` }
}
