/** Annotations that carried meaning before there were fields for it are read into the fields. */
import t from 'tap'
import { applyDefaults, decodeObject } from '#api/codec.ts'
import type { AnyObject } from '#api/object.ts'
import { resourceOf } from '#api/scheme.ts'

function sent(group: string, plural: string, object: object): AnyObject {
  const type = resourceOf(group, 'v1', plural)?.type()
  if (type === undefined) throw new Error(`no ${plural}`)
  return applyDefaults(type, decodeObject<AnyObject>(type, object, 'Strict').object)
}

const defaulted = (plural: string, annotations: object, spec: object, more: object = {}) =>
  sent('', plural, { metadata: { name: 'x', annotations, ...more }, spec })

const CONTAINER = { name: 'c', image: 'i' }

void t.test('annotations that had no field yet', async t => {
  const pod = (annotations: object, more: object = {}, spec: object = {}) =>
    defaulted('pods', annotations, { containers: [CONTAINER], ...spec }, more)['spec']
  const affinity = '{"nodeAffinity":{}}'
  const name = 'scheduler.alpha.kubernetes.io/affinity'
  t.match(pod({ [name]: affinity }), { affinity: { nodeAffinity: {} } })
  const own = { affinity: { podAffinity: {} } }
  t.notMatch(pod({ [name]: affinity }, {}, own), { affinity: { nodeAffinity: {} } })
  for (const unreadable of ['{', '[1]', '"text"'])
    t.notMatch(pod({ [name]: unreadable }), { affinity: {} }, unreadable)
  const critical = { 'scheduler.alpha.kubernetes.io/critical-pod': '' }
  t.match(pod(critical, { namespace: 'kube-system' }), {
    priorityClassName: 'system-cluster-critical',
  })
  t.notMatch(pod(critical, { namespace: 'default' }), { priorityClassName: /./ })
  const seccomp = {
    'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
    'container.seccomp.security.alpha.kubernetes.io/c': 'localhost/p.json',
  }
  const unknown = { 'seccomp.security.alpha.kubernetes.io/pod': 'constructor' }
  t.notMatch(pod(unknown), { securityContext: { seccompProfile: Object } })
  t.match(pod(seccomp), {
    securityContext: { seccompProfile: { type: 'Unconfined' } },
    containers: [
      { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } } },
    ],
  })
})

void t.test('annotations of Services, volumes and classes', async t => {
  const ports = [{ port: 80 }]
  const service = (annotations: object) =>
    defaulted('services', annotations, { type: 'NodePort', ports })['spec']
  t.match(service({ 'service.beta.kubernetes.io/external-traffic': 'OnlyLocal' }), {
    externalTrafficPolicy: 'Local',
  })
  t.match(service({ 'service.beta.kubernetes.io/external-traffic': 'Global' }), {
    externalTrafficPolicy: 'Cluster',
  })
  t.match(service({ 'service.alpha.kubernetes.io/tolerate-unready-endpoints': 'true' }), {
    publishNotReadyAddresses: true,
  })
  const claim = (annotations: object, spec: object = {}) =>
    defaulted('persistentvolumeclaims', annotations, spec)['spec']
  t.match(claim({ 'volume.beta.kubernetes.io/storage-class': 'fast' }), {
    storageClassName: 'fast',
  })
  t.match(
    claim({ 'volume.beta.kubernetes.io/storage-class': 'fast' }, { storageClassName: 'slow' }),
    { storageClassName: 'slow' },
  )
  t.notMatch(claim({ 'volume.alpha.kubernetes.io/storage-class': 'any' }), {
    storageClassName: /./,
  })
  const beta = { 'storageclass.beta.kubernetes.io/is-default-class': 'true' }
  const metadata = { name: 'x', annotations: beta }
  const made = sent('storage.k8s.io', 'storageclasses', { metadata, provisioner: 'p' })
  t.match(made.metadata.annotations, {
    'storageclass.kubernetes.io/is-default-class': 'true',
  })
})
