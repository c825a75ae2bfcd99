/** Figures beside the budgets of the design: one row each, and a mark on what misses. */
import { loadavg } from 'node:os'
import { renderTable, round } from './table.ts'

export interface Line {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** At most this. */
  readonly budget?: number
  readonly note?: string
}

/** Collects lines, tells each on stderr as it comes, prints the table in the end. */
export class Report {
  readonly #lines: Line[] = []

  add(line: Line): void {
    this.#lines.push(line)
    process.stderr.write(`${line.what}: ${round(line.value)} ${line.unit}\n`)
  }

  print(title: string): void {
    const rows = this.#lines.map(({ what, value, unit, budget, note }) => [
      what,
      round(value),
      unit,
      budget === undefined ? '' : round(budget),
      budget === undefined ? '' : value <= budget ? 'ok' : 'MISSED',
      note ?? '',
    ])
    const table = renderTable(['what', 'measured', 'unit', 'budget', '', 'note'], rows)
    process.stdout.write(`${title}; load average ${loadavg().map(round).join(' ')}\n\n${table}\n`)
  }
}
