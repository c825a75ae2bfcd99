/** A container's configuration, its user, its share of the machine, and the names it sees. */
import t from 'tap'
import { containerConfig } from '#agent/pods/container-config.ts'
import { portNumber } from '#agent/pods/handlers.ts'
import { domainNameOf, hostnameOf, hostsFile } from '#agent/pods/name-files.ts'
import { authFor, registryOf } from '#agent/pods/pull-secrets.ts'
import { cpuQuota, cpuShares, oomScore, qosClassOf } from '#agent/pods/qos.ts'
import { referencesOf } from '#agent/pods/references.ts'
import type { Container, PodSpec } from '#api/types/core-v1.ts'
import { aPod } from '../../../support/pod-worlds.ts'

const config = (container: Partial<Container>, spec: Partial<PodSpec> = {}, imageUser = '') =>
  containerConfig({
    pod: aPod(spec),
    container: { name: 'c', image: 'img', ...container },
    sandboxID: 's',
    attempt: 0,
    env: ['A=1=2'],
    mounts: [],
    imageUser,
    cgroupParent: '/kubepods',
    nodeMemoryBytes: 1e9,
    terminationFile: '',
  })

void t.test('command and arguments', async t => {
  t.match(config({ command: ['x', '$(A)'], args: ['$$(A)'] }), {
    command: ['x', '1=2'],
    args: ['$(A)'],
  })
  t.match(config({ command: [] }), { command: undefined, args: undefined })
})

const users: readonly {
  name: string
  pod?: PodSpec['securityContext']
  own?: Container['securityContext']
  imageUser?: string
  want: string | RegExp
}[] = [
  { name: 'the image decides', want: '' },
  { name: 'the pod', pod: { runAsUser: 5 }, want: '5' },
  {
    name: 'the container over the pod',
    pod: { runAsUser: 5, runAsGroup: 6 },
    own: { runAsUser: 7 },
    want: '7:6',
  },
  { name: 'a group alone', own: { runAsGroup: 6 }, imageUser: 'www:www', want: 'www:6' },
  { name: 'not root: by number', pod: { runAsNonRoot: true, runAsUser: 5 }, want: '5' },
  {
    name: 'not root: but 0',
    pod: { runAsNonRoot: true, runAsUser: 0 },
    want: /container's runAsUser breaks non-root policy \(pod: "web_default\(u1\)", container: c\)/u,
  },
  {
    name: 'not root: image is',
    pod: { runAsNonRoot: true },
    want: /container has runAsNonRoot and image will run as root/u,
  },
  {
    name: 'not root: image has a name',
    pod: { runAsNonRoot: true },
    imageUser: 'www',
    want: /image has non-numeric user \(www\), cannot verify user is non-root/u,
  },
  {
    name: 'not root: image has a number',
    pod: { runAsNonRoot: true },
    imageUser: '33:33',
    want: '',
  },
]
for (const { name, pod, own, imageUser, want } of users) {
  void t.test(`user: ${name}`, async t => {
    const make = () =>
      config(
        own === undefined ? {} : { securityContext: own },
        pod === undefined ? {} : { securityContext: pod },
        imageUser,
      )
    if (typeof want === 'string') t.equal(make().security.user, want)
    else t.throws(make, { message: want })
  })
}

void t.test('security options', async t => {
  t.match(
    config({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }).security,
    { privileged: true, noNewPrivileges: false, seccomp: 'unconfined' },
  )
  t.match(
    config({
      securityContext: {
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'RuntimeDefault' },
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      },
    }).security,
    {
      noNewPrivileges: true,
      seccomp: '',
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
    },
  )
  t.same(
    config({}, { securityContext: { fsGroup: 9, supplementalGroups: [8, 9] } }).security.groups,
    [8, 9],
  )
})

void t.test('quality of service', async t => {
  const of = (...resources: Container['resources'][]) =>
    qosClassOf(
      aPod({
        containers: resources.map((each, index) => ({
          name: `c${index}`,
          ...(each === undefined ? {} : { resources: each }),
        })),
      }),
    )
  const limits = { cpu: '1', memory: '1Gi' }
  t.equal(of(undefined), 'BestEffort')
  t.equal(of({ limits }), 'Burstable')
  t.equal(of({ limits, requests: { cpu: '1000m', memory: '1024Mi' } }), 'Guaranteed')
  t.equal(of({ limits, requests: { cpu: '500m' } }), 'Burstable')
  t.equal(of({ limits }, undefined), 'Burstable')
  t.same([0, 1, 100, 1000, 1e9].map(cpuShares), [2, 2, 102, 1024, 262_144])
  t.same([0, 1, 250, 2000].map(cpuQuota), [0, 1000, 25_000, 200_000])
  const score = (memory: string) =>
    oomScore(
      aPod({ containers: [{ name: 'c', resources: { requests: { memory } } }] }),
      { name: 'c', resources: { requests: { memory } } },
      1000,
    )
  t.same([score('1'), score('500'), score('1000')], [999, 500, 3])
})

void t.test('names', async t => {
  t.equal(hostnameOf(aPod({}, { name: `${'a'.repeat(62)}-b` })), 'a'.repeat(62))
  t.equal(
    domainNameOf(aPod({ hostname: 'h', subdomain: 'db' }), 'cluster.local'),
    'h.db.default.svc.cluster.local',
  )
  const hosts = hostsFile(aPod({ hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] }), {
    podIPs: ['10.42.0.2'],
    hostname: 'web',
    domainName: '',
    nodeHosts: '',
  })
  t.match(hosts, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/u)
  t.match(hosts, /10\.42\.0\.2\tweb\n\n# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/u)
})

void t.test('pull secrets fit their registry', async t => {
  const secret = (auths: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {},
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  })
  const auth = Buffer.from('u:p:q').toString('base64')
  t.same(['nginx', 'a/b', 'localhost/a', 'r.io:5000/a/b@sha256:1'].map(registryOf), [
    'docker.io',
    'docker.io',
    'localhost',
    'r.io:5000',
  ])
  t.same(authFor('r.io/a', [secret({ 'https://r.io/v2/': { auth }, 'x.io': { auth } })]), [
    { username: 'u', password: 'p:q', serverAddress: 'https://r.io/v2/' },
  ])
  t.same(
    authFor('nginx', [secret({ 'https://index.docker.io/v1/': { username: 'a', password: 'b' } })])
      .length,
    1,
  )
  t.same(authFor('r.io/a', [{ ...secret({}), data: { '.dockerconfigjson': 'bm8=' } }]), [])
})

void t.test('ports by number and by name', async t => {
  const container: Container = { name: 'c', ports: [{ name: 'http', containerPort: 80 }] }
  t.equal(portNumber(container, 'http'), 80)
  t.equal(portNumber(container, '81'), 81)
  t.throws(() => portNumber(container, 'no'), new Error("couldn't find port: no"))
})

void t.test('everything a pod refers to', async t => {
  const pod = aPod({
    containers: [
      {
        name: 'c',
        envFrom: [{ secretRef: { name: 'a' } }],
        env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'b', key: 'k' } } }],
      },
    ],
    volumes: [
      {
        name: 'v',
        projected: { sources: [{ configMap: { name: 'b' } }, { secret: { name: 'c' } }] },
      },
      { name: 'w', secret: { secretName: 'd' } },
    ],
    imagePullSecrets: [{ name: 'e' }],
  })
  t.same(
    referencesOf(pod)
      .map(({ kind, name }) => `${kind} ${name}`)
      .sort((left, right) => (left < right ? -1 : 1)),
    ['configMaps b', 'secrets a', 'secrets c', 'secrets d', 'secrets e'],
  )
})
