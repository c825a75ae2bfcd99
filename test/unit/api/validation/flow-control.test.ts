/** Rules of the kinds that steer the API server: flow control, API services, migrations; upstream's paths and words. */
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from '#api/flow-control.ts'
import {
  type Case,
  LABEL_1035,
  runCases,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

void t.test('flow schemas', async t => {
  const spec = { priorityLevelConfiguration: { name: 'x' } }
  const rules = (rule: object): object => ({ spec: { ...spec, rules: [rule] } })
  const subjects = [{ kind: 'User', user: { name: 'u' } }]
  const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: ['/x'] }]
  const at = 'spec.rules[0]'
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['a small one', { spec }, []],
    ['a rule', rules({ subjects, nonResourceRules }), []],
    [
      'a precedence of another',
      { spec: { ...spec, matchingPrecedence: 1 } },
      [
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      ],
    ],
    [
      'negative, without level, a strange method',
      {
        spec: {
          matchingPrecedence: -1,
          priorityLevelConfiguration: { name: '' },
          distinguisherMethod: { type: 'X' },
        },
      },
      [
        'spec.matchingPrecedence: Invalid value: -1: must be a positive value',
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"X"}: supported values: "ByNamespace", "ByUser"',
        'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
      ],
    ],
    [
      'an empty rule',
      rules({ subjects: [] }),
      [
        `${at}.subjects: Required value: subjects must contain at least one value`,
        `${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`,
      ],
    ],
    [
      'subjects of the wrong kind',
      rules({
        subjects: [
          { kind: 'X' },
          { kind: 'User', group: { name: 'g' } },
          { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } },
        ],
        nonResourceRules,
      }),
      [
        `${at}.subjects[0].kind: Unsupported value: "X": supported values: "Group", "ServiceAccount", "User"`,
        `${at}.subjects[1].user: Required value: user is required when subject kind is 'User'`,
        `${at}.subjects[1].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
        `${at}.subjects[2].serviceAccount.namespace: Required value: must specify namespace for service account`,
      ],
    ],
    [
      'rules that say too little or too much',
      rules({
        subjects,
        resourceRules: [{ verbs: ['*', 'get'], apiGroups: [], resources: ['*', 'a'] }],
        nonResourceRules: [{ verbs: ['fly'], nonResourceURLs: ['x', '/a b', '/a//b', '/a*'] }],
      }),
      [
        `${at}.resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
        `${at}.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group`,
        `${at}.resourceRules[0].resources: Invalid value: ["*","a"]: if '*' is present, must not specify other resources`,
        `${at}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
        `${at}.nonResourceRules[0].verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"`,
        `${at}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash`,
        `${at}.nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a b": must not contain white-space`,
        `${at}.nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a//b": must not contain double slash`,
        `${at}.nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/a*": wildcard can only do suffix matching`,
      ],
    ],
  ]
  runCases(
    t,
    cases.map(([name, fields, faults]): Case => [name, 'flowschemas', fields, faults]),
  )
  const changed = { metadata: { name: 'catch-all' }, spec: { ...spec, matchingPrecedence: 10000 } }
  t.match(updateFaults('flowschemas', changed, changed), [
    /^spec: Invalid value: .*: spec of 'catch-all' must equal the fixed value$/,
  ])
})

void t.test('priority levels', async t => {
  const limited = (fields: object): object => ({
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...fields } },
  })
  const queued = (queuing: object | undefined): object =>
    limited({ limitResponse: { type: 'Queue', ...(queuing === undefined ? {} : { queuing }) } })
  const at = 'spec.limited'
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['limited', limited({}), []],
    ['queued', queued({}), []],
    [
      'exempt by another name',
      { spec: { type: 'Exempt', limited: { limitResponse: { type: 'Reject' } } } },
      [
        "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
        'spec.limited: Forbidden: must be nil if the type is not Limited',
      ],
    ],
    [
      'limited by nothing',
      { spec: { type: 'Limited', exempt: {} } },
      [
        'spec.exempt: Forbidden: must be nil if the type is Limited',
        'spec.limited: Required value: must not be empty when type is Limited',
      ],
    ],
    [
      'shares and percents',
      limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }),
      [
        `${at}.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer`,
        `${at}.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive`,
        `${at}.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer`,
      ],
    ],
    [
      'a queue without queues',
      queued(undefined),
      [
        `${at}.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited`,
      ],
    ],
    [
      'a hand that is too large',
      queued({ queues: 7, handSize: 8 }),
      [
        `${at}.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (7)`,
      ],
    ],
    [
      'too many bits',
      queued({ queues: 512, handSize: 8 }),
      [
        `${at}.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60`,
      ],
    ],
  ]
  runCases(
    t,
    cases.map(
      ([name, fields, faults]): Case => [name, 'prioritylevelconfigurations', fields, faults],
    ),
  )
})

void t.test('what every cluster has is valid as it is', async t => {
  runCases(t, [
    ...PRIORITY_LEVELS.map(
      ({ metadata, spec }): Case => [
        `level ${metadata.name}`,
        'prioritylevelconfigurations',
        { metadata, spec },
        [],
      ],
    ),
    ...FLOW_SCHEMAS.map(
      ({ metadata, spec }): Case => [
        `schema ${metadata.name}`,
        'flowschemas',
        { metadata, spec },
        [],
      ],
    ),
  ])
})

void t.test('API services and migrations', async t => {
  const spec = { group: 'a.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 }
  const metadata = { name: 'v1.a.io' }
  const service = { namespace: 'n', name: 's' }
  runCases(t, [
    ['local', 'apiservices', { metadata, spec }, []],
    ['served by another', 'apiservices', { metadata, spec: { ...spec, service } }, []],
    [
      'another name, priorities',
      'apiservices',
      { spec: { ...spec, groupPriorityMinimum: 0, versionPriority: 1001 } },
      [
        'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.a.io"',
        'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
      ],
    ],
    [
      'local and with trust',
      'apiservices',
      { metadata, spec: { ...spec, caBundle: 'YWJj', insecureSkipTLSVerify: true } },
      [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'half a service',
      'apiservices',
      {
        metadata,
        spec: { ...spec, service: { port: 0 }, caBundle: 'YQ==', insecureSkipTLSVerify: true },
      },
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
        'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
      ],
    ],
    [
      'a migration',
      'storageversionmigrations',
      { spec: { resource: { group: '', resource: 'r' } } },
      [],
    ],
    [
      'of nothing',
      'storageversionmigrations',
      { spec: { resource: { group: '', resource: '' } } },
      ['spec.resource.resource: Required value: resource is required to be set'],
    ],
    [
      'of wrong names',
      'storageversionmigrations',
      { spec: { resource: { group: 'A_B', resource: 'R' } } },
      [
        `spec.resource.resource: Invalid value: "R": ${LABEL_1035}`,
        `spec.resource.group: Invalid value: "A_B": ${SUBDOMAIN}`,
      ],
    ],
  ])
  t.strictSame(
    updateFaults(
      'storageversionmigrations',
      { spec: { resource: { group: '', resource: 'r' } } },
      { spec: { resource: { group: 'g', resource: 's' } } },
    ),
    ['spec: Invalid value: {"Resource":{"group":"g","resource":"s"}}: field is immutable'],
  )
})
