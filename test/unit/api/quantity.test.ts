/** Quantities: canonical text, arithmetic and refusals, as upstream's quantity_test.go describes them. */
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  QUANTITY_FORMAT_ERROR,
  quantityMillis,
  quantityOfMillis,
  quantityOfValue,
  quantityValue,
} from '#api/quantity.ts'
import { seededRandom } from '#base/random.ts'
import t from 'tap'

const canonical: readonly (readonly [string | number, string])[] = [
  ['0', '0'],
  ['0.000', '0'],
  ['0Ki', '0'],
  ['0.5', '500m'],
  [0.5, '500m'],
  ['.5', '500m'],
  ['1.', '1'],
  ['+1', '1'],
  ['-1', '-1'],
  ['100m', '100m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['300Mi', '300Mi'],
  ['1Ki', '1Ki'],
  ['1023', '1023'],
  ['0.5Ki', '512'],
  ['1024', '1024'],
  ['1000', '1k'],
  ['1500', '1500'],
  ['1000000', '1M'],
  ['1.01E', '1010P'],
  ['1e3', '1e3'],
  ['1E3', '1e3'],
  ['1.5e3', '1500'],
  ['100e3', '100e3'],
  ['1e-3', '1e-3'],
  ['1000000e-3', '1e3'],
  ['0.0001n', '1n'],
  ['-0.0001n', '-1n'],
  ['0.1Ki', '102400m'],
  ['0.0001Ki', '102400u'],
  ['8Ei', '9223372036854775807'],
  ['2000E', '2000E'],
  ['4194304Ki', '4Gi'],
  [' 5 ', '5'],
]

void t.test('canonical text', async t => {
  for (const [input, expected] of canonical) {
    t.equal(canonicalQuantity(input), expected, JSON.stringify(input))
  }
})

void t.test('refuses what is no quantity, with upstream text', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['', QUANTITY_FORMAT_ERROR],
    ['abc', QUANTITY_FORMAT_ERROR],
    ['1.1.1', QUANTITY_FORMAT_ERROR],
    ['1 Mi', QUANTITY_FORMAT_ERROR],
    ['1+-1', QUANTITY_FORMAT_ERROR],
    ['m', 'unable to parse numeric part of quantity'],
    ['.', 'unable to parse numeric part of quantity'],
    ['1Mim', "unable to parse quantity's suffix"],
    ['1K', "unable to parse quantity's suffix"],
    ['1e99999', "unable to parse quantity's suffix"],
    ['1-1', "unable to parse quantity's suffix"],
  ]
  for (const [input, message] of cases) {
    t.throws(() => canonicalQuantity(input), { message }, JSON.stringify(input))
  }
})

void t.test('compares, adds', async t => {
  t.equal(compareQuantities('1', '1000m'), 0)
  t.equal(compareQuantities('1Gi', '1G'), 1)
  t.equal(compareQuantities('-1', '0'), -1)
  t.equal(addQuantities('100m', '0.9'), '1')
  t.equal(addQuantities('0', '1Gi'), '1Gi')
  t.equal(addQuantities('512Mi', '512Mi'), '1Gi')
})

void t.test('rounds to whole units and thousandths', async t => {
  t.equal(quantityMillis('0.5'), 500)
  t.equal(quantityMillis('1u'), 1)
  t.equal(quantityValue('1500m'), 2)
  t.equal(quantityValue('-1500m'), -2)
  t.equal(quantityValue('1Gi'), 1_073_741_824)
  t.equal(quantityOfMillis(1500), '1500m')
  t.equal(quantityOfMillis(2000), '2')
  t.equal(quantityOfValue(1_073_741_824, 'BinarySI'), '1Gi')
  t.equal(quantityOfValue(110), '110')
})

void t.test('law: canonical text is a fixed point and keeps the value', async t => {
  const random = seededRandom(7)
  const suffixes = [
    '',
    'n',
    'u',
    'm',
    'k',
    'M',
    'G',
    'T',
    'Ki',
    'Mi',
    'Gi',
    'Ti',
    'e3',
    'e-2',
    'E2',
  ]
  for (let round = 0; round < 2000; round += 1) {
    const digits = Math.floor(random.float() * 10 ** Math.ceil(random.float() * 8))
    const fraction = random.float() < 0.4 ? `.${Math.floor(random.float() * 1000)}` : ''
    const suffix = suffixes[Math.floor(random.float() * suffixes.length)] ?? ''
    const text = `${random.float() < 0.1 ? '-' : ''}${digits}${fraction}${suffix}`
    const once = canonicalQuantity(text)
    if (canonicalQuantity(once) !== once || compareQuantities(text, once) !== 0) {
      t.fail(`seed 7 round ${round}: ${text} -> ${once} -> ${canonicalQuantity(once)}`)
    }
    if (compareQuantities(addQuantities(addQuantities(text, '-3m'), '3m'), text) !== 0) {
      t.fail(`seed 7 round ${round}: ${text} - 3m + 3m`)
    }
  }
  t.pass('2000 rounds')
})
