/**
 * IPAddresses and ServiceCIDRs. Pure.
 * Source: kubernetes pkg/apis/networking/validation/validation.go ValidateIPAddress, ValidateServiceCIDR
 */
import { cidrFaults, parseCidr } from '#api/addresses.ts'
import { equalJson } from '#api/json.ts'
import { pathSegmentFaults, subdomainFaults } from '#api/names.ts'
import type { IPAddress, ParentReference, ServiceCIDR } from '#api/types/networking-v1.ts'
import {
  type Faults,
  IMMUTABLE,
  Printed,
  required,
  requireFormat,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import type { RuleTable } from '#api/validation/rules.ts'

const FAMILIES =
  'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'

function validateIPAddress(faults: Faults, { spec }: IPAddress): void {
  const parent: ParentReference | undefined = spec.parentRef
  const field = 'spec.parentRef'
  if (parent === undefined) {
    faults.push(required(field))
    return
  }
  const { group = '', resource, name, namespace = '' } = parent
  if (group !== '') wrongFormat(faults, `${field}.group`, group, subdomainFaults(group))
  requireFormat(faults, `${field}.resource`, resource, pathSegmentFaults)
  requireFormat(faults, `${field}.name`, name, pathSegmentFaults)
  wrongFormat(faults, `${field}.namespace`, namespace, pathSegmentFaults(namespace))
}

const printedParent = (parent: ParentReference | undefined): Printed | undefined =>
  parent === undefined
    ? undefined
    : new Printed({
        Group: parent.group ?? '',
        Resource: parent.resource,
        Namespace: parent.namespace ?? '',
        Name: parent.name,
      })

function validateServiceCIDR(faults: Faults, { spec = {} }: ServiceCIDR): void {
  const field = 'spec.cidrs'
  const { cidrs = [] } = spec
  if (cidrs.length === 0) {
    faults.push(required(field, 'at least one CIDR required'))
    return
  }
  if (cidrs.length > 2) {
    faults.push(wrong(field, new Printed({ CIDRs: cidrs }), 'may only hold up to 2 values'))
    return
  }
  for (const [index, cidr] of cidrs.entries()) {
    wrongFormat(faults, `${field}[${index}]`, cidr, cidrFaults(cidr))
  }
  const [first, second] = cidrs.map(cidr => parseCidr(cidr)?.family)
  if (cidrs.length === 2 && first !== undefined && first === second) {
    faults.push(wrong(field, cidrs, FAMILIES))
  }
}

/** A second family may be added; nothing else changes. */
function validateServiceCIDRUpdate(faults: Faults, range: ServiceCIDR, before: ServiceCIDR): void {
  const { cidrs = [] } = range.spec ?? {}
  const { cidrs: old = [] } = before.spec ?? {}
  const isAddition = old.length === 1 && cidrs.length === 2
  if (cidrs.length !== old.length && !isAddition) {
    faults.push(wrong('spec.cidrs', cidrs, IMMUTABLE))
    return
  }
  for (const [index, cidr] of old.entries()) {
    if (cidr !== cidrs[index]) faults.push(wrong(`spec.cidrs[${index}]`, cidrs[index], IMMUTABLE))
  }
  if (isAddition) validateServiceCIDR(faults, range)
}

export const SERVICE_ADDRESS_RULES: RuleTable = {
  'ipaddresses.networking.k8s.io': {
    create: validateIPAddress,
    update(faults, address: IPAddress, before: IPAddress) {
      validateIPAddress(faults, address)
      const { parentRef } = address.spec
      if (equalJson(parentRef, before.spec.parentRef)) return
      faults.push(wrong('spec.parentRef', printedParent(parentRef), IMMUTABLE))
    },
  },
  'servicecidrs.networking.k8s.io': {
    create: validateServiceCIDR,
    update: validateServiceCIDRUpdate,
  },
}
