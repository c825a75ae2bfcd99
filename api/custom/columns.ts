/**
 * The printer columns of a custom kind: its name, and what its definition adds. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/tableconvertor, pkg/apiserver/helpers.go
 */
import { AGE, type Cell, type Column, NAME, nameOf, type Printer } from '#api/columns/printer.ts'
import { humanAge } from '#api/duration.ts'
import { canonicalJson } from '#api/json.ts'
import type { CustomResourceColumnDefinition } from '#api/types/apiextensions-v1.ts'
import { type JsonPath, jsonPathOf } from './json-path.ts'

const AGE_COLUMN: CustomResourceColumnDefinition = {
  name: AGE.name,
  type: 'date',
  description: AGE.description,
  jsonPath: '.metadata.creationTimestamp',
}

/** Of the scale subresource. */
export const SCALE_COLUMNS: readonly CustomResourceColumnDefinition[] = [
  {
    name: 'Desired',
    type: 'integer',
    description: 'Replicas that are wanted.',
    jsonPath: '.spec.replicas',
  },
  {
    name: 'Available',
    type: 'integer',
    description: 'Replicas that there are.',
    jsonPath: '.status.replicas',
  },
  AGE_COLUMN,
]

const TYPES = ['string', 'integer', 'number', 'boolean', 'date'] as const
type ColumnType = (typeof TYPES)[number]

interface Shown {
  readonly column: Column
  readonly cell: (value: unknown, now: number) => Cell
  readonly path: JsonPath
}

/** Columns from the first whose path cannot be read on are left out, as upstream does. */
export function customPrinter(
  definitions: readonly CustomResourceColumnDefinition[] = [],
): Printer {
  const shown: Shown[] = []
  for (const definition of definitions.length === 0 ? [AGE_COLUMN] : definitions) {
    const path = jsonPathOf(definition.jsonPath)
    if (path === undefined) break
    const type = TYPES.find(one => one === definition.type) ?? 'string'
    shown.push({ column: columnOf(definition, type), path, cell: CELLS[type] })
  }
  return {
    columns: [NAME, ...shown.map(({ column }) => column)],
    cells: (object, now) => [nameOf(object), ...shown.map(one => cellOf(one, object, now))],
  }
}

function columnOf(definition: CustomResourceColumnDefinition, type: ColumnType): Column {
  const { name, format = '', description = '', jsonPath, priority = 0 } = definition
  const words =
    description === ''
      ? `Custom resource definition column (in JSONPath format): ${jsonPath}`
      : description
  return { name, type, format, description: words, priority }
}

/** The first of the values found; null for none. */
function cellOf({ path, cell }: Shown, object: unknown, now: number): Cell {
  const found = path(object)
  return found.length === 0 ? null : cell(found[0], now)
}

const CELLS: Readonly<Record<ColumnType, Shown['cell']>> = {
  string: value => {
    if (value === null) return '<no value>'
    return typeof value === 'string' ? value : canonicalJson(value)
  },
  integer: value => (typeof value === 'number' ? Math.trunc(value) : null),
  number: value => (typeof value === 'number' ? value : null),
  boolean: value => (typeof value === 'boolean' ? value : null),
  date: (value, now) => (typeof value === 'string' ? dateCell(value, now) : null),
}

function dateCell(value: string, now: number): string {
  if (value === '' || value === 'null') return '<unknown>'
  return RFC3339.test(value) && !Number.isNaN(Date.parse(value))
    ? humanAge(value, now)
    : '<invalid>'
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/
