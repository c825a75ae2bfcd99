/** What a node may reach, and why not. */
import t from 'tap'
import type { RequestAttributes } from '#api/request.ts'
import type { Pod, PodSpec } from '#api/types/core-v1.ts'
import { NODE_RULES } from '#server/auth/default-roles.ts'
import { createNodeAuthorizer } from '#server/auth/node-authorizer.ts'
import { createNodeGraph, referencesOf } from '#server/auth/node-graph.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const container = { name: 'main', image: 'busybox' }

const aPod = (name: string, spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [container], serviceAccountName: 'robot', ...spec },
})

const web = aPod('web', {
  nodeName: 'a',
  imagePullSecrets: [{ name: 'pull' }],
  initContainers: [{ ...container, envFrom: [{ configMapRef: { name: 'from-env' } }] }],
  containers: [
    {
      ...container,
      env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'from-key', key: 'k' } } }],
    },
  ],
  volumes: [
    { name: 's', secret: { secretName: 'mounted' } },
    { name: 'p', projected: { sources: [{ configMap: { name: 'projected' } }] } },
    { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
  ],
  resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
})

void t.test('a pod refers to', async t => {
  t.same([...referencesOf(web)].sort(), [
    'configmaps/default/from-env',
    'configmaps/default/projected',
    'persistentvolumeclaims/default/claim',
    'pods/default/web',
    'resourceclaims/default/gpu',
    'secrets/default/from-key',
    'secrets/default/mounted',
    'secrets/default/pull',
    'serviceaccounts/default/robot',
  ])
  const mirror = {
    ...web,
    metadata: { ...web.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } },
  }
  t.same(referencesOf(mirror), ['pods/default/web'], 'nothing when its node made it')
})

const reader = memoryReader()
const graph = createNodeGraph(reader)
const authorizer = createNodeAuthorizer({ graph, reader, rules: NODE_RULES })
const decide = (text: string, more: Partial<RequestAttributes> = {}): string => {
  const [verb = '', target = '', place = ''] = text.split(' ')
  const [resourcePart = '', subresource = ''] = target.split('/')
  const [resource = '', ...group] = resourcePart.split('.')
  const [namespace = '', name = ''] = place.split('/')
  const verdict = authorizer.authorize({
    user: { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] },
    verb,
    isResource: true,
    path: '',
    group: group.join('.'),
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
    ...more,
  })
  if (verdict instanceof Promise) throw new Error('decisions are synchronous')
  return verdict.decision === 'allow' ? 'allow' : verdict.reason
}
const UNRELATED = "no relationship found between node 'a' and this object"

void t.test('requests of a node', async t => {
  reader.put('pods', web)
  reader.put(
    'pods',
    aPod('other', { nodeName: 'b', volumes: [{ name: 'v', secret: { secretName: 'foreign' } }] }),
  )
  reader.put('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv1' },
    spec: { claimRef: { namespace: 'default', name: 'claim' } },
  })
  for (const nodeName of ['a', 'b']) {
    reader.put('volumeattachments.storage.k8s.io', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: `on-${nodeName}` },
      spec: { nodeName, attacher: 'x', source: { persistentVolumeName: 'pv1' } },
    })
    reader.put('resourceslices.resource.k8s.io', {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: `of-${nodeName}` },
      spec: {
        nodeName,
        driver: 'x',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      },
    })
  }
  const cases: readonly (readonly [string, string])[] = [
    ['get secrets default/mounted', 'allow'],
    ['list secrets default/mounted', 'allow'],
    ['watch secrets default/mounted', 'allow'],
    ['get secrets default/foreign', UNRELATED],
    ['get secrets other/mounted', UNRELATED],
    ['list secrets default', 'No Object name found'],
    ['list secrets', 'can only read namespaced object of this type'],
    ['update secrets default/mounted', 'can only read resources of this type'],
    ['get configmaps default/from-env', 'allow'],
    ['get persistentvolumeclaims default/claim', 'allow'],
    ['list persistentvolumeclaims default', 'can only get individual resources of this type'],
    ['get persistentvolumes /pv1', 'allow'],
    ['get persistentvolumes /pv2', UNRELATED],
    ['create serviceaccounts/token default/robot', 'allow'],
    ['create serviceaccounts/token default/admin', UNRELATED],
    ['get serviceaccounts default/robot', 'can only create tokens for individual service accounts'],
    ['create serviceaccounts default/robot', 'can only create token subresource of serviceaccount'],
    ['get leases.coordination.k8s.io kube-node-lease/a', 'allow'],
    ['create leases.coordination.k8s.io kube-node-lease', 'allow'],
    [
      'update leases.coordination.k8s.io kube-node-lease/b',
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'update leases.coordination.k8s.io default/a',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      'list leases.coordination.k8s.io kube-node-lease',
      'can only get, create, update, patch, or delete a node lease',
    ],
    ['get nodes /a', 'allow'],
    ['get nodes /b', "node 'a' cannot read 'b', only its own Node object"],
    ['list nodes', "node 'a' cannot read all nodes, only its own Node object"],
    ['patch nodes/status /a', 'allow'],
    ['delete nodes /a', ''],
    ['get pods default/web', 'allow'],
    ['get pods default/other', UNRELATED],
    ['list pods', 'can only list/watch pods with spec.nodeName field selector'],
    ['patch pods/status default/web', 'allow'],
    ['delete pods default/web', 'allow'],
    ['update pods default/web', ''],
    ['get pods/log default/web', ''],
    ['list services', 'allow'],
    ['create events default', 'allow'],
    ['list secrets.example.com default', ''],
    ['get constructor default', ''],
    ['get toString default', ''],
    ['get volumeattachments.storage.k8s.io /on-a', 'allow'],
    ['get volumeattachments.storage.k8s.io /on-b', UNRELATED],
    ['list volumeattachments.storage.k8s.io', 'can only get individual resources of this type'],
    ['get csinodes.storage.k8s.io /a', 'allow'],
    ['create csinodes.storage.k8s.io', 'allow'],
    [
      'get csinodes.storage.k8s.io /b',
      'can only access CSINode with the same name as the requesting node',
    ],
    ['get resourceclaims.resource.k8s.io default/gpu', 'allow'],
    ['get resourceclaims.resource.k8s.io default/other', UNRELATED],
    ['create resourceslices.resource.k8s.io', 'allow'],
    ['delete resourceslices.resource.k8s.io /of-a', 'allow'],
    ['delete resourceslices.resource.k8s.io /of-b', UNRELATED],
    [
      'deletecollection resourceslices.resource.k8s.io',
      'can only list/watch/deletecollection resourceslices with nodeName field selector',
    ],
    ['create certificatesigningrequests.certificates.k8s.io', 'allow'],
  ]
  for (const [text, expected] of cases) t.equal(decide(text), expected, text)
  t.equal(decide('watch pods', { fieldSelector: 'status.phase!=Failed,spec.nodeName=a' }), 'allow')
  t.not(decide('watch pods', { fieldSelector: 'spec.nodeName=b' }), 'allow')
  const slices = 'list resourceslices.resource.k8s.io'
  t.equal(decide(slices, { fieldSelector: 'spec.nodeName=a' }), 'allow')
  t.not(decide(slices, { fieldSelector: 'spec.nodeName=b' }), 'allow')
  t.not(decide('watch pods', { fieldSelector: 'spec.nodeName!=a' }), 'allow')
  const escaped = String.raw`status.phase!=x\,spec.nodeName=a`
  t.not(decide('watch pods', { fieldSelector: escaped }), 'allow', 'a value is no term')
})

void t.test('what counts is the pods of now', async t => {
  const twin = aPod('twin', {
    nodeName: 'a',
    volumes: [{ name: 's', secret: { secretName: 'mounted' } }],
  })
  reader.put('pods', twin)
  reader.remove('pods', web)
  t.equal(decide('get secrets default/mounted'), 'allow', 'while another pod refers to it')
  reader.remove('pods', twin)
  t.equal(decide('get secrets default/mounted'), UNRELATED)
})

void t.test('others', async t => {
  const user = (name: string, groups: readonly string[]) => ({ user: { name, groups } })
  t.equal(decide('get nodes /a', user('alice', ['dev'])), '')
  t.equal(decide('get nodes /a', user('system:node:a', ['dev'])), '', 'the name alone is nothing')
  t.equal(
    decide('get nodes /a', user('system:node:', ['system:nodes'])),
    'unknown node for user "system:node:"',
  )
})
