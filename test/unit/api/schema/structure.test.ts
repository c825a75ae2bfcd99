/** Faults that the schema sees by itself. */
import t from 'tap'
import { decodeObject, validateStructure } from '#api/codec.ts'
import { typeOf } from '#api/scheme.ts'

function faultsOf(group: string, kind: string, fields: object): string[] {
  const type = typeOf(group, 'v1', kind)
  if (type === undefined) throw new Error(`no ${kind}`)
  const { object } = decodeObject(type, fields, 'Strict')
  return validateStructure(type, object).map(
    fault => `${fault.type} ${fault.field}: ${fault.message}`,
  )
}

const REQUIRED = (path: string): string => `FieldValueRequired ${path}: Required value`

const cases: readonly {
  name: string
  group: string
  kind: string
  fields: object
  faults: readonly string[]
}[] = [
  {
    name: 'a sound class has none',
    group: 'storage.k8s.io',
    kind: 'StorageClass',
    fields: { provisioner: 'example.com/p' },
    faults: [],
  },
  {
    name: 'text is required',
    group: 'storage.k8s.io',
    kind: 'StorageClass',
    fields: {},
    faults: [REQUIRED('provisioner')],
  },
  {
    name: 'enums name what they support',
    group: '',
    kind: 'Service',
    fields: { spec: { sessionAffinity: 'Sometimes' } },
    faults: [
      'FieldValueNotSupported spec.sessionAffinity: Unsupported value: "Sometimes": supported values: "ClientIP", "None"',
    ],
  },
  {
    name: 'pods are left to their rules',
    group: '',
    kind: 'Pod',
    fields: { spec: { containers: [{}], restartPolicy: 'Sometimes' } },
    faults: [],
  },
  {
    name: 'an enum of another group',
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    fields: { addressType: 'IPv4', endpoints: [], ports: [{ protocol: 'ICMP' }] },
    faults: [
      'FieldValueNotSupported ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
  },
  {
    name: 'a pointer is required as text is',
    group: 'apps',
    kind: 'Deployment',
    fields: { spec: { template: { spec: { containers: [] } } } },
    faults: [REQUIRED('spec.selector')],
  },
  {
    name: 'status is not judged',
    group: '',
    kind: 'Namespace',
    fields: { status: { phase: 'Odd', conditions: [{}] } },
    faults: [],
  },
]

for (const { name, group, kind, fields, faults } of cases) {
  void t.test(name, async t => {
    t.same(faultsOf(group, kind, fields), faults)
  })
}
