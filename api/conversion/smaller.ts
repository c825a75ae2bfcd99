/**
 * Kinds of which an old version differs in one place only. Pure.
 * Source: kubernetes pkg/apis/{policy/v1beta1,rbac/v1alpha1,discovery/v1beta1,authorization/v1beta1}/conversion.go
 */
import type { Conversion } from './conversion.ts'
import { changed, defined, mapped, renamed } from './fields.ts'
import { equalJson } from '#api/json.ts'
import { type Fields, listOf, recordOf, textOf, without } from '#api/values.ts'

const NONE_KEY = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match'
const hasKey = (operator: string): unknown => ({ matchExpressions: [{ key: NONE_KEY, operator }] })

/** An empty selector meant no pod in v1beta1 and means every pod in v1. */
const swapped = (object: Fields, pairs: readonly (readonly [unknown, unknown])[]): Fields =>
  changed(object, 'spec', spec => {
    const found = pairs.find(([from]) => equalJson(from, spec['selector']))
    return found === undefined ? spec : { ...spec, selector: found[1] }
  })

export const DISRUPTION_BUDGET: Conversion = {
  keepsPaths: true,
  toStorage: budget =>
    swapped(budget, [
      [{}, hasKey('Exists')],
      [hasKey('DoesNotExist'), {}],
    ]),
  fromStorage: budget =>
    swapped(budget, [
      [hasKey('Exists'), {}],
      [{}, hasKey('DoesNotExist')],
    ]),
}

const RBAC_GROUP = 'rbac.authorization.k8s.io'
const RBAC_ALPHA = `${RBAC_GROUP}/v1alpha1`

/** The API version named the group of a kind that is none of the three; undefined when it can be read as no version. */
function groupOf(apiVersion: unknown): string | undefined {
  const parts = textOf(apiVersion).split('/')
  if (parts.length > 2) return undefined
  return parts.length === 2 && parts[0] !== '' ? parts[0] : undefined
}

/** `*` was everybody who is authenticated. */
function storedSubject(subject: Fields): Fields {
  const { kind, apiVersion, name } = subject
  const rest = without(subject, 'apiVersion')
  if (kind === 'User' && name === '*')
    return { ...rest, kind: 'Group', apiGroup: RBAC_GROUP, name: 'system:authenticated' }
  if (kind === 'User' || kind === 'Group') return { ...rest, apiGroup: RBAC_GROUP }
  return kind === 'ServiceAccount' ? rest : defined({ ...rest, apiGroup: groupOf(apiVersion) })
}

/** A group without its version where the kind does not say it. */
function alphaSubject(subject: Fields): Fields {
  const group = textOf(subject['apiGroup'])
  const known = ALPHA_VERSIONS.get(`${group}/${textOf(subject['kind'])}`)
  const apiVersion = known ?? (group === '' ? undefined : `${group}/`)
  return defined({ ...without(subject, 'apiGroup'), apiVersion })
}

const ALPHA_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['/ServiceAccount', 'v1'],
  [`${RBAC_GROUP}/User`, RBAC_ALPHA],
  [`${RBAC_GROUP}/Group`, RBAC_ALPHA],
])

export const ALPHA_BINDING: Conversion = {
  keepsPaths: true,
  toStorage: binding =>
    defined({ ...binding, subjects: mapped(binding['subjects'], storedSubject) }),
  fromStorage: binding =>
    defined({ ...binding, subjects: mapped(binding['subjects'], alphaSubject) }),
}

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'

const filled = (map: Fields): Fields | undefined =>
  Object.keys(map).length === 0 ? undefined : map

function storedEndpoint(endpoint: Fields): Fields {
  const topology = recordOf(endpoint['topology'])
  return defined({
    ...without(endpoint, 'topology'),
    nodeName: endpoint['nodeName'] ?? topology[HOST],
    zone: topology[ZONE],
    deprecatedTopology: filled(without(topology, ZONE, HOST)),
  })
}

function betaEndpoint(endpoint: Fields): Fields {
  const { zone } = endpoint
  const topology = defined({ ...recordOf(endpoint['deprecatedTopology']), [ZONE]: zone })
  return defined({
    ...without(endpoint, 'zone', 'deprecatedTopology'),
    topology: filled(topology),
  })
}

export const ENDPOINT_SLICE: Conversion = {
  keepsPaths: true,
  toStorage: slice => defined({ ...slice, endpoints: mapped(slice['endpoints'], storedEndpoint) }),
  fromStorage: slice => defined({ ...slice, endpoints: mapped(slice['endpoints'], betaEndpoint) }),
}

const GROUPS: ReadonlyMap<string, string> = new Map([['group', 'groups']])
const GROUP: ReadonlyMap<string, string> = new Map([['groups', 'group']])

export const ACCESS_REVIEW: Conversion = {
  toStorage: review => changed(review, 'spec', spec => renamed(spec, GROUPS)),
  fromStorage: review => changed(review, 'spec', spec => renamed(spec, GROUP)),
}

/** extensions/v1beta1, apps/v1beta1 and v1beta2 Scale, from the one of autoscaling/v1. */
export function oldScale(scale: Fields): Fields {
  const { selector: text, replicas = 0 } = recordOf(scale['status'])
  const targetSelector = typeof text === 'string' && text !== '' ? text : undefined
  const pairs = (targetSelector ?? '').split(',').map(term => /^([^=!\s]+)=([^=]*)$/.exec(term))
  const isPlain = targetSelector !== undefined && pairs.every(pair => pair !== null)
  const selector = isPlain
    ? Object.fromEntries(listOf(pairs).map(pair => listOf(pair).slice(1)))
    : undefined
  return { ...scale, status: defined({ replicas, selector, targetSelector }) }
}
