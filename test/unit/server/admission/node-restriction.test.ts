/** What nodes may write, and who may sign and approve certificates: each decision with upstream's texts. */
import t from 'tap'
import type { AnyObject, KubeObject } from '#api/object.ts'
import type { AdmissionAttributes, Authorizer } from '#api/request.ts'
import { createRequest } from '#api/pki/request.ts'
import { generateKey } from '#client/pki/new-key.ts'
import {
  createCertificateApproval,
  createCertificateSubjectRestriction,
} from '#server/admission/certificates.ts'
import { forbiddenLabels } from '#server/admission/node-labels.ts'
import { createNodeRestriction } from '#server/admission/node-restriction.ts'
import { any, aPod, attributes, node, refusal } from '../../../support/admission-cases.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

void t.test('NodeRestriction', async t => {
  const reader = memoryReader()
  const plugin = createNodeRestriction({ reader })
  const stored = (name: string, nodeName: string, uid: string): void =>
    reader.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid },
      spec: { nodeName, containers: [] },
    })
  stored('mine', 'a', 'u1')
  stored('foreign', 'b', 'u2')
  reader.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', uid: 'n1' } })
  const aNode = (metadata: KubeObject['metadata'], spec = {}): AnyObject =>
    any({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', ...metadata }, spec })
  const tokenFor = (ref: Readonly<Record<string, string>>): AnyObject =>
    any({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences: [], boundObjectRef: ref },
    })
  const mirror = { 'kubernetes.io/config.mirror': 'x' }
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'n1', controller: true }
  const onA = { nodeName: 'a' }
  const slice = (nodeName: string): AnyObject => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: { nodeName, driver: 'x' },
  })
  const cases: readonly (readonly [string, Partial<AdmissionAttributes>, string])[] = [
    ['DELETE pods default/mine', {}, 'admitted'],
    [
      'DELETE pods default/foreign',
      {},
      'pods "foreign" is forbidden: node "a" can only delete pods with spec.nodeName set to itself',
    ],
    ['DELETE pods default/gone', {}, 'pods "gone" not found'],
    [
      'UPDATE pods default/mine',
      { object: aPod() },
      'pods "mine" is forbidden: unexpected operation "UPDATE", node "a" can only create and delete mirror pods',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA) },
      'pods "web" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
    ],
    [
      'CREATE pods default/web',
      { object: aPod({ nodeName: 'b' }, { annotations: mirror }) },
      'pods "web" is forbidden: node "a" can only create pods with spec.nodeName set to itself',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror }) },
      'pods "web" is forbidden: node "a" can only create pods with an owner reference set to itself',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror, ownerReferences: [{ ...owner, uid: 'n0' }] }) },
      'pods "web" is forbidden: node a UID mismatch: expected n0 got n1',
    ],
    [
      'CREATE pods default/web',
      { object: aPod(onA, { annotations: mirror, ownerReferences: [owner] }) },
      'admitted',
    ],
    [
      'CREATE pods default/web',
      {
        object: aPod(
          { ...onA, volumes: [{ name: 'v', secret: { secretName: 's' } }] },
          { annotations: mirror, ownerReferences: [owner] },
        ),
      },
      'pods "web" is forbidden: node "a" can not create pods that reference secrets',
    ],
    [
      'CREATE pods default/web',
      {
        object: aPod(
          { ...onA, resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] },
          { annotations: mirror, ownerReferences: [owner] },
        ),
      },
      'pods "web" is forbidden: node "a" can not create pods that reference resourceclaims',
    ],
    ['UPDATE pods/status default/web', { object: aPod(onA), oldObject: aPod(onA) }, 'admitted'],
    [
      'UPDATE pods/status default/web',
      { object: aPod({ nodeName: 'b' }), oldObject: aPod({ nodeName: 'b' }) },
      'pods "web" is forbidden: node "a" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'UPDATE pods/status default/web',
      { object: aPod(onA, { labels: { a: 'b' } }), oldObject: aPod(onA) },
      'pods "web" is forbidden: node "a" cannot update labels through pod status',
    ],
    [
      'UPDATE pods/resize default/web',
      { object: aPod() },
      `pods "web" is forbidden: unexpected pod subresource "resize", only 'status' and 'eviction' are allowed`,
    ],
    [
      'CREATE pods/eviction default/foreign',
      {},
      'pods "foreign" is forbidden: node a can only evict pods with spec.nodeName set to itself',
    ],
    [
      'CREATE nodes /a',
      { object: aNode({ labels: { 'kubernetes.io/hostname': 'a', zone: 'x' } }) },
      'admitted',
    ],
    [
      'CREATE nodes /b',
      { object: aNode({ name: 'b' }) },
      'nodes "b" is forbidden: node "a" is not allowed to modify node "b"',
    ],
    [
      'CREATE nodes /a',
      { object: aNode({ labels: { 'node-role.kubernetes.io/control-plane': '' } }) },
      'nodes "a" is forbidden: node "a" is not allowed to set the following labels: node-role.kubernetes.io/control-plane',
    ],
    [
      'UPDATE nodes /a',
      {
        object: aNode({ labels: { 'x.node-restriction.kubernetes.io/y': '1' } }),
        oldObject: aNode({}),
      },
      'nodes "a" is forbidden: is not allowed to modify labels: x.node-restriction.kubernetes.io/y',
    ],
    [
      'UPDATE nodes/status /a',
      {
        object: aNode({}, { taints: [] }),
        oldObject: aNode({}, { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
      },
      'nodes "a" is forbidden: node "a" is not allowed to modify taints',
    ],
    ['DELETE nodes /b', {}, 'nodes "b" is forbidden: node "a" is not allowed to modify node "b"'],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'mine', uid: 'u1' }) },
      'admitted',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Secret', apiVersion: 'v1', name: 's', uid: 'u' }) },
      'serviceaccounts "robot" is forbidden: node requested token not bound to a pod',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'mine' }) },
      'serviceaccounts "robot" is forbidden: node requested token with a pod binding without a uid',
    ],
    [
      'CREATE serviceaccounts/token default/robot',
      { object: tokenFor({ kind: 'Pod', apiVersion: 'v1', name: 'foreign', uid: 'u2' }) },
      'serviceaccounts "robot" is forbidden: node requested token bound to a pod scheduled on a different node',
    ],
    ['CREATE leases.coordination.k8s.io kube-node-lease/a', {}, 'admitted'],
    [
      'CREATE leases.coordination.k8s.io kube-node-lease/b',
      {},
      'leases.coordination.k8s.io "b" is forbidden: can only access node lease with the same name as the requesting node',
    ],
    [
      'UPDATE leases.coordination.k8s.io default/a',
      {},
      'leases.coordination.k8s.io "a" is forbidden: can only access leases in the "kube-node-lease" system namespace',
    ],
    ['CREATE events default/e', {}, 'admitted'],
    ['CREATE resourceslices.resource.k8s.io /s', { object: slice('a') }, 'admitted'],
    [
      'CREATE resourceslices.resource.k8s.io /s',
      { object: slice('b') },
      'resourceslices.resource.k8s.io "s" is forbidden: can only create ResourceSlice with the same NodeName as the requesting node',
    ],
  ]
  for (const [text, more, expected] of cases) {
    t.equal(
      await refusal(plugin, attributes(text, { user: node, ...more })),
      expected,
      `${text}: ${expected}`,
    )
  }
  t.equal(
    await refusal(plugin, attributes('DELETE pods default/foreign')),
    'admitted',
    'others are not restricted',
  )
  t.same(
    forbiddenLabels({
      'topology.kubernetes.io/zone': 'z',
      'kubelet.kubernetes.io/x': 'y',
      own: '1',
    }),
    [],
  )
  t.same(forbiddenLabels({}, { 'node-role.kubernetes.io/worker': '' }), [
    'node-role.kubernetes.io/worker',
  ])
})

void t.test('certificates', async t => {
  const authorizer: Authorizer = {
    authorize: ({ verb, name, user }) => ({
      decision:
        user.name === 'approver' && verb === 'approve' && name === 'example.com/*'
          ? 'allow'
          : 'no-opinion',
      reason: '',
    }),
  }
  const csr = (signerName: string, organizations: readonly string[] = []): AnyObject => {
    const pem = createRequest({ key: generateKey(), subject: { commonName: 'x', organizations } })
    return any({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'c' },
      spec: { signerName, request: Buffer.from(pem).toString('base64'), usages: ['client auth'] },
    })
  }
  const approval = createCertificateApproval({ authorizer })
  const approve = (signerName: string, name: string) => {
    const object = csr(signerName)
    const user = { name, groups: [] }
    return refusal(
      approval,
      attributes('UPDATE certificatesigningrequests.certificates.k8s.io/approval /c', {
        user,
        object,
        oldObject: object,
      }),
    )
  }
  t.equal(await approve('example.com/serving', 'approver'), 'admitted')
  t.equal(
    await approve('example.com/serving', 'alice'),
    'certificatesigningrequests.certificates.k8s.io "c" is forbidden: user not permitted to approve requests with signerName "example.com/serving"',
  )
  const restriction = createCertificateSubjectRestriction()
  const create = (object: AnyObject) =>
    refusal(
      restriction,
      attributes('CREATE certificatesigningrequests.certificates.k8s.io /c', { object }),
    )
  t.equal(await create(csr('kubernetes.io/kube-apiserver-client', ['dev'])), 'admitted')
  t.equal(
    await create(csr('kubernetes.io/kube-apiserver-client', ['system:masters'])),
    'certificatesigningrequests.certificates.k8s.io "c" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  )
})
