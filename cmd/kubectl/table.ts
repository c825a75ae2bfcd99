/** Tables as the server sends them (meta.k8s.io/v1 Table), made into aligned text. Pure. */

/** Asked for first; a server that draws no tables sends the objects. */
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export interface Table {
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority?: number }[]
  readonly rows?: readonly {
    readonly cells: readonly (string | number | boolean | null)[]
    readonly object?: { readonly metadata?: { readonly namespace?: string } }
  }[]
}

export interface Layout {
  /** Columns with a priority above 0, too. */
  readonly wide: boolean
  readonly withNamespace: boolean
  /** How names are shown when several kinds are; as they are when absent. */
  readonly named?: (name: string) => string
}

/** Header and rows as text. */
export function rowsOf(table: Table, { wide, withNamespace, named }: Layout): string[][] {
  const columns = table.columnDefinitions ?? []
  const kept = columns.flatMap((column, at) => (wide || (column.priority ?? 0) === 0 ? [at] : []))
  const header = kept.map(at => columns[at]?.name.toUpperCase() ?? '')
  const rows = (table.rows ?? []).map(row => {
    const cells = kept.map(at => String(row.cells[at] ?? ''))
    if (named !== undefined) cells[0] = named(cells[0] ?? '')
    return withNamespace ? [row.object?.metadata?.namespace ?? '', ...cells] : cells
  })
  return [withNamespace ? ['NAMESPACE', ...header] : header, ...rows]
}

/** Columns three spaces apart, as kubectl prints them; every row ends its line. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map(row => (row[at] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3))
      .join('')
      .trimEnd()
  return rows.map(row => `${line(row)}\n`).join('')
}
