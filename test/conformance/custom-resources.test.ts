/**
 * Upstream's conformance tests of field validation that need custom resources, step by step, against a real API server
 * over HTTPS: each defines a kind in two versions, applies one object strictly, and deletes the definition.
 */
import t, { type Test } from 'tap'
import { connectRaw, type Reply, startApi } from '../component/api-fixture.ts'
import { abolish, definitionOf, establish, type Fields } from '../component/definitions-fixture.ts'

const fixture = await startApi()
const raw = connectRaw(fixture)
t.teardown(() => {
  raw.close()
  return fixture.close()
})

const CRON = String.raw`^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$`
const TEXT = { type: 'string' }
const NUMBER = { type: 'integer', format: 'int32' }
const PORTS = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
  items: {
    type: 'object',
    required: ['containerPort', 'protocol'],
    properties: {
      containerPort: NUMBER,
      hostIP: TEXT,
      hostPort: NUMBER,
      name: TEXT,
      protocol: TEXT,
    },
  },
}
const TEMPLATE = {
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  properties: {
    metadata: { type: 'object', properties: { name: TEXT } },
    spec: { type: 'object' },
  },
}

const schemaOf = (more: Fields, fields: Fields = {}): Fields => ({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { foo: TEXT, cronSpec: { ...TEXT, pattern: CRON }, ports: PORTS, ...fields },
      ...more,
    },
  },
})
const PRESERVING = { 'x-kubernetes-preserve-unknown-fields': true }

let made = 0

/** Defines a kind of that schema, applies the text, and takes the kind away again. */
async function applied(schema: Fields, text: string): Promise<Reply> {
  made += 1
  const group = 'mygroup.example.com'
  const names = { plural: `noxu${made}s`, kind: `Noxu${made}` }
  const versions = ['v1beta1', 'v1beta2'].map(name => ({
    name,
    served: true,
    storage: name === 'v1beta1',
    schema: { openAPIV3Schema: schema },
  }))
  await establish(raw, definitionOf({ group, ...names, scope: 'Cluster', versions }))
  const head = `\napiVersion: ${group}/v1beta1\nkind: ${names.kind}\n`
  const query = 'fieldManager=field_validation_mgr&fieldValidation=Strict'
  const path = `/apis/${group}/v1beta1/${names.plural}/mytest?${query}`
  const type = { 'content-type': 'application/apply-patch+yaml' }
  const reply = await raw.send('PATCH', path, head + text, type)
  await abolish(raw, `${names.plural}.${group}`)
  return reply
}

const PORT = `  ports:
  - name: x
    containerPort: 80
    protocol: TCP`

const refusedFor = (t: Test, { text, status }: Reply, ...faults: readonly string[]): void => {
  t.ok(status >= 400, text)
  for (const fault of faults) t.ok(text.includes(fault), `${fault} in ${text}`)
}

void t.test(
  '[sig-api-machinery] FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR [Conformance]',
  async t => {
    const reply = await applied(
      schemaOf(PRESERVING, { template: TEMPLATE }),
      `metadata:
  name: mytest
  unknownMeta: unknown
spec:
  template:
    apiversion: foo/v1
    kind: Sub
    metadata:
        unknownSubMeta: unknown
        name: subobject
        namespace: e2e
  foo: foo1
  cronSpec: "* * * * */5"
${PORT}`,
    )
    refusedFor(t, reply, '.metadata.unknownMeta: field not declared in schema')
  },
)

void t.test(
  '[sig-api-machinery] FieldValidation should detect duplicates in a CR when preserving unknown fields [Conformance]',
  async t => {
    const reply = await applied(
      schemaOf(PRESERVING),
      `metadata:
  name: mytest
spec:
  unknown: uk1
  foo: foo1
  foo: foo2
  cronSpec: "* * * * */5"
${PORT}`,
    )
    refusedFor(t, reply, String.raw`line 9: key \"foo\" already set in map`)
  },
)

void t.test(
  'FieldValidation should create/apply a valid CR for CRD with validation schema',
  async t => {
    const text = `metadata:\n  name: mytest\nspec:\n  foo: foo1\n  cronSpec: "* * * * */5"\n${PORT}`
    t.equal((await applied(schemaOf({}), text)).status, 201)
  },
)

void t.test(
  'FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema',
  async t => {
    const text = `metadata:\n  name: mytest\nspec:\n  unknown: uk1\n  cronSpec: "* * * * */5"\n${PORT}`
    t.equal((await applied({ type: 'object', ...PRESERVING }, text)).status, 201)
  },
)

void t.test(
  'FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema',
  async t => {
    const text = `metadata:\n  name: mytest\nunknownField: unknown\nspec:\n  foo: foo1\n  cronSpec: "* * * * */5"\n${PORT}`
    refusedFor(t, await applied(schemaOf({}), text), '.unknownField: field not declared in schema')
  },
)
