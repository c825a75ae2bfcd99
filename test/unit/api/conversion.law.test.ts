/** For every old group-version: an object with all its fields filled loses none of them on the way through the storage. */
import t from 'tap'
import { applyDefaults, decodeObject } from '#api/codec.ts'
import { fromStorage, toStorage } from '#api/conversion/convert.ts'
import type { AnyObject } from '#api/object.ts'
import type { Scalar, Type } from '#api/schema/type.ts'
import { apiVersionOf, resources } from '#api/scheme.ts'

const SAMPLES: Readonly<Record<Scalar, unknown>> = {
  string: 'text',
  bool: true,
  int32: 7,
  int64: 8,
  double: 1.5,
  bytes: 'YWJj',
  quantity: '3',
  time: '2017-04-01T00:00:00Z',
  'micro-time': '2017-04-01T00:00:00.000001Z',
  'int-or-string': 'port',
  duration: '1s',
  raw: { any: 'thing' },
  'schema-or-bool': true,
  'schema-or-list': { type: 'string' },
  'schema-or-names': ['text'],
}

const DEPTH_MAX = 8

/** A value of the type with every field of it; cycles end at DEPTH_MAX. */
function filled(type: Type, depth = 0): unknown {
  if (type.kind === 'scalar') return type.enum?.[0] ?? SAMPLES[type.scalar]
  if (type.kind === 'list') return depth < DEPTH_MAX ? [filled(type.items, depth + 1)] : []
  if (type.kind === 'map') return depth < DEPTH_MAX ? { key: filled(type.values, depth + 1) } : {}
  const fields = [...type.fields.values()].filter(
    field => depth < DEPTH_MAX || field.type.kind === 'scalar',
  )
  return Object.fromEntries(fields.map(field => [field.name, filled(field.type, depth + 1)]))
}

const SUBJECTS = [{ kind: 'ServiceAccount', name: 'a', namespace: 'b', apiVersion: 'v1' }]
const INGRESS_STATUS = { loadBalancer: { ingress: [{ ip: '10.0.0.1', hostname: 'h' }] } }
const VERSIONS = [{ name: 'v1', served: true, storage: true, deprecated: true }]

/** Where not every combination of fields means something: what those fields hold instead. */
const PARTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // Without an average value, which v1 cannot say, the percentage alone comes back with a zero beside it.
  'autoscaling/v1 horizontalpodautoscalers': {
    status: { currentReplicas: 1, desiredReplicas: 2, observedGeneration: 3 },
  },
  'rbac.authorization.k8s.io/v1alpha1 rolebindings': { subjects: SUBJECTS },
  'rbac.authorization.k8s.io/v1alpha1 clusterrolebindings': { subjects: SUBJECTS },
  'extensions/v1beta1 ingresses': { status: INGRESS_STATUS },
}

/** A schema is either of all versions or of one. */
const withOneSchema = (object: AnyObject): AnyObject => {
  const spec = object['spec']
  return object.kind === 'CustomResourceDefinition' && typeof spec === 'object'
    ? { ...object, spec: { ...spec, version: 'v1', versions: VERSIONS } }
    : object
}

const METADATA = { name: 'x', namespace: 'y', labels: { a: 'b' }, annotations: { c: 'd' } }

for (const resource of resources()) {
  if (resource.storage() === resource) continue
  const name = `${apiVersionOf(resource)} ${resource.plural}`
  void t.test(name, async t => {
    const type = resource.type()
    const everything = { ...(filled(type) as AnyObject), ...PARTS[name], metadata: METADATA }
    const typed = { ...everything, apiVersion: apiVersionOf(resource), kind: resource.kind }
    const whole = decodeObject<AnyObject>(type, withOneSchema(typed), 'Strict').object
    const sent = applyDefaults(type, whole)
    const stored = toStorage(resource, sent)
    t.same(fromStorage(resource, stored), sent)
    t.same(toStorage(resource, fromStorage(resource, stored)), stored)
  })
}
