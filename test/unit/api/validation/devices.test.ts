/** Rules of device classes, claims, slices and taints: upstream's field paths and words. */
import { validateSubresourceUpdate } from '#api/validation/validation.ts'
import {
  build,
  type Case,
  LABEL,
  QUALIFIED,
  resourceNamed,
  runCases,
  showFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const statusFaults = (plural: string, before: object, after: object): string[] =>
  showFaults(
    validateSubresourceUpdate(resourceNamed(plural), {
      object: build(plural, after),
      old: build(plural, before),
      subresource: 'status',
    }),
  )

const table = (
  plural: string,
  cases: readonly (readonly [string, object, readonly string[]])[],
): readonly Case[] => cases.map(([name, fields, faults]): Case => [name, plural, fields, faults])

const exactly = { deviceClassName: 'c' }
const claim = (devices: object): object => ({ spec: { devices } })

void t.test('claims', async t => {
  const at = 'spec.devices'
  runCases(
    t,
    table('resourceclaims', [
      ['one device', claim({ requests: [{ name: 'r', exactly }] }), []],
      [
        'requests of no kind, of two kinds, twice',
        claim({
          requests: [
            { name: 'r' },
            { name: 'r', exactly, firstAvailable: [{ name: 'a', deviceClassName: 'c' }] },
          ],
        }),
        [
          `${at}.requests[0]: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`,
          `${at}.requests[1]: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
          `${at}.requests[1]: Duplicate value: "r"`,
        ],
      ],
      [
        'counts, classes, tolerations',
        claim({
          requests: [
            {
              name: 'R',
              exactly: {
                deviceClassName: '',
                allocationMode: 'All',
                count: 2,
                selectors: [{}],
                tolerations: [{ operator: 'Exists', value: 'v' }],
              },
            },
            { name: 's', exactly: { ...exactly, allocationMode: 'Some' } },
          ],
        }),
        [
          `${at}.requests[0].name: Invalid value: "R": ${LABEL}`,
          `${at}.requests[0].exactly.deviceClassName: Required value`,
          `${at}.requests[0].exactly.selectors[0].cel: Required value`,
          `${at}.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
          `${at}.requests[0].exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\``,
          `${at}.requests[1].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
        ],
      ],
      [
        'constraints and configuration',
        claim({
          requests: [{ name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'c' }] }],
          constraints: [{ requests: ['r/s', 'x', 'r/s/t'], matchAttribute: 'a' }, {}],
          config: [{ opaque: { driver: 'd', parameters: 'text' } }, {}],
        }),
        [
          `${at}.constraints[0].requests[1]: Invalid value: "x": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
          `${at}.constraints[0].requests[2]: Invalid value: "r/s/t": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
          `${at}.constraints[0].matchAttribute: Invalid value: "a": a fully qualified name must be a domain and a name separated by a slash`,
          `${at}.constraints[1]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set`,
          `${at}.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object`,
          `${at}.config[1].opaque: Required value`,
        ],
      ],
      [
        'too many',
        claim({
          requests: Array.from({ length: 33 }, (_, index) => ({ name: `r${index}`, exactly })),
        }),
        [`${at}.requests: Too many: 33: must have at most 32 items`],
      ],
    ]),
  )
  const one = claim({ requests: [{ name: 'r', exactly }] })
  const other = claim({ requests: [{ name: 's', exactly }] })
  t.match(updateFaults('resourceclaims', one, other), [
    /^spec: Invalid value: .*: field is immutable$/,
  ])
  t.match(updateFaults('resourceclaimtemplates', { spec: one }, { spec: other }), [
    /^spec: Invalid value: .*: field is immutable$/,
  ])
})

void t.test('what was allocated', async t => {
  const before = claim({ requests: [{ name: 'r', exactly }] })
  const result = { request: 'r', driver: 'd', pool: 'p', device: 'dev' }
  const allocation = { devices: { results: [result] } }
  const change = (status: object): string[] =>
    statusFaults('resourceclaims', before, { ...before, status })
  t.strictSame(change({ allocation, devices: [{ driver: 'd', pool: 'p', device: 'dev' }] }), [])
  t.strictSame(change({ reservedFor: [{ resource: 'pods', name: 'p', uid: '' }] }), [
    'status.reservedFor[0].uid: Required value',
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ])
  t.strictSame(
    change({
      allocation: { devices: { results: [{ ...result, request: 'x', shareID: 'U' }] } },
      devices: [{ driver: 'd', pool: 'p', device: 'other', networkData: { ips: ['1.2.3.4'] } }],
    }),
    [
      'status.devices[0]: Invalid value: {"Driver":"d","Pool":"p","Device":"other","ShareID":""}: must be an allocated device in the claim',
      'status.devices[0].networkData.ips[0]: Invalid value: "1.2.3.4": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.allocation.devices.results[0].request: Invalid value: "x": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      'status.allocation.devices.results[0].shareID: Invalid value: "U": error validating uid: invalid UUID length: 1',
    ],
  )
  const allocated = { ...before, status: { allocation } }
  t.match(
    statusFaults('resourceclaims', allocated, {
      ...before,
      status: { allocation: { devices: { results: [] } } },
    }),
    [/^status\.allocation: Invalid value: .*: field is immutable$/],
  )
})

void t.test('slices', async t => {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
  const slice = (fields: object): object => ({
    spec: { driver: 'd', pool, nodeName: 'n', ...fields },
  })
  const device = (fields: object): object => slice({ devices: [{ name: 'a', ...fields }] })
  const at = 'spec.devices[0]'
  runCases(
    t,
    table('resourceslices', [
      [
        'a device',
        device({ attributes: { model: { string: 'x' } }, capacity: { m: { value: '1Gi' } } }),
        [],
      ],
      [
        'nowhere',
        { spec: { driver: '', pool: { ...pool, generation: -1, resourceSliceCount: 0 } } },
        [
          'spec.driver: Required value',
          'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
          'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
          'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
        ],
      ],
      [
        'everywhere',
        slice({ allNodes: true, perDeviceNodeSelection: false }),
        [
          'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
          'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
        ],
      ],
      [
        'attributes',
        device({
          attributes: {
            'a-b': { bool: true },
            none: {},
            two: { int: 1, string: 'x' },
            version: { version: '1.2' },
          },
        }),
        [
          `${at}.attributes: Invalid value: "a-b": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')`,
          `${at}.attributes[none]: Invalid value: "": exactly one value must be specified`,
          `${at}.attributes[two]: Invalid value: {"IntValue":1,"BoolValue":null,"StringValue":"x","VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified`,
          `${at}.attributes[version].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0`,
        ],
      ],
      [
        'places of a device',
        device({ nodeName: 'n' }),
        [
          `${at}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
        ],
      ],
      [
        'taints, counters, conditions',
        device({
          taints: [{ key: '', effect: 'Never' }],
          consumesCounters: [{ counterSet: 's', counters: {} }],
          bindingConditions: ['a'],
        }),
        [
          `${at}.taints[0].key: Invalid value: "": name part must be non-empty`,
          `${at}.taints[0].key: Invalid value: "": ${QUALIFIED}`,
          `${at}.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
          `${at}.consumesCounters[0].counters: Required value`,
          `${at}.bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions`,
        ],
      ],
      [
        'shared capacity',
        device({
          allowMultipleAllocations: true,
          capacity: {
            a: { value: '10', requestPolicy: { validValues: ['4', '2'] } },
            b: { value: '10', requestPolicy: { default: '3', validValues: ['4', '2', '20'] } },
            c: {
              value: '10',
              requestPolicy: { default: '1', validRange: { min: '2', max: '11', step: '2' } },
            },
          },
        }),
        [
          `${at}.capacity[a].requestPolicy.default: Required value: required when validValues is defined`,
          `${at}.capacity[b].requestPolicy.validValues[1]: Invalid value: "2": values must be sorted in ascending order`,
          `${at}.capacity[b].requestPolicy.validValues[2]: Invalid value: "20": option is larger than capacity value: 10`,
          `${at}.capacity[b].requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
          `${at}.capacity[c].requestPolicy.validRange.min: Invalid value: "1": default is less than min: 2`,
          `${at}.capacity[c].requestPolicy.validRange.max: Invalid value: "11": max is larger than capacity value: 10`,
          `${at}.capacity[c].requestPolicy.validRange.step: Invalid value: "1": value is not a multiple of a given step (2) from (2)`,
          `${at}.capacity[c].requestPolicy.validRange.step: Invalid value: "11": value is not a multiple of a given step (2) from (2)`,
        ],
      ],
      [
        'devices and counters',
        slice({
          devices: [{ name: 'a' }],
          sharedCounters: [{ name: '', counters: { a: { value: '1' } } }],
        }),
        [
          'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
          'spec.sharedCounters[0].name: Required value',
        ],
      ],
    ]),
  )
  t.strictSame(updateFaults('resourceslices', slice({}), slice({ driver: 'e', nodeName: 'm' })), [
    'spec.driver: Invalid value: "e": field is immutable',
    'spec.nodeName: Invalid value: "m": field is immutable',
  ])
})

void t.test('classes and taint rules', async t => {
  runCases(t, [
    ['a class', 'deviceclasses', { spec: { extendedResourceName: 'a.io/gpu' } }, []],
    [
      'a name of the project',
      'deviceclasses',
      { spec: { extendedResourceName: 'kubernetes.io/gpu' } },
      [
        'spec.extendedResourceName: Invalid value: "kubernetes.io/gpu": must be a valid extended resource name',
      ],
    ],
    [
      'a taint of nothing',
      'devicetaintrules',
      { spec: { deviceSelector: { pool: '', device: 'A' }, taint: { key: 'k', effect: '' } } },
      [
        'spec.deviceSelector.pool: Required value',
        `spec.deviceSelector.device: Invalid value: "A": ${LABEL}`,
        'spec.taint.effect: Required value',
      ],
    ],
  ])
  const rule = { spec: { taint: { key: 'k', effect: 'None' } } }
  t.strictSame(
    statusFaults('devicetaintrules', rule, {
      ...rule,
      status: { conditions: [{ type: 'A', status: 'Maybe', reason: '-', message: '' }] },
    }).map(fault => fault.split(': ').slice(0, 2).join(': ')),
    [
      'status.conditions[0].status: Unsupported value',
      'status.conditions[0].lastTransitionTime: Required value',
      'status.conditions[0].reason: Invalid value',
    ],
  )
})
