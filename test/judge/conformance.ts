/**
 * Kubernetes' own conformance tests (its `e2e.test` program) on a running cluster with a ready node, those of
 * test/fixtures/conformance.tsv:
 *
 *   node test/judge/conformance.ts --e2e /path/of/e2e.test --kubeconfig FILE [TEXT IN THE TITLE]
 *
 * Ends with `N passed, N failed, N unknown`: unknown are titles that this build of the program does not have.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: { e2e: { type: 'string' }, kubeconfig: { type: 'string' } },
  allowPositionals: true,
})
const { e2e, kubeconfig } = values
if (e2e === undefined || kubeconfig === undefined) {
  process.stderr.write(
    'conformance: --e2e and --kubeconfig are needed (see the head of this file)\n',
  )
  process.exit(2)
}

/** Labels at a title's end stand in another order from release to release. */
const bare = (title: string): string =>
  title.replace(/( \[(Conformance|NodeConformance|Slow)\])+$/, '')

const wanted = readFileSync(join(import.meta.dirname, '../fixtures/conformance.tsv'), 'utf8')
  .split('\n')
  .slice(1)
  .map(line => bare(line.split('\t')[1] ?? ''))
  .filter(title => title !== '' && title.includes(positionals[0] ?? ''))

interface Spec {
  readonly ContainerHierarchyTexts?: readonly string[]
  readonly LeafNodeText: string
  readonly LeafNodeType: string
  readonly State: string
  readonly RunTime: number
  readonly Failure?: { readonly Message: string }
}

const directory = mkdtempSync(join(tmpdir(), 'kites-conformance-'))
try {
  const report = join(directory, 'report.json')
  const focus = wanted.map(title => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const child = spawn(
    e2e,
    [
      `--kubeconfig=${kubeconfig}`,
      '--provider=local',
      '--ginkgo.no-color',
      '--ginkgo.timeout=1h',
      `--ginkgo.focus=${focus}`,
      `--ginkgo.json-report=${report}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  await once(child, 'exit')
  // The seam: the program's report, of which only these members are read.
  const [{ SpecReports: specs }]: [{ readonly SpecReports: readonly Spec[] }] = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  const ran = new Map(
    specs
      .filter(spec => spec.LeafNodeType === 'It' && spec.State !== 'skipped')
      .map(spec => [
        bare([...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' ')),
        spec,
      ]),
  )
  const count = { passed: 0, failed: 0, unknown: 0 }
  for (const title of wanted) {
    const spec = ran.get(title)
    const outcome = spec === undefined ? 'unknown' : spec.State === 'passed' ? 'passed' : 'failed'
    count[outcome]++
    const seconds = ((spec?.RunTime ?? 0) / 1e9).toFixed(1)
    process.stdout.write(`${outcome} ${seconds.padStart(6)} s  ${title}\n`)
    if (outcome === 'failed') process.stdout.write(`${spec?.Failure?.Message ?? ''}\n`)
  }
  const { passed, failed, unknown } = count
  process.stdout.write(`${passed} passed, ${failed} failed, ${unknown} unknown\n`)
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(directory, { recursive: true, force: true })
}
