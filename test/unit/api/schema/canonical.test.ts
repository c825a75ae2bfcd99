/** Canonical forms of scalars. */
import t from 'tap'
import {
  canonicalBase64,
  canonicalMicroTime,
  canonicalQuantityOf,
  canonicalTime,
  checkedDuration,
  ScalarFault,
} from '#api/schema/canonical.ts'

const outcome = (action: () => string): string => {
  try {
    return action()
  } catch (error) {
    if (error instanceof ScalarFault) return `fault: ${error.message}`
    throw error
  }
}

const tables: readonly {
  name: string
  canonical: (text: string) => string
  rows: readonly (readonly [text: string, expected: string])[]
}[] = [
  {
    name: 'time',
    canonical: canonicalTime,
    rows: [
      ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
      ['2024-01-31T23:30:00.5-01:00', '2024-02-01T00:30:00Z'],
      ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
      ['2023-02-29T00:00:00Z', 'fault: parsing time "2023-02-29T00:00:00Z": day out of range'],
      ['2024-01-01T24:00:00Z', 'fault: parsing time "2024-01-01T24:00:00Z": hour out of range'],
      [
        'today',
        'fault: parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"',
      ],
      [
        '2024-01-01 00:00:00+00:00',
        'fault: parsing time "2024-01-01 00:00:00+00:00" as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00+00:00" as "T"',
      ],
      [
        '2024-01-01',
        'fault: parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
      ],
      [
        '2024-01-01T00:00:00+0000',
        'fault: parsing time "2024-01-01T00:00:00+0000" as "2006-01-02T15:04:05Z07:00": cannot parse "+0000" as "Z07:00"',
      ],
      ['2024-13-01T00:00:00Z', 'fault: parsing time "2024-13-01T00:00:00Z": month out of range'],
      ['2024-01-01T00:61:00Z', 'fault: parsing time "2024-01-01T00:61:00Z": minute out of range'],
      ['2024-01-01T00:00:00Z!', 'fault: parsing time "2024-01-01T00:00:00Z!": extra text: "!"'],
    ],
  },
  {
    name: 'micro time',
    canonical: canonicalMicroTime,
    rows: [
      ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000000Z'],
      ['2024-01-01T00:00:00.123456789Z', '2024-01-01T00:00:00.123456Z'],
      ['2024-01-01T01:00:00.5+01:00', '2024-01-01T00:00:00.500000Z'],
    ],
  },
  {
    name: 'quantity',
    canonical: canonicalQuantityOf,
    rows: [
      ['100m', '100m'],
      ['1000m', '1'],
      ['1024Mi', '1Gi'],
      ['999Mi', '999Mi'],
      ['0.5', '500m'],
      ['0', '0'],
      ['01', '1'],
    ],
  },
  {
    name: 'base64',
    canonical: canonicalBase64,
    rows: [
      ['', ''],
      ['YQ==', 'YQ=='],
      ['YWJj\nZGVm\n', 'YWJjZGVm'],
      ['YQ', 'fault: illegal base64 data at input byte 0'],
      ['a-b=', 'fault: illegal base64 data at input byte 1'],
    ],
  },
  {
    name: 'duration',
    canonical: checkedDuration,
    rows: [
      ['1h30m', '1h30m'],
      ['0', '0'],
      ['-1.5s', '-1.5s'],
      ['10', 'fault: time: missing unit in duration "10"'],
      ['soon', 'fault: time: invalid duration "soon"'],
    ],
  },
]

for (const { name, canonical, rows } of tables) {
  void t.test(name, async t => {
    for (const [text, expected] of rows)
      t.equal(
        outcome(() => canonical(text)),
        expected,
        text,
      )
  })
}
