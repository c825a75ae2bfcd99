/**
 * What upstream's types are marked with and nothing but documents shows. Pure data, by OpenAPI name.
 * Source: k8s.io/api (+union, +unionDiscriminator, +mapType=granular, +structType=granular)
 */
import type { StructType } from '#api/schema/type.ts'
import type { Schema } from './portions.ts'

/** At most one of the fields is set; the discriminator, where there is one, says which. */
const union = (members: Readonly<Record<string, string>>, discriminator?: string): Schema => ({
  ...(discriminator === undefined ? {} : { discriminator }),
  'fields-to-discriminateBy': members,
})

const LOCALHOST = union({ localhostProfile: 'LocalhostProfile' }, 'type')
const SUBJECT = union({ group: 'Group', serviceAccount: 'ServiceAccount', user: 'User' }, 'kind')
const LEVEL = union({ exempt: 'Exempt', limited: 'Limited' }, 'type')
const RESPONSE = union({ queuing: 'Queuing' }, 'type')

const FLOWCONTROL = ['v1', 'v1beta3'].map(version => `io.k8s.api.flowcontrol.${version}`)

const UNIONS: ReadonlyMap<string, Schema> = new Map([
  ['io.k8s.api.core.v1.AppArmorProfile', LOCALHOST],
  ['io.k8s.api.core.v1.SeccompProfile', LOCALHOST],
  ['io.k8s.api.core.v1.PodSchedulingGroup', union({ podGroupName: 'PodGroupName' })],
  ...FLOWCONTROL.flatMap((group): [string, Schema][] => [
    [`${group}.Subject`, SUBJECT],
    [`${group}.PriorityLevelConfigurationSpec`, LEVEL],
    [`${group}.LimitResponse`, RESPONSE],
  ]),
])

const NONE: Schema = {}
const GRANULAR: Schema = { 'x-kubernetes-map-type': 'granular' }
const REGISTRATION = 'io.k8s.kube-aggregator.pkg.apis.apiregistration'

/** Fields that say what holds without saying it. */
const FIELDS: ReadonlyMap<string, Readonly<Record<string, Schema>>> = new Map([
  ['io.k8s.api.core.v1.PersistentVolumeClaimStatus', { allocatedResourceStatuses: GRANULAR }],
  ['io.k8s.api.core.v1.PersistentVolumeSpec', { claimRef: GRANULAR }],
  // To Go, bytes are a list.
  [`${REGISTRATION}.v1.APIServiceSpec`, { caBundle: { 'x-kubernetes-list-type': 'atomic' } }],
])

export function structMarkers(struct: string): Schema {
  const found = UNIONS.get(struct)
  return found === undefined ? NONE : { 'x-kubernetes-unions': [found] }
}

export const fieldMarkers = (struct: string, field: string): Schema =>
  FIELDS.get(struct)?.[field] ?? NONE

/** Lists that nobody applies: of objects, and of verbs, which are a type of their own. */
export const isUnowned = ({ name, fields }: StructType, field: string): boolean =>
  (field === 'items' && name.endsWith('List') && fields.has('metadata')) ||
  (field === 'verbs' && name.endsWith('.APIResource'))

/** OpenAPI 3.0 ignores what stands beside a reference, so that it is wrapped; beside these, nothing stands. */
export const isBare = (struct: string, field: string): boolean =>
  struct.endsWith('.JSONSchemaProps') && field !== 'default'
