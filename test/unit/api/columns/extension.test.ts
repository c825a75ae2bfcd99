/** Rows of the kinds that extend or steer the API server, of device resources, and of old policies. */
import { cellsOf, columnsOf } from '#api/columns/table.ts'
import { build, resourceNamed } from '#test/support/validation-cases.ts'
import t from 'tap'

const NOW = Date.parse('2026-01-02T12:00:00Z')

const rowOf = (plural: string, fields: object): string => {
  const { metadata, ...rest } = { metadata: {}, ...fields }
  const created = { creationTimestamp: '2026-01-02T11:00:00Z', ...metadata }
  return cellsOf(resourceNamed(plural), build(plural, { ...rest, metadata: created }), NOW).join(
    '|',
  )
}

const ROWS: readonly (readonly [plural: string, fields: object, columns: string, row: string])[] = [
  [
    'apiservices',
    { status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] } },
    'Name|Service|Available|Age',
    'x|Local|True|60m',
  ],
  [
    'apiservices',
    {
      spec: { service: { namespace: 'n', name: 's' } },
      status: { conditions: [{ type: 'Available', status: 'False', reason: 'Missing' }] },
    },
    'Name|Service|Available|Age',
    'x|n/s|False (Missing)|60m',
  ],
  [
    'flowschemas',
    { spec: { priorityLevelConfiguration: { name: 'l' } } },
    'Name|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL',
    'x|l|1000|<none>|60m|?',
  ],
  [
    'prioritylevelconfigurations',
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } },
    'Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age',
    'x|Limited|30|64|8|50|60m',
  ],
  [
    'prioritylevelconfigurations',
    { spec: { type: 'Exempt' } },
    'Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age',
    'x|Exempt|<none>|<none>|<none>|<none>|60m',
  ],
  ['validatingwebhookconfigurations', {}, 'Name|Webhooks|Age', 'x|0|60m'],
  [
    'validatingadmissionpolicies',
    { spec: { paramKind: { apiVersion: 'a/v1', kind: 'K' }, validations: [{ expression: 'x' }] } },
    'Name|Validations|ParamKind|Age',
    'x|1|a/v1/K|60m',
  ],
  [
    'mutatingadmissionpolicies',
    { spec: { mutations: [{ patchType: 'JSONPatch' }] } },
    'Name|Mutations|ParamKind|Age',
    'x|1|<unset>|60m',
  ],
  [
    'validatingadmissionpolicybindings',
    { spec: { policyName: 'p', paramRef: { name: 'o' }, validationActions: ['Deny'] } },
    'Name|PolicyName|ParamRef|Age',
    'x|p|*/o|60m',
  ],
  [
    'mutatingadmissionpolicybindings',
    { spec: { policyName: 'p', paramRef: { selector: { matchLabels: { a: 'b' } } } } },
    'Name|PolicyName|ParamRef|Age',
    'x|p|&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}|60m',
  ],
  ['deviceclasses', { spec: {} }, 'Name|Age', 'x|60m'],
  ['resourceclaims', { spec: {} }, 'Name|State|Age', 'x|pending|60m'],
  [
    'resourceclaims',
    {
      metadata: { deletionTimestamp: '2026-01-02T11:30:00Z' },
      spec: {},
      status: { allocation: {}, reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] },
    },
    'Name|State|Age',
    'x|deleted,allocated,reserved|60m',
  ],
  ['resourceclaimtemplates', { spec: { spec: {} } }, 'Name|Age', 'x|60m'],
  [
    'podsecuritypolicies',
    {
      spec: {
        privileged: true,
        allowedCapabilities: ['NET_ADMIN', 'SYS_TIME'],
        volumes: ['configMap', 'secret'],
        seLinux: { rule: 'RunAsAny' },
        runAsUser: { rule: 'MustRunAsNonRoot' },
        fsGroup: { rule: 'MustRunAs' },
        supplementalGroups: { rule: 'RunAsAny' },
      },
    },
    'Name|Priv|Caps|SELinux|RunAsUser|FsGroup|SupGroup|ReadOnlyRootFs|Volumes',
    'x|true|NET_ADMIN,SYS_TIME|RunAsAny|MustRunAsNonRoot|MustRunAs|RunAsAny|false|configMap,secret',
  ],
  [
    'resourceslices',
    { spec: { driver: 'd', nodeName: 'n', pool: { name: 'p' } } },
    'Name|Node|Driver|Pool|Age',
    'x|n|d|p|60m',
  ],
]

void t.test('columns and rows', async t => {
  for (const [plural, fields, columns, row] of ROWS) {
    const names = columnsOf(resourceNamed(plural)).map(({ name }) => name)
    t.equal(names.join('|'), columns, plural)
    t.equal(rowOf(plural, fields), row, plural)
  }
})
