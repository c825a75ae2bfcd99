/** A table for a terminal: columns as wide as their widest cell, numbers to the right. Pure. */

export type Cell = string | number

export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const texts = rows.map(row => row.map(cell => (typeof cell === 'number' ? round(cell) : cell)))
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...texts.map(row => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[], isNumber: (column: number) => boolean): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const first = rows[0] ?? []
  const isNumber = (column: number): boolean => typeof first[column] === 'number'
  const rule = widths.map(width => '-'.repeat(width)).join('  ')
  return [line(headers, isNumber), rule, ...texts.map(row => line(row, isNumber))].join('\n')
}

/** Three figures that matter. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
