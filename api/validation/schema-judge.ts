/**
 * The form of a compiled schema, and where its faults stand. Pure.
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/validation/validation.go kubeOpenAPIResultToFieldErrors
 */
import { type Faults, wrong } from '#api/validation/fault.ts'
import type { Schema } from '#api/validation/structural-schemas.ts'

/** Where faults go. */
export interface Judged {
  readonly faults: Faults
  /** Path of the whole value; '' for an object. */
  readonly field: string
}

/**
 * Judges one value at `name` (`spec.size`; '' for the whole), `old` being what it was before, undefined where nothing
 * tells. Returns how many checks it passed, by which upstream finds the alternative that was meant.
 */
export type Judge = (value: unknown, name: string, judged: Judged, old: unknown) => number

export const placeOf = ({ field }: Judged, name: string): string => {
  const below = name.startsWith('.') ? name.slice(1) : name
  if (field === '' || below === '') return field === '' ? below : field
  return `${field}.${below}`
}

/** A fault of no single member. */
export const refuseWhole = (judged: Judged, detail: string): void => {
  judged.faults.push(wrong(judged.field === '' ? '<nil>' : judged.field, '', detail))
}

export const numberAt = (schema: Schema, name: string): number | undefined => {
  const value = schema[name]
  return typeof value === 'number' ? value : undefined
}
