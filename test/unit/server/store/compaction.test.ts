/** Which revision to compact to: by age, by count, by the hard bound; and the shell that does it once a minute. */
import t from 'tap'
import { planCompaction, retiredRevision } from '#server/store/compaction.ts'

const policy = { keepMs: 300_000, keepRevisions: 1000, maxRevisions: 50_000 }
const old = [
  { atMs: 0, revision: 5000 },
  { atMs: 100_000, revision: 9000 },
  { atMs: 900_000, revision: 20_000 },
]

const cases = [
  { name: 'keeps what is young', nowMs: 200_000, revision: 20_000, compacted: 0, to: undefined },
  {
    name: 'forgets what is older than asked',
    nowMs: 350_000,
    revision: 20_000,
    compacted: 0,
    to: 5000,
  },
  { name: 'takes the newest old sample', nowMs: 400_000, revision: 20_000, compacted: 0, to: 9000 },
  {
    name: 'keeps the last few whatever their age',
    nowMs: 400_000,
    revision: 9500,
    compacted: 0,
    to: 8500,
  },
  { name: 'keeps no more than the bound', nowMs: 1, revision: 80_000, compacted: 0, to: 30_000 },
  {
    name: 'waits until it is worth while',
    nowMs: 400_000,
    revision: 20_000,
    compacted: 8800,
    to: undefined,
  },
]

for (const { name, nowMs, revision, compacted, to } of cases) {
  void t.test(name, async t => {
    t.equal(planCompaction(policy, old, { nowMs, revision, compactedRevision: compacted }), to)
  })
}

void t.test('what is as old as history is kept for can no longer be listed', async t => {
  t.equal(retiredRevision(policy, old, 299_999), undefined)
  t.equal(retiredRevision(policy, old, 300_000), 5000, 'however few came after it')
  t.equal(retiredRevision(policy, old, 1_200_000), 20_000)
})
