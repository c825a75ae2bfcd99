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
    name: 'a sound pod has none',
    group: '',
    kind: 'Pod',
    fields: { spec: { containers: [{ name: 'a', image: 'b' }], restartPolicy: 'Never' } },
    faults: [],
  },
  {
    name: 'names of containers and their variables are required',
    group: '',
    kind: 'Pod',
    fields: { spec: { containers: [{ image: 'b', env: [{ value: 'x' }] }] } },
    faults: [REQUIRED('spec.containers[0].name'), REQUIRED('spec.containers[0].env[0].name')],
  },
  {
    name: 'enums name what they support',
    group: '',
    kind: 'Pod',
    fields: { spec: { containers: [{ name: 'a' }], restartPolicy: 'Sometimes' } },
    faults: [
      'FieldValueNotSupported spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
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
    kind: 'Pod',
    fields: {
      spec: { containers: [] },
      status: { phase: 'Odd', containerStatuses: [{ name: 'a' }] },
    },
    faults: [],
  },
  {
    name: 'empty text is a header’s value',
    group: '',
    kind: 'Pod',
    fields: {
      spec: {
        containers: [
          {
            name: 'a',
            livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'A', value: '' }] } },
          },
        ],
      },
    },
    faults: [],
  },
]

for (const { name, group, kind, fields, faults } of cases) {
  void t.test(name, async t => {
    t.same(faultsOf(group, kind, fields), faults)
  })
}
