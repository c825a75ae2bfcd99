/**
 * The table of test/conformance/README.md as data: which upstream conformance test is done by which test of ours. Pure.
 *
 * A row of the page: `| <upstream's test name> | <steps it asserts> | <our file>[, <our file>] |`. In each file named
 * stands a subtest titled with upstream's test name.
 */
export interface TableRow {
  readonly testname: string
  readonly steps: string
  /** Paths from the project's folder. */
  readonly files: readonly string[]
}

/** Names hold no bar; backticks and links around files are dropped. */
export function tableRows(page: string): readonly TableRow[] {
  return page
    .split('\n')
    .filter(line => line.startsWith('| [sig-'))
    .map(line => {
      const [, testname = '', steps = '', files = ''] = line.split('|').map(cell => cell.trim())
      return {
        testname,
        steps,
        files: [...files.matchAll(/test\/[\w./-]+\.test\.ts/g)].map(([file]) => file),
      }
    })
}

/** Titles of the subtests that passed, at any depth of a file's TAP. */
export function passedTitles(tap: string): ReadonlySet<string> {
  const titles = [...tap.matchAll(/^ *ok \d+ - (.*?)(?: # time=.*)?$/gm)].map(
    ([, title = '']) => title,
  )
  return new Set(titles.map(title => title.replaceAll('\\#', '#')))
}

/** Rows promised by files that ran, whose test did not run there or failed. */
export const unmetRows = (
  rows: readonly TableRow[],
  outputs: ReadonlyMap<string, string>,
): readonly string[] =>
  rows.flatMap(({ testname, files }) =>
    files
      .filter(file => {
        const output = outputs.get(file)
        return output !== undefined && !passedTitles(output).has(testname)
      })
      .map(file => `${file}: ${testname}`),
  )
