/**
 * NetworkPolicies. Pure.
 * Source: kubernetes pkg/apis/networking/validation/validation.go ValidateNetworkPolicy, ValidateNetworkPolicyUpdate
 */
import { isStrictSubset, looseCidrFaults, parseCidr } from '#api/addresses.ts'
import { portNameFaults, portNumberFaults } from '#api/names.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '#api/types/networking-v1.ts'
import {
  type Faults,
  forbidden,
  required,
  unsupported,
  wrong,
  wrongFormat,
} from '#api/validation/fault.ts'
import { validateLabelSelector } from '#api/validation/label-selector.ts'
import type { RuleTable } from '#api/validation/rules.ts'

const TYPES: readonly string[] = ['Ingress', 'Egress']
const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP']

/** `known` are ranges the policy had before, which need not keep newer rules. */
function validateSpec(faults: Faults, spec: NetworkPolicySpec, known: ReadonlySet<string>): void {
  validateLabelSelector(faults, 'spec.podSelector', spec.podSelector ?? {})
  for (const [direction, list] of Object.entries(peersOf(spec))) {
    const side = direction === 'ingress' ? 'from' : 'to'
    for (const [index, { ports, peers }] of list.entries()) {
      const field = `spec.${direction}[${index}]`
      for (const [at, port] of ports.entries()) validatePort(faults, `${field}.ports[${at}]`, port)
      for (const [at, peer] of peers.entries()) {
        validatePeer(faults, `${field}.${side}[${at}]`, peer, known)
      }
    }
  }
  const { policyTypes = [] } = spec
  if (policyTypes.length > TYPES.length) {
    const detail = 'may not specify more than two policyTypes'
    faults.push(wrong('spec.policyTypes', policyTypes, detail))
    return
  }
  for (const [index, type] of policyTypes.entries()) {
    if (!TYPES.includes(type)) faults.push(unsupported(`spec.policyTypes[${index}]`, type, TYPES))
  }
}

interface PeerRule {
  readonly ports: readonly NetworkPolicyPort[]
  readonly peers: readonly NetworkPolicyPeer[]
}

const peersOf = ({
  ingress = [],
  egress = [],
}: NetworkPolicySpec): Readonly<Record<'ingress' | 'egress', readonly PeerRule[]>> => ({
  ingress: ingress.map(({ ports = [], from = [] }) => ({ ports, peers: from })),
  egress: egress.map(({ ports = [], to = [] }) => ({ ports, peers: to })),
})

function validatePort(
  faults: Faults,
  field: string,
  { protocol, port, endPort }: NetworkPolicyPort,
): void {
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    faults.push(unsupported(`${field}.protocol`, protocol, PROTOCOLS))
  }
  const refuseEnd = (detail: string, shown = endPort): void => {
    if (endPort !== undefined) faults.push(wrong(`${field}.endPort`, shown, detail))
  }
  if (port === undefined) refuseEnd('may not be specified when `port` is not specified')
  else if (typeof port === 'string') {
    refuseEnd('may not be specified when `port` is non-numeric')
    wrongFormat(faults, `${field}.port`, port, portNameFaults(port))
  } else {
    for (const detail of portNumberFaults(port)) faults.push(wrong(`${field}.port`, port, detail))
    if (endPort === undefined) return
    // Upstream shows the other port here.
    if (endPort < port) refuseEnd('must be greater than or equal to `port`', port)
    for (const detail of portNumberFaults(endPort)) refuseEnd(detail)
  }
}

function validatePeer(
  faults: Faults,
  field: string,
  peer: NetworkPolicyPeer,
  known: ReadonlySet<string>,
): void {
  const { ipBlock } = peer
  const selectors = (['podSelector', 'namespaceSelector'] as const).filter(
    name => peer[name] !== undefined,
  )
  for (const name of selectors) validateLabelSelector(faults, `${field}.${name}`, peer[name] ?? {})
  if (ipBlock !== undefined) validateBlock(faults, `${field}.ipBlock`, ipBlock, known)
  else if (selectors.length === 0) faults.push(required(field, 'must specify a peer'))
  if (ipBlock !== undefined && selectors.length > 0) {
    faults.push(forbidden(field, 'may not specify both ipBlock and another peer'))
  }
}

function validateBlock(
  faults: Faults,
  field: string,
  { cidr, except = [] }: IPBlock,
  known: ReadonlySet<string>,
): void {
  if (cidr === '') {
    faults.push(required(`${field}.cidr`))
    return
  }
  const check = (place: string, value: string): void => {
    if (!known.has(value)) wrongFormat(faults, place, value, looseCidrFaults(value))
  }
  check(`${field}.cidr`, cidr)
  const whole = parseCidr(cidr)
  if (whole === undefined) return
  for (const [index, value] of except.entries()) {
    const place = `${field}.except[${index}]`
    check(place, value)
    const part = parseCidr(value)
    if (part !== undefined && !isStrictSubset(part, whole)) {
      faults.push(wrong(place, value, 'must be a strict subset of `cidr`'))
    }
  }
}

const cidrsOf = (spec: NetworkPolicySpec): string[] =>
  Object.values(peersOf(spec))
    .flat()
    .flatMap(({ peers }) => peers)
    .flatMap(({ ipBlock }) =>
      ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])],
    )

export const NETWORK_POLICY_RULES: RuleTable = {
  'networkpolicies.networking.k8s.io': {
    create: (faults, { spec = {} }: NetworkPolicy) => validateSpec(faults, spec, new Set()),
    update: (faults, { spec = {} }: NetworkPolicy, before: NetworkPolicy) =>
      validateSpec(faults, spec, new Set(cidrsOf(before.spec ?? {}))),
  },
}
