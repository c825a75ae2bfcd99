/**
 * Manifests of documents of 2016 to 2021 apply as they stand there. Those with typing errors in the document itself are
 * refused with upstream's words, and apply once corrected (`<name>.corrected.yaml`).
 */
import t from 'tap'
import { load } from 'js-yaml'
import { readFileSync, readdirSync } from 'node:fs'
import { apiVersionOf, resourceOfKind } from '#api/scheme.ts'
import { type Reply, connectRaw, startApi } from './api-fixture.ts'

const FOLDER = 'test/fixtures/seeds'

/** Why each is refused, word for word; '' for a kind that nobody serves. */
const FAULTY: Readonly<Record<string, string>> = {
  '002-02-service':
    'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.ports[0].ports"',
  '002-03-deployment':
    'Deployment in version "v1beta1" cannot be handled as a Deployment: strict decoding error: unknown field "metadata.label"',
  '002-08-pod':
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: yaml: unmarshal errors:\n  line 16: key "resources" already set in map, unknown field "spec.imagePullPolicy", unknown field "spec.name", unknown field "spec.resources.cpu", unknown field "spec.resources.memory", unknown field "spec.terminationMessagePath", unknown field "spec.terminationMessagePolicy", unknown field "spec.livenessProbe", unknown field "spec.readinessProbe"',
  '002-18-ingress': '',
  '002-31-pod':
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.container"',
  '002-32-deployment':
    'Deployment in version "v1beta1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.template.spec.container"',
  '002-35-statefulset':
    'StatefulSet in version "v1beta1" cannot be handled as a StatefulSet: strict decoding error: unknown field "spec.template.spec.containers[0].images"',
  '002-50-pod': 'Pod "hello-world" is invalid: spec.containers[0].image: Required value',
  '002-51-pod': 'Pod "hello-world" is invalid: spec.containers: Required value',
  '002-56-horizontalpodautoscaler':
    'HorizontalPodAutoscaler in version "v2alpha1" cannot be handled as a HorizontalPodAutoscaler: parsing time "<some-time>" as "2006-01-02T15:04:05Z07:00": cannot parse "<some-time>" as "2006"',
  '002-57-networkpolicy':
    'NetworkPolicy.extensions "test-network-policy" is invalid: spec.ingress[0].ports[0].protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"',
  '002-58-networkpolicy':
    'NetworkPolicy in version "v1beta1" cannot be handled as a NetworkPolicy: strict decoding error: unknown field "spec.matchLabels"',
  '002-64-secret':
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 6',
  '002-67-crontab': '',
  '002-72-pod':
    'Pod "dapi-test-pod" is invalid: [spec.volumes[0].configMap.items[0].path: Invalid value: "/keys": must be a relative path, spec.containers[0].volumeMounts[0].name: Not found: "config-volume"]',
  '002-77-podpreset':
    'PodPreset in version "v1alpha1" cannot be handled as a PodPreset: json: cannot unmarshal number into Go struct field EnvVar.spec.env.value of type string',
  '002-79-pod':
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].envFrom[0].name", unknown field "spec.volumes[1].secretName"',
  '004-01-pod':
    'error converting YAML to JSON: yaml: line 9: end of the stream or a document separator is expected',
  '004-03-deployment':
    "error converting YAML to JSON: yaml: line 17: expected ':' after a mapping key",
  '004-04-statefulset':
    'error converting YAML to JSON: yaml: line 8: can not read a block mapping entry; a multiline key may not be an implicit key',
  '004-05-daemonset':
    'DaemonSet.apps "fluentd" is invalid: spec.template.spec.containers: Required value',
  '004-06-job':
    'Job.batch "my-job" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
}

/** Originals that are no YAML: where they would have gone. */
const UNREADABLE: Readonly<Record<string, string>> = {
  '002-08-pod': '/api/v1/namespaces/default/pods',
  '004-01-pod': '/api/v1/namespaces/default/pods',
  '004-03-deployment': '/apis/apps/v1/namespaces/default/deployments',
  '004-04-statefulset': '/apis/apps/v1/namespaces/default/statefulsets',
}

/** A kind that a ThirdPartyResource of the same document brought. */
const UNSERVED = new Set(['002-67-crontab'])

const files = readdirSync(FOLDER).map(name => name.replace('.yaml', ''))
const textOf = (name: string): string => readFileSync(`${FOLDER}/${name}.yaml`, 'utf8')

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly namespace?: string }
}

/** The collection it belongs to; undefined for a kind that nobody serves. */
function collectionOf(name: string): string | undefined {
  const known = UNREADABLE[name]
  if (known !== undefined) return known
  const { apiVersion, kind, metadata } = load(textOf(name)) as Manifest
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const resource = resourceOfKind(group, version, kind)
  if (resource === undefined) return undefined
  const root = group === '' ? '/api' : '/apis'
  const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''
  return `${root}/${apiVersionOf(resource)}${place}/${resource.plural}`
}

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})

const send = (name: string, path: string): Promise<Reply> =>
  client.send('POST', `${path}?fieldValidation=Strict&dryRun=All`, textOf(name), {
    'content-type': 'application/yaml',
  })

void t.test('well-formed manifests apply', async t => {
  const sound = files.filter(name => FAULTY[name] === undefined)
  t.ok(sound.length > 80)
  for (const name of sound) {
    const path = collectionOf(name)
    if (path === undefined) t.fail(`${name} is of no served kind`)
    else {
      const reply = await send(name, path)
      t.equal(reply.status, 201, `${name} ${reply.status === 201 ? '' : reply.text}`)
    }
  }
})

void t.test('faulty ones say what is wrong, and have a corrected form', async t => {
  for (const [name, message] of Object.entries(FAULTY)) {
    const path = collectionOf(name)
    t.equal(path === undefined, message === '', name)
    if (path !== undefined) t.equal((await send(name, path)).body['message'], message, name)
    if (!UNSERVED.has(name)) t.ok(files.includes(`${name}.corrected`), name)
  }
})
