/** Label and field selectors: what they match, how they print, and upstream's words for what they refuse. */
import { fieldValues, resolveFieldSelector, supportedFields } from '#api/selectable-fields.ts'
import {
  everyLabel,
  formatLabelSelector,
  type LabelSelectorObject,
  labelSelectorFromSet,
  labelSelectorOf,
  parseFieldSelector,
  parseLabelSelector,
} from '#api/selectors.ts'
import t from 'tap'

void t.test('label selectors match as upstream', async t => {
  const cases: readonly (readonly [string, Record<string, string> | undefined, boolean])[] = [
    ['', { a: 'b' }, true],
    ['', undefined, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'b' }, true],
    ['a=b', { a: 'c' }, false],
    ['a=b', undefined, false],
    ['a=', { a: '' }, true],
    ['a=,b', { a: '', b: 'x' }, true],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a in (b,c)', { a: 'c' }, true],
    ['a in (b, c)', { a: 'd' }, false],
    ['a in (,b)', { a: '' }, true],
    ['a notin (b,c)', {}, true],
    ['a notin (b,c)', { a: 'b' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    [' ! a , b', { b: '' }, true],
    ['constructor', {}, false],
    ['a>1', { a: '2' }, true],
    ['a>1', { a: 'x' }, false],
    ['a<1', { a: '0' }, true],
    ['x.io/a=b,c', { 'x.io/a': 'b', c: '' }, true],
  ]
  for (const [text, labels, expected] of cases) {
    t.equal(
      parseLabelSelector(text).matches(labels),
      expected,
      `${text} on ${JSON.stringify(labels)}`,
    )
  }
})

void t.test('label selectors are refused in upstream words', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!=a', "found '!=', expected: !, identifier, or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    [
      'a in ()',
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      'a=-b',
      "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
    [
      '-a',
      "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ]
  for (const [text, message] of cases) {
    t.throws(() => parseLabelSelector(text), { message, reason: 'BadRequest' }, text)
  }
})

void t.test('selectors of specs', async t => {
  const cases: readonly (readonly [
    LabelSelectorObject | undefined,
    Record<string, string>,
    boolean,
    string,
  ])[] = [
    [undefined, {}, false, ''],
    [{}, {}, true, ''],
    [{ matchLabels: { b: '1', a: '2' } }, { a: '2', b: '1' }, true, 'a=2,b=1'],
    [
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] },
      { a: 'x' },
      true,
      'a in (x,y)',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] },
      { a: 'x' },
      false,
      'a notin (x)',
    ],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }, true, 'a'],
    [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, { a: '' }, false, '!a'],
  ]
  for (const [object, labels, expected, text] of cases) {
    const selector = labelSelectorOf(object)
    t.equal(selector.matches(labels), expected)
    t.equal(formatLabelSelector(selector), text)
  }
  t.throws(() => labelSelectorOf({ matchExpressions: [{ key: 'a', operator: 'Near' }] }), {
    message: '"Near" is not a valid label selector operator',
  })
  t.equal(formatLabelSelector(parseLabelSelector('b>3,a=x')), 'a=x,b>3')
  t.equal(labelSelectorFromSet({ a: 'b' }).matches({ a: 'b', c: 'd' }), true)
  t.equal(everyLabel.matches(undefined), true)
})

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running', podIP: '10.42.0.2' },
}

void t.test('field selectors', async t => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web,status.phase!=Running', false],
    ['spec.host=n1', true],
    ['spec.hostNetwork=false', true],
    ['status.podIPs=10.42.0.2', true],
    ['status.nominatedNodeName=', true],
    ['metadata.name=a\\,b\\=c\\\\', false],
  ]
  for (const [text, expected] of cases) {
    const selector = resolveFieldSelector('pods', parseFieldSelector(text))
    t.equal(selector.matches(fieldValues('pods', pod)), expected, text)
  }
  t.equal(parseFieldSelector('a=b\\,c\\=\\\\').requirements[0]?.value, 'b,c=\\')
})

void t.test('field selectors are refused in upstream words', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: ='],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
  ]
  for (const [text, message] of cases) {
    t.throws(() => parseFieldSelector(text), { message, reason: 'BadRequest' }, text)
  }
  t.throws(() => resolveFieldSelector('pods', parseFieldSelector('spec.x=1')), {
    message: 'field label not supported: spec.x',
  })
  t.throws(() => resolveFieldSelector('configmaps', parseFieldSelector('data=1')), {
    message: '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
  })
  t.same(supportedFields('secrets'), ['metadata.name', 'metadata.namespace', 'type'])
})

void t.test('events can be selected through both groups', async t => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'web' },
    source: { component: 'kubelet' },
    reason: 'Pulled',
  }
  for (const [group, text] of [
    ['events', 'involvedObject.name=web,source=kubelet'],
    ['events.events.k8s.io', 'regarding.name=web,reason=Pulled'],
  ] as const) {
    t.ok(resolveFieldSelector(group, parseFieldSelector(text)).matches(fieldValues(group, event)))
  }
  t.equal(fieldValues('nodes', pod)('spec.unschedulable'), 'false')
  t.equal(fieldValues('replicationcontrollers', pod)('status.replicas'), '0')
})
