/** Texts against Go's regular expressions, in linear time; and against the formats that schemas know. */
import t from 'tap'
import { parseCron } from '#api/cron.ts'
import { checkedDuration } from '#api/schema/canonical.ts'
import { goRegexpFault } from '#api/validation/go-regexp.ts'
import { matcherOf } from '#api/validation/go-regexp-matcher.ts'
import { formatCheck } from '#api/validation/value-formats.ts'

const matches = (pattern: string, text: string): boolean => {
  const matcher = matcherOf(pattern)
  if (matcher === undefined) throw new Error(`${pattern} is too large`)
  return matcher.matches(text)
}

/** What is Go's own, or easily got wrong. */
const known: readonly (readonly [
  pattern: string,
  yes: readonly string[],
  no: readonly string[],
])[] = [
  ['', ['', 'a'], []],
  ['b', ['abc'], ['ac', '']],
  ['^$', [''], ['a']],
  ['^*a|$+b', ['a'], ['b']],
  ['(?i)straße', ['STRAßE'], ['strasse']],
  ['(?i)[k-m]x', ['LX'], ['nx']],
  ['(?i:a)b', ['Ab'], ['AB']],
  ['a(?i)b(?-i)c', ['aBc'], ['aBC', 'ABc']],
  ['(?m)^b$', ['a\nb\nc'], ['ab']],
  ['^b$', [], ['a\nb']],
  ['(?s)a.b', ['a\nb'], []],
  ['a.b', ['a😀b', 'axb'], ['a\nb']],
  [String.raw`\Ab\z`, ['b'], ['b\n', 'ab']],
  [String.raw`\bfoo\b`, ['a foo b', 'foo'], ['food', 'afoo']],
  [String.raw`\Bo`, ['boo'], ['o b']],
  [String.raw`^\Qa.b*\E+$`, ['a.b**'], ['axb*']],
  [String.raw`^\Q(`, ['('], ['x']],
  [String.raw`^[\d\-x]+$`, ['1-x'], ['y']],
  [String.raw`^[^\s]+$`, ['a\u00a0b'], ['a b']],
  [String.raw`^\S\W\D$`, ['a-b', '😀é€'], ['a1b', 'ab1']],
  ['^[[:alpha:][:digit:]_]+$', ['aZ_9'], ['é', '-']],
  ['^[[:^alpha:]]$', ['9', 'é'], ['a']],
  [String.raw`^\pL\p{Greek}\P{Lu}\p{^Lu}$`, ['éαaa'], ['aaaa', 'éαAa']],
  [String.raw`^\x41\x{1F600}\101\a$`, ['A😀A\u0007'], ['A😀A']],
  ['^[]a]+$', [']a'], ['b']],
  ['^[^]a]$', ['b'], [']', 'a']],
  ['^[a-]+$', ['-a'], ['b']],
  ['^(?P<n>a)(?<m>b)(?:c)$', ['abc'], ['ab']],
  ['^a{2}b{1,2}c{2,}d{0}e??$', ['aabcc', 'aabbcccce'], ['abcc', 'aabccd', 'aabbbcc']],
  ['^x{,3}$', ['x{,3}'], ['xx']],
  ['^(a|ab)(c|bcd)(d*)$', ['abcd', 'acd'], ['abd']],
  ['(|a)+$', ['', 'b'], []],
  ['^(a*)*$', ['', 'aaa'], ['b']],
]

void t.test('patterns', async t => {
  for (const [pattern, yes, no] of known) {
    t.equal(goRegexpFault(pattern), undefined, pattern)
    for (const text of yes) t.equal(matches(pattern, text), true, `${pattern} ${text}`)
    for (const text of no) t.equal(matches(pattern, text), false, `${pattern} ${text}`)
  }
})

/** Always the same numbers below `most`. */
function numbers(seed: number): (most: number) => number {
  let state = seed
  return most => {
    state = (state * 48_271) % 0x7f_ff_ff_ff
    return state % most
  }
}

const ATOMS = ['a', 'b', 'c', '.', '[ab]', '[^a]', String.raw`\w`, String.raw`\d`, '[a-c1]']
const AGAIN = ['', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,1}', '*?', '{2,}']
const EDGES = ['^', '$', String.raw`\b`, String.raw`\B`]

function randomPattern(below: (most: number) => number, depth: number): string {
  const pick = (list: readonly string[]): string => list[below(list.length)] ?? ''
  const part = (): string => {
    const kind = below(8)
    if (kind === 0) return pick(EDGES)
    if (kind < 3 && depth > 0) return `(?:${randomPattern(below, depth - 1)})${pick(AGAIN)}`
    return `${pick(ATOMS)}${pick(AGAIN)}`
  }
  const parts = Array.from({ length: 1 + below(4) }, part).join('')
  return below(4) === 0 ? `${parts}|${part()}` : parts
}

void t.test('as JavaScript has it, where both mean the same', async t => {
  const below = numbers(7)
  const texts = Array.from({ length: 30 }, () =>
    Array.from({ length: below(7) }, () => 'aabbc1 \n'[below(8)] ?? '').join(''),
  )
  const wrong: string[] = []
  for (let round = 0; round < 500; round++) {
    const pattern = randomPattern(below, 2)
    const [ours, theirs] = [matcherOf(pattern), new RegExp(pattern, 'u')]
    const differs = texts.filter(text => ours?.matches(text) !== theirs.test(text))
    wrong.push(...differs.map(text => `${pattern} ${JSON.stringify(text)}`))
  }
  t.same(wrong, [])
})

void t.test('in linear time', async t => {
  const long = 'a'.repeat(200_000)
  const started = performance.now()
  t.equal(matches('^(a+)+$', `${long}!`), false)
  t.equal(matches('^(a|a)*(a|aa)+$', `${long}!`), false)
  t.equal(matches('(.*)*x', long), false)
  t.equal(matches('^(.*a){20}$', long), true)
  t.equal(matches('(a|b)*a(a|b){500}c', 'ab'.repeat(100_000)), false, 'or gives up')
  t.ok(performance.now() - started < 5000)
  t.equal(matcherOf('((a{1000}){1000}){1000}'), undefined)
  t.equal(
    goRegexpFault(String.raw`\p{Nobody}`),
    'error parsing regexp: invalid character class range: `\\p{Nobody}`',
  )
})

const formats: readonly (readonly [string, yes: readonly string[], no: readonly string[]])[] = [
  [
    'uri',
    ['/a', 'http://[::1]:80/', 'mailto:a', 'a:b', '*'],
    ['', 'a', '?a', 'http://a b/', 'http://a:b/', '/%zz', 'a\u0000:'],
  ],
  ['email', ['a.b+c@d', 'A B <a@b.c>', '"a b"@c'], ['a', '@b', 'a@b@c', '<a@b', 'a..b@c']],
  ['hostname', ['a', 'a-b.example.com', '1a.de'], ['', '-a', 'a.b', `${'a'.repeat(64)}.com`]],
  ['ipv4', ['1.2.3.4', '01.2.3.4', '::ffff:1.2.3.4'], ['1.2.3', '::1']],
  ['ipv6', ['::1', '::ffff:1.2.3.4'], ['1.2.3.4', 'fe80::1%eth0', '']],
  [
    'mac',
    ['0123.4567.89ab', '01-23-45-67-89-ab-cd-ef'],
    ['01:23:45:67:89', '01:23-45:67-89:ab', ''],
  ],
  ['byte', ['YQ==', 'YWI='], ['', 'YQ=', 'YQ', '====', 'Y Q=']],
  ['date', ['2024-02-29', '2000-02-29'], ['1900-02-29', '2024-2-9', '2024-13-01', '']],
  [
    'datetime',
    ['2024-01-01t00:00:00+01:00', '2024-01-01T23:59:59.123Z'],
    ['2024-01-01', '2024-01-01T24:00:00Z', ''],
  ],
  ['duration', ['1h2m', '-1.5s', '3 days', '0', '1d 2 hours'], ['', 'h', '1 x', '1']],
  ['creditcard', ['4111-1111-1111-1111'], ['4111111111111112', '']],
  ['isbn', ['080442957X', '978-0-306-40615-7'], ['0804429570', '']],
]

void t.test('formats', async t => {
  for (const [format, yes, no] of formats) {
    const check = formatCheck(format)
    for (const text of yes) t.equal(check?.(text), true, `${format} ${text}`)
    for (const text of no) t.equal(check?.(text), false, `${format} ${text}`)
  }
  t.equal(formatCheck('date-time'), formatCheck('datetime'))
  t.equal(formatCheck('unheard-of'), undefined)
  const long = '1'.repeat(300_001)
  const started = performance.now()
  t.throws(() => checkedDuration(long), { message: /missing unit/ })
  t.throws(() => parseCron(`@every ${long}`), { message: /invalid duration/ })
  for (const [format] of formats) t.equal(formatCheck(format)?.(long), false, format)
  t.ok(performance.now() - started < 2000, 'in linear time')
})
