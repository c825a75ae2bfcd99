/** What may be said about pods later: by their node, and of pods that still wait at a gate. */
import { container, statusFaults, SUBDOMAIN, updateFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const pod = (spec: Fields): Fields => ({ spec: { containers: [container()], ...spec } })
const IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

void t.test('status', async t => {
  const ended = (exitCode: number): Fields => ({
    containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }],
  })
  const running = { containerStatuses: [{ name: 'c', state: { running: {} } }] }
  const refused = [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]
  const cases: readonly [string, string, Fields, Fields, readonly string[]][] = [
    ['starts again', 'Always', ended(0), running, []],
    ['has failed and starts again', 'OnFailure', ended(1), running, []],
    ['was done', 'OnFailure', ended(0), running, refused],
    ['was to run once', 'Never', ended(1), running, refused],
    [
      'says odd things',
      'Always',
      {},
      {
        conditions: [
          { type: 'a b', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
        podIPs: [{ ip: 'x' }],
        nominatedNodeName: 'A',
      },
      [
        "status.conditions[0].Type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        `status.nominatedNodeName: Invalid value: "A": ${SUBDOMAIN}`,
        `status.podIPs[0]: Invalid value: "x": ${IP}`,
      ],
    ],
  ]
  for (const [name, restartPolicy, before, after, faults] of cases) {
    const of = (status: Fields): Fields => ({ ...pod({ restartPolicy }), status })
    t.strictSame(statusFaults('pods', of(before), of(after)), faults, name)
  }
})

void t.test('pods at a gate may only be narrowed', async t => {
  const required = (...terms: readonly Fields[]): Fields => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
      },
    },
  })
  const zone = { key: 'zone', operator: 'Exists' }
  const disk = { key: 'disk', operator: 'Exists' }
  const gated = (spec: Fields): Fields => pod({ schedulingGates: [{ name: 'g' }], ...spec })
  const at =
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const cases: readonly [string, Fields, Fields, readonly string[]][] = [
    ['a label more', { nodeSelector: { a: '1' } }, { nodeSelector: { a: '1', b: '2' } }, []],
    ['affinity that was not there', {}, required({ matchExpressions: [zone] }), []],
    [
      'one expression more',
      required({ matchExpressions: [zone] }),
      required({ matchExpressions: [zone, disk] }),
      [],
    ],
    [
      'another label',
      { nodeSelector: { a: '1' } },
      { nodeSelector: { a: '2' } },
      [
        'spec.nodeSelector: Invalid value: {"a":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
    ],
    [
      'one alternative more',
      required({ matchExpressions: [zone] }),
      required({ matchExpressions: [zone] }, { matchExpressions: [disk] }),
      [
        `${at}: Invalid value: [{"MatchExpressions":[{"Key":"zone","Operator":"Exists","Values":null}],"MatchFields":null},{"MatchExpressions":[{"Key":"disk","Operator":"Exists","Values":null}],"MatchFields":null}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
      ],
    ],
    [
      'another expression',
      required({ matchExpressions: [zone] }),
      required({ matchExpressions: [disk] }),
      [
        `${at}[0]: Invalid value: {"MatchExpressions":[{"Key":"disk","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
      ],
    ],
  ]
  for (const [name, before, after, faults] of cases) {
    t.strictSame(updateFaults('pods', gated(before), gated(after)), faults, name)
  }
  const free = updateFaults('pods', pod({}), pod({ nodeSelector: { a: '1' } }))
  t.match(free, [/^spec: Forbidden: pod updates may not change fields other than /], 'without gate')
})
