/**
 * The status of a ResourceClaim has two writers: who binds it (allocation, reservations), and the drivers of its
 * devices. The right to write the status is the right to neither: each needs one of its own.
 *
 * Throws  StatusError(Invalid) that blames the part that was changed without the right to.
 * Source: kubernetes pkg/registry/resource/utils.go AuthorizedForBinding, AuthorizedForDeviceStatus: there part of the
 * validation (DRAResourceClaimGranularStatusAuthorization)
 */
import { equalJson } from '#api/json.ts'
import { accessForbidden } from '#api/refusal.ts'
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '#api/request.ts'
import { type FieldError, invalid } from '#api/status.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  ResourceClaimStatus,
} from '#api/types/resource-v1.ts'
import { forbidden } from '#api/validation/fault.ts'
import { isKind, nameOf, targetOf } from './refusal.ts'

const TARGET = 'resourceclaims.resource.k8s.io/status'
const ACCOUNT = 'system:serviceaccount:'
const NODE_NAME = 'authentication.kubernetes.io/node-name'

interface Deps {
  readonly authorizer: Authorizer
}

export const createClaimStatusAuthorization = (deps: Deps): AdmissionPlugin => ({
  name: 'ClaimStatusAuthorization',
  handles: operation => operation === 'UPDATE',
  async validate(attributes) {
    const { object, oldObject, group, kind } = attributes
    if (targetOf(attributes) !== TARGET) return
    if (!isKind('resourceclaims', object) || !isKind('resourceclaims', oldObject)) return
    const status = object.status ?? {}
    const before = oldObject.status ?? {}
    const faults = [
      ...(await bindingFaults(deps, attributes, { status, before })),
      ...(await deviceFaults(deps, attributes, { status, before })),
    ]
    if (faults.length > 0) throw invalid({ group, kind, name: nameOf(attributes) }, faults)
  },
})

interface Change {
  readonly status: ResourceClaimStatus
  readonly before: ResourceClaimStatus
}

async function bindingFaults(
  deps: Deps,
  attributes: AdmissionAttributes,
  { status, before }: Change,
): Promise<readonly FieldError[]> {
  const bound = ({ allocation, reservedFor = [] }: ResourceClaimStatus): unknown => ({
    allocation: allocation ?? null,
    reservedFor,
  })
  if (equalJson(bound(status), bound(before))) return []
  const { verb } = attributes
  const asked = { verb, subresource: 'binding', namespace: '', name: '' }
  const refusal = await refusalOf(deps, attributes, asked)
  if (refusal === undefined) return []
  const detail = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${refusal}`
  return [forbidden('status.allocation', detail)]
}

/** What drivers say goes with the allocation, and nobody is asked then. */
async function deviceFaults(
  deps: Deps,
  attributes: AdmissionAttributes,
  { status, before }: Change,
): Promise<readonly FieldError[]> {
  if (status.allocation === undefined) return []
  const verbs = verbsOf(attributes, status.allocation)
  const faults: FieldError[] = []
  for (const driver of changedDrivers(status.devices ?? [], before.devices ?? [])) {
    let first: string | undefined
    for (const verb of verbs) {
      const { namespace } = attributes
      const asked = { verb, subresource: 'driver', namespace, name: driver }
      const refusal = await refusalOf(deps, attributes, asked)
      if (refusal === undefined) {
        first = undefined
        break
      }
      first ??= refusal
    }
    if (first === undefined) continue
    const detail = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${first}`
    faults.push(forbidden('status.devices', detail))
  }
  return faults
}

interface Asked {
  readonly verb: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

/** The words of the refusal; undefined when it is allowed. */
async function refusalOf(
  { authorizer }: Deps,
  { user, group, version, resource }: AdmissionAttributes,
  asked: Asked,
): Promise<string | undefined> {
  const request = { ...asked, user, group, version, resource, isResource: true, path: '' }
  const { decision, reason } = await authorizer.authorize(request)
  return decision === 'allow' ? undefined : accessForbidden(request, reason).message
}

const idOf = ({ driver, pool, device, shareID = '' }: AllocatedDeviceStatus): string =>
  JSON.stringify([driver, pool, device, shareID])

/** Drivers of devices that came, went or changed; sorted. */
function changedDrivers(
  now: readonly AllocatedDeviceStatus[],
  before: readonly AllocatedDeviceStatus[],
): readonly string[] {
  const old = new Map(before.map(device => [idOf(device), device]))
  const drivers = new Set<string>()
  for (const device of now) {
    const known = old.get(idOf(device))
    old.delete(idOf(device))
    if (known === undefined || !equalJson(known, device)) drivers.add(device.driver)
  }
  for (const { driver } of old.values()) drivers.add(driver)
  return [...drivers].toSorted()
}

/** A driver on the claim's own node may be allowed less than one that works for all nodes. */
function verbsOf({ user, verb }: AdmissionAttributes, allocation: AllocationResult): string[] {
  const node = nodeOf(allocation)
  const [own, ...others] = user.extra?.[NODE_NAME] ?? []
  const isOwn = node !== '' && user.name.startsWith(ACCOUNT) && others.length === 0 && own === node
  return [...(isOwn ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`]
}

/** The one node that an allocation is for, by name; '' when it is for others too. */
function nodeOf({ nodeSelector }: AllocationResult): string {
  const [term, ...terms] = nodeSelector?.nodeSelectorTerms ?? []
  const [field, ...fields] = term?.matchFields ?? []
  const [name = '', ...names] = field?.values ?? []
  const isOne =
    [terms, fields, names, term?.matchExpressions ?? []].every(list => list.length === 0) &&
    field?.key === 'metadata.name' &&
    field.operator === 'In'
  return isOne ? name : ''
}
