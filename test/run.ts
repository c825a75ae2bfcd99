/**
 * Runs the test files level by level, each file in a process of its own with a deadline, and adds up their TAP.
 * The last line of its output is `N passed, N failed`; the exit code says the same.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { tableRows, unmetRows } from './conformance/table.ts'

interface Level {
  readonly name: string
  readonly files: readonly string[]
  /** Files at once: those that start Engines or measure nothing but real time run alone. */
  readonly parallel: number
  readonly deadlineMs: number
  readonly isLong?: boolean
}

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly seconds: number
  readonly output: string
}

const level = (name: string, parallel: number, deadlineSeconds: number): Level => ({
  name,
  files: globSync(`test/${name}/**/*.test.ts`).sort(),
  parallel,
  deadlineMs: deadlineSeconds * 1000,
})

const LEVELS: readonly Level[] = [
  level('tidy', 1, 120),
  level('unit', availableParallelism(), 60),
  level('component', 1, 240),
  level('conformance', 1, 120),
  level('node', 1, 300),
  level('cluster', 1, 420),
  // Whole machines from the package registries: minutes each, so only when named or in test/long.sh.
  { ...level('machine', 1, 2400), isLong: true },
]

/** tap ends each file with `# { total: 4, pass: 3, fail: 1 }`. */
const TOTALS =
  /^# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, todo: (\d+))?(?:, skip: (\d+))?/m
const OUTPUT_KEPT = 2_000_000

function runFile(file: string, deadlineMs: number): Promise<Outcome> {
  const started = performance.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      // tap's own time limit per file is off: the deadline of the level holds.
      env: { ...process.env, TAP_TIMEOUT: '0' },
    })
    let output = ''
    const take = (chunk: Buffer): void => {
      if (output.length < OUTPUT_KEPT) output += chunk.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    let overdue = false
    const timer = setTimeout(() => {
      overdue = true
      // The file leads a process group of its own, so that what it started ends with it.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, deadlineMs)
    child.on('close', code => {
      clearTimeout(timer)
      const seconds = (performance.now() - started) / 1000
      resolve({ file, seconds, ...countOf(output, code, overdue, deadlineMs) })
    })
  })
}

function countOf(
  output: string,
  code: number | null,
  overdue: boolean,
  deadlineMs: number,
): Pick<Outcome, 'passed' | 'failed' | 'output'> {
  const totals = TOTALS.exec(output)
  const passed = Number(totals?.[2] ?? 0)
  // A skip or a todo is an unmet promise here, and a file that dies or counts nothing has failed.
  const unmet = Number(totals?.[3] ?? 0) + Number(totals?.[4] ?? 0) + Number(totals?.[5] ?? 0)
  const failed = unmet > 0 ? unmet : code === 0 && passed > 0 ? 0 : 1
  const why = overdue ? `\nended after ${deadlineMs / 1000} s by its deadline` : ''
  return { passed, failed, output: output + why }
}

async function runLevel({ files, parallel, deadlineMs }: Level): Promise<Outcome[]> {
  const queue = [...files]
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file, deadlineMs)
      outcomes.push(outcome)
      report(outcome)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return outcomes
}

function report({ file, passed, failed, seconds, output }: Outcome): void {
  const mark = failed === 0 ? 'ok    ' : 'FAILED'
  console.log(`${mark} ${file}  ${passed} passed, ${failed} failed  ${seconds.toFixed(1)} s`)
  if (failed > 0) console.log(excerpt(output))
}

/** The failing parts of a TAP stream: each `not ok` with its diagnostics, and the end of the output. */
function excerpt(output: string): string {
  const lines = output.split('\n')
  const shown = lines.flatMap((line, at) =>
    /^\s*not ok/.test(line) ? lines.slice(at, at + 25) : [],
  )
  return [...shown.slice(0, 150), '...', ...lines.slice(-30)].map(line => `    ${line}`).join('\n')
}

const wanted = process.argv.slice(2)
const isLongRun = process.env['KITES_TEST_LONG'] === '1'
const levels = LEVELS.filter(({ name, isLong }) =>
  wanted.length === 0 ? isLongRun || isLong !== true : wanted.includes(name),
)
const outcomes: Outcome[] = []
for (const each of levels) {
  console.log(`== ${each.name}: ${each.files.length} files`)
  outcomes.push(...(await runLevel(each)))
}
const failed = outcomes.filter(outcome => outcome.failed > 0)
if (failed.length > 0)
  console.log(`failed files:\n${failed.map(({ file }) => `  ${file}`).join('\n')}`)
const unmet = unmetRows(
  tableRows(readFileSync('test/conformance/README.md', 'utf8')),
  new Map(outcomes.map(({ file, output }) => [file, output])),
)
if (unmet.length > 0)
  console.log(`rows of test/conformance/README.md that did not pass:\n  ${unmet.join('\n  ')}`)
const sum = (pick: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + pick(outcome), 0)
const failures = sum(outcome => outcome.failed) + unmet.length + (outcomes.length === 0 ? 1 : 0)
console.log(`${sum(outcome => outcome.passed)} passed, ${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
