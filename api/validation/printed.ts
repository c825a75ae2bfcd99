/**
 * Objects as upstream's own types of them print: the names of the program, in the order they are declared, with null
 * for what is absent. Pure.
 * Source: kubernetes pkg/apis/core/types.go (internal types have no JSON names)
 */
import { Printed } from '#api/validation/fault.ts'
import { isRecord } from '#api/values.ts'

/** Members in order; those that are structs themselves name their type. */
type Members = readonly (readonly [name: string, struct?: string])[]

const TYPES: Readonly<Record<string, Members>> = {
  PodResourceClaim: [['Name'], ['ResourceClaimName'], ['ResourceClaimTemplateName']],
  SeccompProfile: [['Type'], ['LocalhostProfile']],
  AppArmorProfile: [['Type'], ['LocalhostProfile']],
  Capabilities: [['Add'], ['Drop']],
  SELinuxOptions: [
    ['User', 'text'],
    ['Role', 'text'],
    ['Type', 'text'],
    ['Level', 'text'],
  ],
  WindowsSecurityContextOptions: [
    ['GMSACredentialSpecName'],
    ['GMSACredentialSpec'],
    ['RunAsUserName'],
    ['HostProcess'],
  ],
  SecurityContext: [
    ['Capabilities', 'Capabilities'],
    ['Privileged'],
    ['SELinuxOptions', 'SELinuxOptions'],
    ['WindowsOptions', 'WindowsSecurityContextOptions'],
    ['RunAsUser'],
    ['RunAsGroup'],
    ['RunAsNonRoot'],
    ['ReadOnlyRootFilesystem'],
    ['AllowPrivilegeEscalation'],
    ['ProcMount'],
    ['SeccompProfile', 'SeccompProfile'],
    ['AppArmorProfile', 'AppArmorProfile'],
  ],
  PodIP: [['IP', 'text']],
  VolumeNodeAffinity: [['Required', 'NodeSelector']],
  NodeSelector: [['NodeSelectorTerms', 'NodeSelectorTerm']],
  NodeSelectorTerm: [
    ['MatchExpressions', 'NodeSelectorRequirement'],
    ['MatchFields', 'NodeSelectorRequirement'],
  ],
  NodeSelectorRequirement: [['Key', 'text'], ['Operator', 'text'], ['Values']],
  Toleration: [
    ['Key', 'text'],
    ['Operator', 'text'],
    ['Value', 'text'],
    ['Effect', 'text'],
    ['TolerationSeconds'],
  ],
  EventSource: [
    ['Component', 'text'],
    ['Host', 'text'],
  ],
  ObjectReference: [
    ['Kind', 'text'],
    ['Namespace', 'text'],
    ['Name', 'text'],
    ['UID', 'text'],
    ['APIVersion', 'text'],
    ['ResourceVersion', 'text'],
    ['FieldPath', 'text'],
  ],
}

/** `SELinuxOptions` is `seLinuxOptions` in JSON, `GMSACredentialSpec` is `gmsaCredentialSpec`. */
const fieldOf = (name: string): string =>
  name.replace(/^(?:SE(?=Linux)|GMSA|API|[A-Z]+$|[A-Z])/, start => start.toLowerCase())

function members(type: string, value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (TYPES[type] ?? []).map(([name, struct = '']) => {
      const member: unknown = Reflect.get(value, fieldOf(name))
      if (struct === 'text') return [name, member ?? '']
      if (struct === '' || member === undefined) return [name, member ?? null]
      return [name, Array.isArray(member) ? member.map(one => of(struct, one)) : of(struct, member)]
    }),
  )
}

const of = (type: string, value: unknown): unknown =>
  isRecord(value) ? members(type, value) : value

export const printed = (type: string, value: object): Printed => new Printed(members(type, value))

export const printedList = (type: string, values: readonly object[]): Printed =>
  new Printed(values.map(value => members(type, value)))
