/** `kites kubectl get`: tables as the server draws them, or the objects as JSON, YAML or names; and what changes. */
import type { AnyObject } from '#api/object.ts'
import type { HttpTransport } from '#client/http-transport.ts'
import { renderYaml } from '#client/yaml.ts'
import { describeFlags, parseFlags, UsageError, type FlagTable } from '../flags.ts'
import {
  COMMON_FLAGS,
  discover,
  failureLine,
  nameOf,
  pathOf,
  targetsOf,
  type DiscoveredResource,
  type Target,
  withCluster,
} from './cluster.ts'
import { align, rowsOf, TABLE, type Table } from './table.ts'

const FLAGS = {
  ...COMMON_FLAGS,
  'all-namespaces': { kind: 'boolean', short: 'A', help: 'objects of all namespaces' },
  output: { kind: 'string', short: 'o', help: 'wide, name, json or yaml', value: 'FORM' },
  selector: { kind: 'string', short: 'l', help: 'only objects with these labels', value: 'LABELS' },
  'field-selector': { kind: 'string', help: 'only objects with these fields', value: 'FIELDS' },
  watch: { kind: 'boolean', short: 'w', help: 'keep printing changes' },
} as const satisfies FlagTable

const FORMS = ['wide', 'name', 'json', 'yaml']

export async function run(argv: readonly string[]): Promise<number> {
  const { values, rest } = parseFlags(FLAGS, { argv, env: process.env, files: [] })
  if (values.help) {
    process.stdout.write(
      `Usage: kites kubectl get RESOURCE [NAME...] [flags]\n\n${describeFlags(FLAGS)}\n`,
    )
    return 0
  }
  const form = values.output ?? ''
  if (form !== '' && !FORMS.includes(form))
    throw new UsageError(`unknown output "${form}": wide, name, json or yaml`)
  return withCluster(values, async cluster => {
    const { transport } = cluster
    const targets = targetsOf(await discover(transport), rest)
    if (values['all-namespaces'] && targets.some(({ name }) => name !== undefined))
      throw new UsageError('a resource cannot be retrieved by name across all namespaces')
    const view: View = {
      transport,
      namespace: values['all-namespaces'] ? '' : cluster.namespace,
      form,
      query: {
        ...(values.selector === undefined ? {} : { labelSelector: values.selector }),
        ...(values['field-selector'] === undefined
          ? {}
          : { fieldSelector: values['field-selector'] }),
      },
    }
    return show(view, targets, values.watch)
  })
}

interface View {
  readonly transport: HttpTransport
  /** '' = all namespaces. */
  readonly namespace: string
  /** '' = a table. */
  readonly form: string
  readonly query: Readonly<Record<string, string>>
}

/** What one request found. */
interface Found {
  readonly resource: DiscoveredResource
  readonly name: string | undefined
  readonly answer: AnyObject
}

async function show(view: View, targets: readonly Target[], watches: boolean): Promise<number> {
  const isTable = view.form === '' || view.form === 'wide'
  const { found, failures } = await fetchAll(view, targets, isTable ? TABLE : 'application/json')
  const text = isTable ? renderTables(view, found) : renderObjects(view.form, found)
  process.stdout.write(text)
  if (text === '' && failures === 0) {
    process.stderr.write(
      view.namespace === ''
        ? 'No resources found\n'
        : `No resources found in ${view.namespace} namespace.\n`,
    )
  }
  if (watches) await watch(view, found)
  return failures === 0 ? 0 : 1
}

/** One name that is not there does not keep the others from being shown. */
async function fetchAll(
  { transport, namespace, query }: View,
  targets: readonly Target[],
  accept: string,
): Promise<{ readonly found: readonly Found[]; readonly failures: number }> {
  const found: Found[] = []
  let failures = 0
  for (const { resource, name } of targets) {
    try {
      const path = pathOf(resource, namespace, name)
      const answer = await transport.request({ method: 'GET', path, query, accept })
      found.push({ resource, name, answer })
    } catch (error) {
      failures += 1
      process.stderr.write(`${failureLine(error)}\n`)
    }
  }
  return { found, failures }
}

/** A table per resource; several names of one resource share one. */
function renderTables({ namespace, form }: View, found: readonly Found[]): string {
  const resources = [...new Set(found.map(({ resource }) => resource))]
  const tables = resources.map(resource => {
    const layout = {
      wide: form === 'wide',
      withNamespace: namespace === '' && resource.namespaced,
      ...(resources.length > 1 ? { named: (name: string) => nameOf(resource, name) } : {}),
    }
    const [first = [], ...others] = found
      .filter(one => one.resource === resource)
      .map(({ answer }) => rowsOf(answer as Table, layout))
    return [...first, ...others.flatMap(([, ...rows]) => rows)]
  })
  // The seam: a server that was asked for a Table answers one.
  return tables
    .filter(rows => rows.length > 1)
    .map(rows => align(rows))
    .join('\n')
}

function renderObjects(form: string, found: readonly Found[]): string {
  if (form === 'name') {
    return found
      .flatMap(({ resource, answer }) =>
        itemsOf(answer).map(({ metadata }) => `${nameOf(resource, metadata.name ?? '')}\n`),
      )
      .join('')
  }
  const objects = found.map(({ answer }) => legible(answer))
  const [only, ...others] = objects
  if (only === undefined) return ''
  const whole =
    others.length === 0
      ? only
      : {
          apiVersion: 'v1',
          items: objects.flatMap(itemsOf),
          kind: 'List',
          metadata: { resourceVersion: '' },
        }
  return form === 'json' ? `${JSON.stringify(whole, undefined, 4)}\n` : renderYaml(whole)
}

/** As kubectl shows objects: keys in order, and nothing of who manages which field. */
function legible(answer: AnyObject): AnyObject {
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).filter(([key]) => key !== 'managedFields')
    entries.sort(([one], [other]) => (one < other ? -1 : 1))
    return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]))
  }
  // The seam: the same object, its keys in another order.
  return ordered(answer) as AnyObject
}

const itemsOf = (answer: AnyObject): readonly AnyObject[] =>
  'items' in answer ? (answer['items'] as readonly AnyObject[]) : [answer]

/** Prints changes from what was shown on, until the server or the user ends it. */
async function watch(view: View, found: readonly Found[]): Promise<void> {
  const { transport, namespace, form, query } = view
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  const isTable = form === '' || form === 'wide'
  await Promise.all(
    found.map(({ resource, name, answer }) => {
      const byName = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }
      const from = { resourceVersion: answer.metadata.resourceVersion ?? '' }
      return transport.watch(
        {
          method: 'GET',
          path: pathOf(resource, namespace),
          query: { ...query, ...byName, ...from, watch: 'true' },
          accept: isTable ? TABLE : 'application/json',
        },
        ({ object }) =>
          process.stdout.write(renderChange(view, found, { resource, name, answer: object })),
        end.signal,
      )
    }),
  )
}

/** Rows without their header. Only the first event of a watch bears the columns, so those of the list are used. */
function renderChange(view: View, shown: readonly Found[], change: Found): string {
  if (view.form !== '' && view.form !== 'wide') return renderObjects(view.form, [change])
  const before = shown.find(({ resource }) => resource === change.resource)?.answer as
    | Table
    | undefined
  const columns = before?.columnDefinitions ?? []
  const answer = { ...change.answer, columnDefinitions: columns }
  const many = new Set(shown.map(({ resource }) => resource)).size > 1
  const rows = rowsOf(answer as Table, {
    wide: view.form === 'wide',
    withNamespace: view.namespace === '' && change.resource.namespaced,
    ...(many ? { named: (name: string) => nameOf(change.resource, name) } : {}),
  })
  return align(rows).split('\n').slice(1).join('\n')
}
