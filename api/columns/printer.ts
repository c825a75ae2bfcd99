/**
 * What a printer of one kind is made of, and the cells most kinds share. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import { humanAge } from '#api/duration.ts'
import type { KubeObject } from '#api/object.ts'

export type Cell = string | number | boolean | null

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  /** `name` marks the column that names the object. */
  readonly format: string
  readonly description: string
  /** 0 is always shown, 1 only by `kubectl get -o wide`. */
  readonly priority: number
}

export interface RowCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** Rows of one kind: cells stand in the order of the columns. */
export interface Printer {
  readonly columns: readonly Column[]
  cells(object: KubeObject, now: number): readonly Cell[]
  conditions?(object: KubeObject): readonly RowCondition[]
}

export const text = (name: string, description: string): Column => ({
  name,
  type: 'string',
  format: '',
  description,
  priority: 0,
})

export const wide = (column: Column): Column => ({ ...column, priority: 1 })

export const integer = (name: string, description: string): Column => ({
  ...text(name, description),
  type: 'integer',
})

export const boolean = (name: string, description: string): Column => ({
  ...text(name, description),
  type: 'boolean',
})

export const NAME: Column = {
  ...text('Name', 'Name of the object, unique within its kind and namespace.'),
  format: 'name',
}
export const AGE = text('Age', 'Time since the object was created.')
export const CREATED_AT: Column = {
  ...text('Created At', 'When the object was created, in UTC.'),
  type: 'date',
}
export const CONTAINERS = wide(text('Containers', 'Names of the containers of the template.'))
export const IMAGES = wide(text('Images', 'Images of the containers of the template.'))
export const SELECTOR = wide(text('Selector', 'Labels by which the pods are found.'))

export const nameOf = (object: KubeObject): string => object.metadata.name ?? ''

export const ageOf = (object: KubeObject, now: number): string =>
  humanAge(object.metadata.creationTimestamp, now)

export const NONE = '<none>'

export const orNone = (value: string | undefined): string =>
  value === undefined || value === '' ? NONE : value

/** `a=b,c=d` with sorted keys. */
export const formatLabels = (labels: Readonly<Record<string, string>> | undefined): string =>
  orNone(
    Object.keys(labels ?? {})
      .sort()
      .map(key => `${key}=${labels?.[key] ?? ''}`)
      .join(','),
  )

const SHOWN_MAX = 3

/** The first three, and how many more there are. */
export function abbreviated(list: readonly string[], none: string): string {
  if (list.length === 0) return none
  const shown = list.slice(0, SHOWN_MAX).join(',')
  return list.length > SHOWN_MAX ? `${shown} + ${list.length - SHOWN_MAX} more...` : shown
}
