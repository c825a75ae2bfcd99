/**
 * Bodies that are wrong in one place each, for every kind: made of its schema and of Go's fixtures. Not a test itself.
 *
 * Law  A field of a shared struct (metadata, a pod template) is bent in the first kind only that has it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { apiVersionOf, type Resource, storedResources } from '#api/scheme.ts'
import type { StructType, Type } from '#api/schema/type.ts'

export type Body = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

interface Sample {
  readonly json: Body
  readonly min?: Sample
}

const FIXTURES = new URL('../fixtures/protobuf/', import.meta.url)

const SAMPLES: ReadonlyMap<string, Sample> = new Map(
  readdirSync(FIXTURES).flatMap(file => {
    const samples: Readonly<Record<string, Sample>> = JSON.parse(
      readFileSync(new URL(file, FIXTURES), 'utf8'),
    )
    return Object.values(samples).map((sample): [string, Sample] => [
      `${String(sample.json['apiVersion'])} ${String(sample.json['kind'])}`,
      sample,
    ])
  }),
)

/** Metadata that any kind may be created with. */
const withName = (json: Body): Body => ({ ...json, metadata: { name: 'x' } })

/** The kind with all its fields, with those that Go always writes, and with no more than a name. */
export function samplesOf(resource: Resource): readonly Body[] {
  const { json, min } = SAMPLES.get(`${apiVersionOf(resource)} ${resource.kind}`) ?? { json: {} }
  return [withName(json), withName(min?.json ?? {}), withName({})]
}

/** Names that every object has anyway. */
const TRAPS = '{"__proto__":"1","constructor":"2","toString":"3"}'

const BENT: readonly unknown[] = JSON.parse(
  `["", "__proto__", "constructor", -1, true, [null], ["__proto__"], [{}], ${TRAPS}]`,
)

const PLACE_MAX = 14

function* placesIn(type: Type, path: Path, seen: Set<string>): Generator<Path> {
  if (type.kind === 'list') yield* placesIn(type.items, [...path, 0], seen)
  else if (type.kind === 'map') yield* placesIn(type.values, [...path, 'x'], seen)
  else if (type.kind === 'struct') yield* fieldsIn(type, path, seen)
}

function* fieldsIn(type: StructType, path: Path, seen: Set<string>): Generator<Path> {
  if (path.length > PLACE_MAX || seen.has(type.name)) return
  seen.add(type.name)
  for (const [name, field] of type.fields) {
    const place = [...path, name]
    yield place
    yield* placesIn(field.type, place, seen)
  }
}

/** `value` with another one at a place; what is missing on the way there is made. */
function put(value: unknown, [key, ...rest]: Path, bent: unknown): unknown {
  if (key === undefined) return bent
  // The seam: a place comes from the schema that the value was made of.
  if (typeof key === 'number') return [put((value as unknown[] | undefined)?.[key], rest, bent)]
  const record = value as Body | null | undefined
  return { ...record, [key]: put(record?.[key], rest, bent) }
}

export interface BentBody {
  readonly what: string
  readonly body: unknown
}

/** A kind's bodies. Every field is bent in an object that has little else, and left out of one that has all. */
export function* bentBodies(resource: Resource, seen: Set<string>): Generator<BentBody> {
  const [full, min, bare] = samplesOf(resource)
  yield* [{}, null, [], 'x', 1, full, min, bare].map(body => ({ what: 'whole', body }))
  // Old versions come down to the stored one, whose fields are bent.
  if (!storedResources().includes(resource)) return
  for (const place of fieldsIn(resource.type(), [], seen)) {
    yield { what: `no ${place.join('.')}`, body: put(full, place, null) }
    for (const bent of BENT)
      yield { what: `${place.join('.')} = ${JSON.stringify(bent)}`, body: put(bare, place, bent) }
  }
}
