/** Name formats: what each accepts, and upstream's words for what it does not. */
import {
  configKeyFaults,
  environmentNameFaults,
  headerNameFaults,
  label1035Faults,
  labelFaults,
  labelValueFaults,
  pathSegmentFaults,
  percentFaults,
  portNameFaults,
  portNumberFaults,
  qualifiedNameFaults,
  subdomainFaults,
  withoutTrailingDash,
} from '#api/names.ts'
import t from 'tap'

const x = (count: number): string => 'x'.repeat(count)

void t.test('accepts', async t => {
  const good: readonly (readonly [(value: string) => readonly string[], readonly string[]])[] = [
    [labelFaults, ['a', '1a', 'a-b', x(63)]],
    [subdomainFaults, ['a', '1.a-b.c', x(253)]],
    [label1035Faults, ['a', 'a1', 'a-b']],
    [qualifiedNameFaults, ['A', 'a_b.c-d', 'x.io/A', `${x(253)}/${x(63)}`]],
    [labelValueFaults, ['', 'A', 'a_b.c-d', x(63)]],
    [configKeyFaults, ['a', '.a', 'A_b-c.d', x(253)]],
    [environmentNameFaults, ['A', '1', 'a b', 'a.b-c']],
    [headerNameFaults, ['X-A']],
    [percentFaults, ['0%', '150%']],
    [portNameFaults, ['a', 'a-1', x(15)]],
    [pathSegmentFaults, ['a', 'system:x', 'A B']],
  ]
  for (const [format, values] of good) {
    for (const value of values) t.same(format(value), [], `${format.name} ${value.slice(0, 20)}`)
  }
  t.same(portNumberFaults(1), [])
})

void t.test('refuses', async t => {
  const bad: readonly (readonly [
    (value: string) => readonly string[],
    string,
    readonly RegExp[],
  ])[] = [
    [labelFaults, 'a.b', [/^must not contain dots$/]],
    [labelFaults, x(64), [/^must be no more than 63 characters$/]],
    [labelFaults, '-a', [/^a lowercase RFC 1123 label must consist of/]],
    [subdomainFaults, 'a..b', [/^a lowercase RFC 1123 subdomain must consist of/]],
    [label1035Faults, '1a', [/^a DNS-1035 label must consist of/]],
    [
      qualifiedNameFaults,
      'a/b/c',
      [/^a valid label key must consist of .* \(e\.g\. 'example\.com\/MyName'\)$/],
    ],
    [qualifiedNameFaults, '/a', [/^prefix part must be non-empty$/]],
    [qualifiedNameFaults, 'A.io/a', [/^prefix part a lowercase RFC 1123 subdomain/]],
    [qualifiedNameFaults, 'a/', [/^name part must be non-empty$/, /^name part must consist of/]],
    [qualifiedNameFaults, x(64), [/^name part must be no more than 63 bytes$/]],
    [labelValueFaults, 'ä', [/^a valid label must be an empty string or consist of/]],
    [labelValueFaults, x(64), [/^must be no more than 63 bytes$/]],
    [configKeyFaults, '', [/^a valid config key must consist of/]],
    [configKeyFaults, '.', [/^must not be '\.'$/]],
    [configKeyFaults, '..', [/^must not be '\.\.'$/]],
    [configKeyFaults, '..a', [/^must not start with '\.\.'$/]],
    [environmentNameFaults, '', [/^environment variable name must be non-empty$/]],
    [environmentNameFaults, 'a=b', [/^a valid environment variable name must consist only of/]],
    [headerNameFaults, 'X A', [/^a valid HTTP header must consist of/]],
    [percentFaults, '5', [/^a valid percent string must be/]],
    [
      portNameFaults,
      '-1--2-',
      [/at least one letter/, /consecutive hyphens/, /begin or end with a hyphen/],
    ],
    [portNameFaults, 'A', [/^must contain only alpha-numeric/, /at least one letter/]],
    [pathSegmentFaults, '..', [/^may not be '\.\.'$/]],
    [pathSegmentFaults, 'a/%', [/^may not contain '\/'$/, /^may not contain '%'$/]],
  ]
  for (const [format, value, expected] of bad) {
    const faults = format(value)
    t.equal(faults.length, expected.length, `${format.name} ${value.slice(0, 20)}`)
    for (const [index, pattern] of expected.entries()) t.match(faults[index], pattern)
  }
  t.same(portNumberFaults(65_536), ['must be between 1 and 65535, inclusive'])
})

void t.test('a prefix is judged as if a suffix followed', async t => {
  t.equal(withoutTrailingDash('web-'), 'wea')
  t.equal(withoutTrailingDash('-'), '-')
  t.equal(withoutTrailingDash('web'), 'web')
})
