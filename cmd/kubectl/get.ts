/** `kites kubectl get`: tables as the server draws them, or the objects as JSON, YAML or names. */
import { dump } from 'js-yaml'
import type { AnyObject } from '#api/object.ts'
import type { HttpTransport } from '#client/http-transport.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from '../flags.ts'
import {
  COMMON_FLAGS,
  connect,
  discover,
  nameOf,
  pathOf,
  targetsOf,
  type Target,
} from './cluster.ts'

const FLAGS = {
  ...COMMON_FLAGS,
  'all-namespaces': { kind: 'boolean', short: 'A', help: 'objects of all namespaces' },
  output: { kind: 'string', short: 'o', help: 'wide, name, json or yaml', value: 'FORM' },
  selector: { kind: 'string', short: 'l', help: 'only objects with these labels' },
  'field-selector': { kind: 'string', help: 'only objects with these fields' },
  watch: { kind: 'boolean', short: 'w', help: 'keep printing changes' },
} as const satisfies FlagTable

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

interface Table {
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority?: number }[]
  readonly rows?: readonly {
    readonly cells: readonly (string | number | boolean | null)[]
    readonly object?: { readonly metadata?: { readonly namespace?: string } }
  }[]
}

export async function run(argv: readonly string[]): Promise<number> {
  const { values, rest } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(
      `Usage: kites kubectl get RESOURCE [NAME...] [flags]\n\n${describeFlags(FLAGS)}\n`,
    )
    return 0
  }
  const transport = await connect(values.kubeconfig)
  const targets = targetsOf(await discover(transport), rest)
  const namespace = values['all-namespaces'] ? '' : values.namespace
  const query = {
    ...(values.selector === undefined ? {} : { labelSelector: values.selector }),
    ...(values['field-selector'] === undefined ? {} : { fieldSelector: values['field-selector'] }),
  }
  const print = printerOf(values.output)
  let shown = 0
  for (const target of targets) {
    shown += await print({ transport, target, namespace, query, many: targets.length > 1 })
  }
  if (shown === 0) {
    process.stderr.write(
      namespace === '' ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`,
    )
  }
  if (values.watch) await watch(transport, targets, namespace, query)
  await transport.close()
  return 0
}

interface Printing {
  readonly transport: HttpTransport
  readonly target: Target
  /** '' = all namespaces. */
  readonly namespace: string
  readonly query: Readonly<Record<string, string>>
  /** Several kinds are shown: names carry their kind. */
  readonly many: boolean
}

/** Prints one target and says how many objects it showed. */
type Printer = (printing: Printing) => Promise<number>

function printerOf(form: string | undefined): Printer {
  switch (form) {
    case undefined:
      return printing => printTable(printing, false)
    case 'wide':
      return printing => printTable(printing, true)
    case 'name':
      return printing =>
        printObjects(printing, objects =>
          objects
            .map(object => `${nameOf(printing.target.resource, object.metadata.name ?? '')}\n`)
            .join(''),
        )
    case 'json':
      return printing =>
        printObjects(printing, (_, whole) => `${JSON.stringify(whole, undefined, 4)}\n`)
    case 'yaml':
      return printing => printObjects(printing, (_, whole) => dump(whole, { noRefs: true }))
    default:
      throw new UsageError(`unknown output "${form}": wide, name, json or yaml`)
  }
}

const fetchTarget = (printing: Printing, accept: string): Promise<AnyObject> =>
  printing.transport.request({
    method: 'GET',
    path: pathOf(printing.target.resource, printing.namespace, printing.target.name),
    query: printing.query,
    accept,
  })

async function printObjects(
  printing: Printing,
  render: (objects: readonly AnyObject[], whole: AnyObject) => string,
): Promise<number> {
  const whole = await fetchTarget(printing, 'application/json')
  const objects = 'items' in whole ? (whole['items'] as readonly AnyObject[]) : [whole]
  process.stdout.write(render(objects, whole))
  return objects.length
}

async function printTable(printing: Printing, wide: boolean): Promise<number> {
  const table = (await fetchTarget(printing, TABLE)) as Table
  const rows = rowsOf(table, printing, wide)
  if (rows.length > 1) process.stdout.write(align(rows))
  return rows.length - 1
}

/** Header and rows as text. Columns with a priority above 0 are for `-o wide`. */
function rowsOf(table: Table, { target, namespace, many }: Printing, wide: boolean): string[][] {
  const columns = table.columnDefinitions ?? []
  const kept = columns.flatMap((column, at) => (wide || (column.priority ?? 0) === 0 ? [at] : []))
  const withNamespace = namespace === '' && target.resource.namespaced
  const header = kept.map(at => columns[at]?.name.toUpperCase() ?? '')
  const rows = (table.rows ?? []).map(row => {
    const cells = kept.map(at => String(row.cells[at] ?? ''))
    if (many) cells[0] = nameOf(target.resource, cells[0] ?? '')
    return withNamespace ? [row.object?.metadata?.namespace ?? '', ...cells] : cells
  })
  return [withNamespace ? ['NAMESPACE', ...header] : header, ...rows]
}

/** Columns three spaces apart, as kubectl prints them. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map(row => (row[at] ?? '').length)),
  )
  return rows
    .map(row =>
      row
        .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3))
        .join('')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}

async function watch(
  transport: HttpTransport,
  targets: readonly Target[],
  namespace: string,
  query: Readonly<Record<string, string>>,
): Promise<void> {
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  await Promise.all(
    targets.map(({ resource, name }) => {
      const byName = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }
      const path = pathOf(resource, namespace)
      return transport.watch(
        { method: 'GET', path, query: { ...query, ...byName, watch: 'true' } },
        ({ type, object }) =>
          process.stdout.write(`${type}\t${nameOf(resource, object.metadata.name ?? '')}\n`),
        end.signal,
      )
    }),
  )
}
