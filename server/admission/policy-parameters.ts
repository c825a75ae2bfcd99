/**
 * Admission policies read objects as parameters: whoever writes a policy or a binding must be allowed to read them, or
 * a policy would tell what its author may not see.
 *
 * Throws  StatusError(Invalid) that blames the kind, or the reference, of the parameters.
 * Source: kubernetes pkg/registry/admissionregistration/<kind>/authz.go: there the last part of the validation. Differs:
 * kinds that are no part of the API itself are not resolved; they need the right to every resource of their group.
 */
import { equalJson } from '#api/json.ts'
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, UserInfo } from '#api/request.ts'
import { SERVED } from '#api/resources.ts'
import { invalid } from '#api/status.ts'
import type { ParamKind, ParamRef } from '#api/types/admissionregistration-v1.ts'
import { forbidden } from '#api/validation/fault.ts'
import { MASTERS } from '../auth/identity.ts'
import type { ObjectGetter } from '../auth/object-reader.ts'
import { isKind, nameOf, targetOf } from './refusal.ts'

const GROUP = 'admissionregistration.k8s.io'
const VALIDATING = 'validatingadmissionpolicies.admissionregistration.k8s.io'
const MUTATING = 'mutatingadmissionpolicies.admissionregistration.k8s.io'
type Policies = typeof VALIDATING | typeof MUTATING

/** Bindings, and where their policies are. */
const BINDINGS: ReadonlyMap<string, Policies> = new Map([
  ['validatingadmissionpolicybindings.admissionregistration.k8s.io', VALIDATING],
  ['mutatingadmissionpolicybindings.admissionregistration.k8s.io', MUTATING],
])

interface Deps {
  readonly authorizer: Authorizer
  readonly reader: ObjectGetter
}

export const createPolicyParameters = (deps: Deps): AdmissionPlugin => ({
  name: 'PolicyParameters',
  handles: operation => operation === 'CREATE' || operation === 'UPDATE',
  async validate(attributes) {
    if (attributes.user.groups.includes(MASTERS)) return
    const target = targetOf(attributes)
    if (target === VALIDATING || target === MUTATING) await checkKind(deps, attributes)
    const policies = BINDINGS.get(target)
    if (policies !== undefined) await checkReference(deps, attributes, policies)
  },
})

const refused = (attributes: AdmissionAttributes, field: string, why: string): Error =>
  invalid({ group: GROUP, kind: attributes.kind, name: nameOf(attributes) }, [
    forbidden(field, why),
  ])

async function checkKind(deps: Deps, attributes: AdmissionAttributes): Promise<void> {
  const { object, oldObject, user } = attributes
  if (!isKind('admissionpolicies', object)) return
  const param = object.spec?.paramKind
  if (param === undefined) return
  if (isKind('admissionpolicies', oldObject) && equalJson(oldObject.spec?.paramKind, param)) return
  const wanted = { ...resourceOf(param), verb: 'get', name: '*', namespace: '*' }
  if (await mayRead(deps, user, wanted)) return
  const why = `user ${shown(user)} must have "get" permission on all objects of the referenced paramKind (kind=${param.kind ?? ''}, apiVersion=${param.apiVersion ?? ''})`
  throw refused(attributes, 'spec.paramKind', why)
}

async function checkReference(
  deps: Deps,
  attributes: AdmissionAttributes,
  policies: Policies,
): Promise<void> {
  const { object, oldObject, user } = attributes
  if (!isKind('admissionpolicybindings', object)) return
  const { paramRef, policyName } = object.spec
  if (paramRef === undefined) return
  if (isKind('admissionpolicybindings', oldObject)) {
    const { paramRef: old, policyName: oldName } = oldObject.spec
    if (equalJson(old, paramRef) && oldName === policyName) return
  }
  const policy = deps.reader.get(policies, '', policyName)
  const param = policy?.spec?.paramKind
  const resource = param === undefined ? ANYTHING : resourceOf(param)
  const verb = verbOf(paramRef)
  const { name = '', namespace = '' } = paramRef
  if (await mayRead(deps, user, { ...resource, verb, name, namespace })) return
  const everything = `to determine minimum required permissions and user ${shown(user)} does not have "${verb}" permission for all groups, versions and resources`
  const why =
    policy === undefined
      ? `unable to get policy ${policyName} ${everything}`
      : `user ${shown(user)} does not have "${verb}" permission on the object referenced by paramRef`
  throw refused(attributes, 'spec.paramRef', why)
}

const verbOf = ({ name = '' }: ParamRef): 'get' | 'list' => (name === '' ? 'list' : 'get')

interface ResourceName {
  readonly group: string
  readonly version: string
  readonly resource: string
}

const ANYTHING: ResourceName = { group: '*', version: '*', resource: '*' }

function resourceOf({ apiVersion = '', kind = '' }: ParamKind): ResourceName {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  const served = SERVED.find(row => row.group === group && row.version === version)
  const resource = served?.resources.find(row => row.kind === kind)?.plural ?? '*'
  return { group, version, resource }
}

interface Wanted extends ResourceName {
  readonly verb: string
  readonly name: string
  readonly namespace: string
}

async function mayRead({ authorizer }: Deps, user: UserInfo, wanted: Wanted): Promise<boolean> {
  const request = { ...wanted, user, isResource: true, path: '', subresource: '' }
  const { decision } = await authorizer.authorize(request)
  return decision === 'allow'
}

/** As Go prints a user. */
function shown({ name, uid = '', groups, extra = {} }: UserInfo): string {
  const entries = Object.entries(extra).map(([key, values]) => `${key}:[${values.join(' ')}]`)
  return `&{${name} ${uid} [${groups.join(' ')}] map[${entries.toSorted().join(' ')}]}`
}
