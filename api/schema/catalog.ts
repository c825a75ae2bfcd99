/**
 * All built-in structs by name. Pure; a group's text is split when one of its structs is first asked for.
 *
 * Names   `core-v1.PodSpec` (file and struct), or the OpenAPI name `io.k8s.api.core.v1.PodSpec`.
 * Throws  Error on an unknown name: names come from our own tables, so that is a bug.
 */
import * as admissionregistrationV1 from '#api/schemas/admissionregistration-v1.ts'
import * as apiextensionsV1 from '#api/schemas/apiextensions-v1.ts'
import * as apiregistrationV1 from '#api/schemas/apiregistration-v1.ts'
import * as appsV1 from '#api/schemas/apps-v1.ts'
import * as authenticationV1 from '#api/schemas/authentication-v1.ts'
import * as authorizationV1 from '#api/schemas/authorization-v1.ts'
import * as autoscalingV1 from '#api/schemas/autoscaling-v1.ts'
import * as autoscalingV2 from '#api/schemas/autoscaling-v2.ts'
import * as batchV1 from '#api/schemas/batch-v1.ts'
import * as certificatesV1 from '#api/schemas/certificates-v1.ts'
import * as coordinationV1 from '#api/schemas/coordination-v1.ts'
import * as coreV1 from '#api/schemas/core-v1.ts'
import { COMMON_FIELDS } from '#api/schemas/descriptions-specs.ts'
import { DESCRIPTIONS } from '#api/schemas/descriptions.ts'
import * as discoveryV1 from '#api/schemas/discovery-v1.ts'
import * as eventsV1 from '#api/schemas/events-v1.ts'
import * as flowcontrolV1 from '#api/schemas/flowcontrol-v1.ts'
import * as metaV1 from '#api/schemas/meta-v1.ts'
import * as networkingV1 from '#api/schemas/networking-v1.ts'
import * as nodeV1 from '#api/schemas/node-v1.ts'
import { OLD_FACTS } from '#api/schemas/old.ts'
import * as policyV1 from '#api/schemas/policy-v1.ts'
import * as rbacV1 from '#api/schemas/rbac-v1.ts'
import * as resourceV1 from '#api/schemas/resource-v1.ts'
import * as schedulingV1 from '#api/schemas/scheduling-v1.ts'
import * as storageV1 from '#api/schemas/storage-v1.ts'
import * as storagemigrationV1beta1 from '#api/schemas/storagemigration-v1beta1.ts'
import { type Declarations, type GroupFacts, readGroup } from './notation.ts'
import type { StructType, Type } from './type.ts'

/** Adding a group is adding a row. */
const GROUPS: ReadonlyMap<string, GroupFacts> = new Map(
  Object.entries({
    'meta-v1': metaV1,
    'core-v1': coreV1,
    'admissionregistration-v1': admissionregistrationV1,
    'apiextensions-v1': apiextensionsV1,
    'apiregistration-v1': apiregistrationV1,
    'apps-v1': appsV1,
    'authentication-v1': authenticationV1,
    'authorization-v1': authorizationV1,
    'autoscaling-v1': autoscalingV1,
    'autoscaling-v2': autoscalingV2,
    'batch-v1': batchV1,
    'certificates-v1': certificatesV1,
    'coordination-v1': coordinationV1,
    'discovery-v1': discoveryV1,
    'events-v1': eventsV1,
    'flowcontrol-v1': flowcontrolV1,
    'networking-v1': networkingV1,
    'node-v1': nodeV1,
    'policy-v1': policyV1,
    'rbac-v1': rbacV1,
    'resource-v1': resourceV1,
    'scheduling-v1': schedulingV1,
    'storage-v1': storageV1,
    'storagemigration-v1beta1': storagemigrationV1beta1,
    ...OLD_FACTS,
  }),
)

const read = new Map<string, Declarations>()

/** A field without words of its own may be one that all kinds mean the same by. */
function describe(key: string): string {
  const [file = '', struct = '', field = ''] = key.split('.')
  const own = wordsOf(key)
  const common = own === '' ? (COMMON_FIELDS[field] ?? '') : ''
  return common === '' || wordsOf(`${file}.${struct}`) === '' ? own : common
}

/** What an old version has no words of its own for is described as in the current one. */
function wordsOf(key: string): string {
  const own = DESCRIPTIONS[key]
  const [file = ''] = key.split('.', 1)
  if (own !== undefined || !(file in OLD_FACTS)) return own ?? ''
  const behind = key.slice(file.length)
  const current = SUCCESSORS[file] ?? [`${file.split('-')[0]}-v1`]
  return (
    current.map(name => DESCRIPTIONS[`${name}${behind}`]).find(text => text !== undefined) ?? ''
  )
}

/** Where the current kinds of an old file are, when not in version 1 of its group. */
const SUCCESSORS: Readonly<Record<string, readonly string[]>> = {
  'extensions-v1beta1': ['apps-v1', 'networking-v1'],
  'autoscaling-v2alpha1': ['autoscaling-v2'],
  'autoscaling-v2beta1': ['autoscaling-v2'],
  'autoscaling-v2beta2': ['autoscaling-v2'],
}

export const groupFiles = (): readonly string[] => [...GROUPS.keys()]

function declarationsOf(file: string): Declarations {
  const known = read.get(file)
  if (known !== undefined) return known
  const group = GROUPS.get(file)
  if (group === undefined) throw new Error(`no schemas of ${file}`)
  const declarations = readGroup(file, group, find, describe)
  read.set(file, declarations)
  return declarations
}

function find(name: string): Type {
  const [file = '', short = ''] = name.split('.')
  const { structs, enums } = declarationsOf(file)
  const found = structs.get(short) ?? enums.get(short)
  if (found === undefined) throw new Error(`no schema of ${name}`)
  return found
}

/** The structs of one group by Go name, in upstream's order. */
export const structsOf = (file: string): ReadonlyMap<string, StructType> =>
  declarationsOf(file).structs

/** `core-v1.PodSpec`. */
export function struct(name: string): StructType {
  const found = find(name)
  if (found.kind !== 'struct') throw new Error(`${name} is no struct`)
  return found
}

/** `io.k8s.api.core.v1.PodSpec`; undefined when no group declares it. */
export function structOfOpenApi(name: string): StructType | undefined {
  const cut = name.lastIndexOf('.')
  const declared = name.slice(0, cut)
  for (const [file, { prefix }] of GROUPS) {
    if (prefix === declared) return structsOf(file).get(name.slice(cut + 1))
  }
  return undefined
}
