/**
 * Where a struct's fields stand on the wire: its numbers, with embedded structs as the messages they are there. Pure.
 *
 * A number 0 is no place: the field (apiVersion and kind, above all) does not travel inside the message.
 */
import type { Field, StructType } from '#api/schema/type.ts'

export type Place =
  | {
      readonly kind: 'field'
      readonly number: number
      readonly field: Field
      /** A list that upstream gave a message of its own, whose field 1 repeats: absent when there is no list. */
      readonly isMessage: boolean
    }
  /** A Go-embedded struct: a message on the wire, its fields beside the others in JSON. */
  | { readonly kind: 'embedded'; readonly number: number; readonly places: readonly Place[] }

/** Struct and field. As the value of a map every list is one. */
const LISTS_AS_MESSAGES: readonly string[] = [
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIResource verbs',
]

interface Level {
  readonly struct: string
  readonly fields: Map<number, Field>
  readonly embedded: Map<number, Level>
}

const emptyLevel = (struct: string): Level => ({ struct, fields: new Map(), embedded: new Map() })

/** In ascending order of numbers. */
export function placesOf(type: StructType): readonly Place[] {
  const top = emptyLevel(type.name)
  for (const field of type.fields.values()) {
    const inline = field.inline ?? []
    if (field.number === 0 || inline.includes(0)) continue
    let level = top
    for (const number of inline) {
      const inner = level.embedded.get(number) ?? emptyLevel(type.name)
      level.embedded.set(number, inner)
      level = inner
    }
    level.fields.set(field.number, field)
  }
  return ordered(top)
}

const ordered = ({ struct, fields, embedded }: Level): readonly Place[] =>
  [
    ...[...fields].map(([number, field]) => ({
      kind: 'field' as const,
      number,
      field,
      isMessage: LISTS_AS_MESSAGES.includes(`${struct} ${field.name}`),
    })),
    ...[...embedded].map(([number, level]) => ({
      kind: 'embedded' as const,
      number,
      places: ordered(level),
    })),
  ].sort((left, right) => left.number - right.number)

const spoken = new WeakMap<StructType, boolean>()

/** False for kinds that upstream gave no numbers (Table, custom resources): they have no protobuf form. */
export function hasProtobuf(type: StructType): boolean {
  let known = spoken.get(type)
  if (known === undefined) {
    known = placesOf(type).length > 0
    spoken.set(type, known)
  }
  return known
}
