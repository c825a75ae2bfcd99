/**
 * test/conformance/README.md answers for every row of upstream's list that is ours: by a file that holds a test of that
 * name, or by the words `not yet: why`. That the named tests ran and passed, test/run.ts checks at its end.
 */
import t from 'tap'
import { existsSync, readFileSync } from 'node:fs'
import { tableRows } from '../conformance/table.ts'

const page = readFileSync('test/conformance/README.md', 'utf8')
const rows = tableRows(page)
const upstream = readFileSync('test/fixtures/conformance.tsv', 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => line.split('\t')[1] ?? '')

void t.test('every row of upstream is answered once', async t => {
  t.ok(upstream.length > 0)
  for (const testname of upstream) {
    t.equal(rows.filter(row => row.testname === testname).length, 1, testname)
  }
})

void t.test('every answer is a test of that name, or says why there is none', async t => {
  for (const { testname, steps, files } of rows) {
    t.ok(steps.length > 0, `${testname}: steps`)
    if (files.length === 0) {
      const line = page.split('\n').find(text => text.includes(testname)) ?? ''
      t.match(line, /not yet: \S+/, testname)
    }
    for (const file of files) {
      t.ok(
        existsSync(file) && readFileSync(file, 'utf8').includes(testname),
        `${testname}: ${file}`,
      )
    }
  }
})
