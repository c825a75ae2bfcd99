/** Rights beyond the right to write: for the parameters of admission policies, and for parts of a claim's status. */
import t from 'tap'
import type { AdmissionAttributes, Authorizer, RequestAttributes } from '#api/request.ts'
import { createClaimStatusAuthorization } from '#server/admission/claim-status.ts'
import { createPolicyParameters } from '#server/admission/policy-parameters.ts'
import { alice, any, attributes, refusal } from '../../../support/admission-cases.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

/** `get v1/configmaps default/a`, `update resource.k8s.io/v1/resourceclaims/binding /`. */
const question = (asked: RequestAttributes): string => {
  const { verb, group, version, resource, subresource, namespace, name } = asked
  const path = [group, version, resource, subresource].filter(part => part !== '').join('/')
  return `${verb} ${path} ${namespace}/${name}`
}

function authorizerOf(allowed: readonly string[]): Authorizer & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    authorize(request) {
      asked.push(question(request))
      const decision = allowed.includes(question(request)) ? 'allow' : 'no-opinion'
      return { decision, reason: '' }
    },
  }
}

const GROUP = 'admissionregistration.k8s.io'
const policy = (spec: object): ReturnType<typeof any> =>
  any({
    apiVersion: `${GROUP}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec,
  })
const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }

void t.test('policies are written by those who may read their parameters', async t => {
  const reader = memoryReader()
  reader.put('validatingadmissionpolicies.admissionregistration.k8s.io', policy({ paramKind }))
  const who = '&{alice  [system:authenticated] map[]}'
  const invalid = (kind: string): string => `${kind}.${GROUP} "p" is invalid: spec.`
  const rows: readonly (readonly [
    title: string,
    resource: string,
    spec: object,
    old: object | undefined,
    asked: string,
    why: string,
  ])[] = [
    ['no parameters', 'validatingadmissionpolicies', {}, undefined, '', ''],
    [
      'of a kind',
      'mutatingadmissionpolicies',
      { paramKind },
      undefined,
      'get v1/configmaps */*',
      `paramKind: Forbidden: user ${who} must have "get" permission on all objects of the referenced paramKind (kind=ConfigMap, apiVersion=v1)`,
    ],
    [
      'of an unknown kind',
      'validatingadmissionpolicies',
      { paramKind: { apiVersion: 'a.io/v1', kind: 'K' } },
      { paramKind },
      'get a.io/v1/* */*',
      `paramKind: Forbidden: user ${who} must have "get" permission on all objects of the referenced paramKind (kind=K, apiVersion=a.io/v1)`,
    ],
    ['of the kind as before', 'validatingadmissionpolicies', { paramKind }, { paramKind }, '', ''],
    [
      'bound by name',
      'validatingadmissionpolicybindings',
      { policyName: 'p', paramRef: { name: 'a', namespace: 'n' } },
      undefined,
      'get v1/configmaps n/a',
      `paramRef: Forbidden: user ${who} does not have "get" permission on the object referenced by paramRef`,
    ],
    [
      'bound by labels, of no policy',
      'mutatingadmissionpolicybindings',
      { policyName: 'p', paramRef: { selector: {} } },
      undefined,
      'list */*/* /',
      `paramRef: Forbidden: unable to get policy p to determine minimum required permissions and user ${who} does not have "list" permission for all groups, versions and resources`,
    ],
    [
      'bound as before',
      'validatingadmissionpolicybindings',
      { policyName: 'p', paramRef: { name: 'a' } },
      { policyName: 'p', paramRef: { name: 'a' } },
      '',
      '',
    ],
  ]
  for (const [title, resource, spec, old, asked, why] of rows) {
    const text = `${old === undefined ? 'CREATE' : 'UPDATE'} ${resource}.${GROUP} /p`
    const given = attributes(text, {
      kind: 'Kind',
      object: policy(spec),
      ...(old === undefined ? {} : { oldObject: policy(old) }),
    })
    const authorizer = authorizerOf([])
    const wanted = why === '' ? 'admitted' : `${invalid('Kind')}${why}`
    t.equal(await refusal(createPolicyParameters({ authorizer, reader }), given), wanted, title)
    t.strictSame(authorizer.asked, asked === '' ? [] : [asked], title)
    const able = authorizerOf([asked])
    const plugin = createPolicyParameters({ authorizer: able, reader })
    t.equal(await refusal(plugin, given), 'admitted', `${title}: with the right`)
    const master = { ...given, user: { name: 'm', groups: ['system:masters'] } }
    const strict = createPolicyParameters({ authorizer: authorizerOf([]), reader })
    t.equal(await refusal(strict, master), 'admitted', `${title}: a master`)
  }
})

const NODE = 'authentication.kubernetes.io/node-name'
const driver = {
  name: 'system:serviceaccount:n:driver',
  groups: [],
  extra: { [NODE]: ['node-1'] },
}
const onNode = (name: string): object => ({
  nodeSelector: {
    nodeSelectorTerms: [
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] },
    ],
  },
})
const device = { driver: 'd.example.com', pool: 'p', device: 'x' }

void t.test('each part of the status of a claim has a right of its own', async t => {
  const claim = (status: object): ReturnType<typeof any> =>
    any({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      status,
    })
  const change = (
    status: object,
    before: object,
    more: Partial<AdmissionAttributes> = {},
  ): AdmissionAttributes =>
    attributes('UPDATE resourceclaims.resource.k8s.io/status n/c', {
      kind: 'ResourceClaim',
      object: claim(status),
      oldObject: claim(before),
      ...more,
    })
  const binding = (verb: string): string => `${verb} resource.k8s.io/v1/resourceclaims/binding /`
  const driving = (verb: string): string =>
    `${verb} resource.k8s.io/v1/resourceclaims/driver n/d.example.com`
  const rows: readonly (readonly [string, AdmissionAttributes, readonly string[]])[] = [
    ['nothing new', change({ allocation: {} }, { allocation: {} }), []],
    ['an allocation', change({ allocation: {} }, {}), [binding('update')]],
    ['a patch', change({ allocation: {} }, {}, { verb: 'patch' }), [binding('patch')]],
    ['a reservation', change({ reservedFor: [{ uid: 'u' }] }, {}), [binding('update')]],
    [
      'a device',
      change({ allocation: {}, devices: [device] }, { allocation: {} }),
      [driving('arbitrary-node:update')],
    ],
    [
      'a device that went',
      change({ allocation: {} }, { allocation: {}, devices: [device] }),
      [driving('arbitrary-node:update')],
    ],
    [
      'a device that stays',
      change({ allocation: {}, devices: [device] }, { allocation: {}, devices: [device] }),
      [],
    ],
    ['all given back', change({}, { allocation: {}, devices: [device] }), [binding('update')]],
    [
      'by a driver of the node',
      change(
        { allocation: onNode('node-1'), devices: [device] },
        { allocation: onNode('node-1') },
        { user: driver },
      ),
      [driving('associated-node:update'), driving('arbitrary-node:update')],
    ],
    [
      'by a driver of another node',
      change(
        { allocation: onNode('node-2'), devices: [device] },
        { allocation: onNode('node-2') },
        { user: driver },
      ),
      [driving('arbitrary-node:update')],
    ],
  ]
  for (const [title, given, asked] of rows) {
    const none = authorizerOf([])
    const said = await refusal(createClaimStatusAuthorization({ authorizer: none }), given)
    t.strictSame(none.asked, asked, title)
    t.equal(said === 'admitted', asked.length === 0, title)
    const [first = ''] = asked
    const able = authorizerOf([first])
    const plugin = createClaimStatusAuthorization({ authorizer: able })
    t.equal(await refusal(plugin, given), 'admitted', `${title}: with the right`)
  }
  const authorizer = authorizerOf([])
  t.equal(
    await refusal(
      createClaimStatusAuthorization({ authorizer }),
      change({ allocation: {}, devices: [device] }, {}, { user: alice }),
    ),
    'ResourceClaim.resource.k8s.io "c" is invalid: [status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: resourceclaims.resource.k8s.io is forbidden: User "alice" cannot update resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope, status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:update]" permission: resourceclaims.resource.k8s.io "d.example.com" is forbidden: User "alice" cannot arbitrary-node:update resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "n"]',
  )
})
