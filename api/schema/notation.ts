/**
 * Reads the notation of `api/schemas/*.ts` into resolved types. Pure; a struct's lines are parsed on first use.
 *
 * Notation, one declaration per line:
 *   enum Protocol SCTP|TCP|UDP
 *   Container atomic                      a struct; `atomic`: server-side apply owns it as one
 *    name string 1 !                      field, type, protobuf number, facts
 *    ports [ContainerPort] 6 list=containerPort,protocol patch=merge:containerPort
 *    ...ProbeHandler 1                    the fields of another struct, embedded
 *   Types   `[T]` list, `{T}` map of string to T, `*T` Go pointer, `core-v1.T` of another group, else a scalar or a name.
 *   Facts   `!` required and never omitted, `!?` required but omitted when zero, `.` optional but never omitted,
 *           none of these: optional and omitted when zero; `list=set`, `list=<keys>`, `atomic`,
 *           `patch=<strategies>[:<merge key>]`; last of all `default=<JSON>`, or `implied=<JSON>` for a default that no
 *           document tells of.
 * Throws  Error on a name that no group declares: a fault of the data, found by the unit test that reads it all.
 */
import type { Json } from '#api/object.ts'
import type { Field, ListType, MapType, Scalar, ScalarType, StructType, Type } from './type.ts'

export interface GroupFacts {
  /** OpenAPI prefix, `io.k8s.api.core.v1`. */
  readonly prefix: string
  readonly facts: string
}

const SCALARS: ReadonlyMap<string, ScalarType> = new Map(
  (
    [
      'string',
      'bool',
      'int32',
      'int64',
      'double',
      'bytes',
      'quantity',
      'time',
      'micro-time',
      'int-or-string',
      'duration',
      'raw',
      'schema-or-bool',
      'schema-or-list',
      'schema-or-names',
    ] satisfies Scalar[]
  ).map(scalar => [scalar, { kind: 'scalar', scalar }]),
)

type Describe = (key: string) => string
type Find = (name: string) => Type

export interface Declarations {
  readonly structs: ReadonlyMap<string, StructType>
  readonly enums: ReadonlyMap<string, ScalarType>
}

/**
 * Splits one group's text; each struct parses its own lines when its fields are first asked for.
 * `find` resolves names of other groups (`meta-v1.ObjectMeta`); `describe` gives our own sentence or ''.
 */
export function readGroup(
  file: string,
  group: GroupFacts,
  find: Find,
  describe: Describe,
): Declarations {
  const structs = new Map<string, StructType>()
  const enums = new Map<string, ScalarType>()
  const local: Find = name => {
    const found = SCALARS.get(name) ?? enums.get(name) ?? structs.get(name)
    return found ?? find(name)
  }
  let lines: string[] = []
  for (const line of group.facts.split('\n')) {
    if (line.startsWith(' ')) {
      lines.push(line.slice(1))
    } else if (line.startsWith('enum ')) {
      const [name, values = ''] = splitAt(line.slice('enum '.length), ' ')
      enums.set(name, { kind: 'scalar', scalar: 'string', enum: values.split('|'), name })
    } else if (line !== '') {
      const [name = '', fact] = line.split(' ')
      lines = []
      structs.set(
        name,
        declare({ file, name, atomic: fact === 'atomic', group, lines, local, describe }),
      )
    }
  }
  return { structs, enums }
}

interface Declaration {
  readonly file: string
  readonly name: string
  readonly atomic: boolean
  readonly group: GroupFacts
  readonly lines: readonly string[]
  readonly local: Find
  readonly describe: Describe
}

function declare(declaration: Declaration): StructType {
  const { file, name, atomic, group, describe } = declaration
  let fields: ReadonlyMap<string, Field> | undefined
  return {
    kind: 'struct',
    name: `${group.prefix}.${name}`,
    description: describe(`${file}.${name}`),
    atomic,
    get fields() {
      fields ??= readFields(declaration)
      return fields
    },
  }
}

function readFields({
  file,
  name,
  lines,
  local,
  describe,
}: Declaration): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>()
  for (const line of lines) {
    if (!line.startsWith('...')) {
      const field = readField(line, local, describe, `${file}.${name}`)
      fields.set(field.name, field)
      continue
    }
    const [embedded = '', number = '0'] = line.slice(3).split(' ')
    const type = local(embedded)
    if (type.kind !== 'struct') throw new Error(`${file}: ${embedded} is no struct`)
    for (const field of type.fields.values()) {
      fields.set(field.name, {
        ...field,
        inline: [Number(number), ...(field.inline ?? [])],
        within: [lastName(embedded), ...(field.within ?? [])],
      })
    }
  }
  return fields
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

function readField(line: string, local: Find, describe: Describe, owner: string): Field {
  const [before, stated] = splitAt(line, ' default=')
  const [head, implied] = splitAt(before, ' implied=')
  const text = stated ?? implied
  const [name = '', typeText = '', number = '0', ...facts] = head.split(' ')
  const fact = (prefix: string): string | undefined =>
    facts.find(candidate => candidate.startsWith(prefix))?.slice(prefix.length)
  const pointer = typeText.startsWith('*')
  const [strategies, mergeKey] = (fact('patch=') ?? '').split(':')
  const required = facts.includes('!') || facts.includes('!?')
  return {
    name,
    type: readType(pointer ? typeText.slice(1) : typeText, local, {
      list: fact('list='),
      atomic: facts.includes('atomic'),
    }),
    description: describe(`${owner}.${name}`),
    number: Number(number),
    required,
    omitEmpty: !facts.includes('!') && !facts.includes('.'),
    pointer,
    ...(text === undefined ? {} : { default: deepFrozen(JSON.parse(text)) }),
    ...(implied === undefined ? {} : { implied: true }),
    ...(mergeKey === undefined ? {} : { patchMergeKey: mergeKey }),
    ...(strategies === undefined || strategies === ''
      ? {}
      : { patchStrategy: strategies.split(',').filter(isStrategy) }),
  }
}

const isStrategy = (text: string): text is 'merge' | 'replace' | 'retainKeys' =>
  text === 'merge' || text === 'replace' || text === 'retainKeys'

interface Semantics {
  readonly list: string | undefined
  readonly atomic: boolean
}

const NONE: Semantics = { list: undefined, atomic: false }

function readType(text: string, local: Find, { list, atomic }: Semantics): Type {
  if (text.startsWith('*')) return readType(text.slice(1), local, NONE)
  const inner = (): Type => readType(text.slice(1, -1), local, NONE)
  if (text.startsWith('[')) {
    const isMap = list !== undefined && list !== 'set'
    const type: ListType = {
      kind: 'list',
      items: inner(),
      listType: list === undefined ? 'atomic' : isMap ? 'map' : 'set',
      keys: isMap ? list.split(',') : [],
    }
    return type
  }
  if (text.startsWith('{')) {
    const type: MapType = { kind: 'map', values: inner(), mapType: atomic ? 'atomic' : 'granular' }
    return type
  }
  const named = local(text)
  // The field, not the struct, says that it is owned as one: a view of the struct that says so.
  return atomic && named.kind === 'struct' && !named.atomic ? atomicView(named) : named
}

const atomicView = (struct: StructType): StructType => ({
  kind: 'struct',
  name: struct.name,
  description: struct.description,
  atomic: true,
  get fields() {
    return struct.fields
  },
})

function splitAt(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + separator.length)]
}

/** Defaults are shared by every object they are put into. */
function deepFrozen(value: Json): Json {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFrozen(child)
    Object.freeze(value)
  }
  return value
}
