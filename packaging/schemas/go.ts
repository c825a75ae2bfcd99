/**
 * Go struct declarations as data: names, types, tags and markers. Pure.
 *
 * Only what upstream's API types use is understood; anything else throws.
 */
import path from 'node:path'

export interface Group {
  /** File name of both outputs, and the prefix other groups refer to it by. */
  readonly file: string
  /** Folder below k8s.io, and at the same time the Go import path. */
  readonly folder: string
  /** Prefix of OpenAPI names. */
  readonly openApi: string
  /** Structs of another version of the group that this one has as well. */
  readonly adopts?: {
    readonly folder: string
    readonly structs: RegExp
    /** Read in the older sources. */
    readonly isOlder?: true
  }
  /** Served by conversion only: nobody wants its types. */
  readonly isOld?: boolean
}

/** Go types that are one value on the wire. */
export const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  int: 'int64',
  float64: 'double',
  'interface{}': 'raw',
  'meta-v1.Time': 'time',
  'meta-v1.MicroTime': 'micro-time',
  'meta-v1.Duration': 'duration',
  'meta-v1.FieldsV1': 'raw',
  'apiextensions-v1.JSON': 'raw',
  'apiextensions-v1beta1.JSON': 'raw',
  'apiextensions-v1beta1.JSONSchemaPropsOrArray': 'schema-or-list',
  'apiextensions-v1beta1.JSONSchemaPropsOrBool': 'schema-or-bool',
  'apiextensions-v1beta1.JSONSchemaPropsOrStringArray': 'schema-or-names',
  'apiextensions-v1.JSONSchemaPropsOrArray': 'schema-or-list',
  'apiextensions-v1.JSONSchemaPropsOrBool': 'schema-or-bool',
  'apiextensions-v1.JSONSchemaPropsOrStringArray': 'schema-or-names',
  'apimachinery/pkg/api/resource.Quantity': 'quantity',
  'apimachinery/pkg/util/intstr.IntOrString': 'int-or-string',
  'apimachinery/pkg/runtime.RawExtension': 'raw',
  'apimachinery/pkg/runtime.Object': 'raw',
  'apimachinery/pkg/types.UID': 'string',
  'apimachinery/pkg/types.NodeName': 'string',
}

/** Enums whose constants are conversions of other constants, which the parser does not follow. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'discovery-v1.AddressType': ['FQDN', 'IPv4', 'IPv6'],
}

export type GoType =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'pointer'; readonly of: GoType }
  | { readonly kind: 'list'; readonly of: GoType }
  | { readonly kind: 'map'; readonly of: GoType }

export interface GoField {
  readonly json: string
  readonly inline: boolean
  readonly type: GoType
  readonly tags: ReadonlyMap<string, string>
  readonly markers: readonly string[]
}

export interface GoStruct {
  readonly name: string
  readonly markers: readonly string[]
  readonly fields: readonly GoField[]
}

export interface GoFile {
  readonly group: Group
  readonly structs: readonly GoStruct[]
  /** Named non-struct types: `PodPhase string`, `ResourceList map[...]...`. */
  readonly aliases: ReadonlyMap<string, GoType>
  readonly enums: ReadonlyMap<string, readonly string[]>
}

function parseType(text: string, qualify: (name: string) => string): GoType {
  if (text.startsWith('*')) return { kind: 'pointer', of: parseType(text.slice(1), qualify) }
  if (text === '[]byte') return { kind: 'named', name: 'bytes' }
  if (text.startsWith('[]')) return { kind: 'list', of: parseType(text.slice(2), qualify) }
  const map = /^map\[[\w.]+\](.*)$/.exec(text)
  if (map !== null) return { kind: 'map', of: parseType(map[1] ?? '', qualify) }
  return { kind: 'named', name: qualify(text) }
}

function importsOf(source: string): ReadonlyMap<string, string> {
  const imports = new Map<string, string>()
  for (const [, alias, target = ''] of source.matchAll(
    /^(?:import)?\s+(\w+)?\s*"k8s\.io\/([^"]+)"/gm,
  )) {
    imports.set(alias ?? path.basename(target), target)
  }
  return imports
}

function qualifier(
  source: string,
  group: Group,
  groups: readonly Group[],
): (name: string) => string {
  const imports = importsOf(source)
  return name => {
    if (name in SCALARS) return name
    const [left = '', right] = name.split('.')
    if (right === undefined) return `${group.file}.${left}`
    const target = imports.get(left)
    if (target === undefined) throw new Error(`${group.file}: unknown import of ${name}`)
    const other = groups.find(candidate => candidate.folder === target)
    return `${other?.file ?? target}.${right}`
  }
}

const markersOf = (comment: readonly string[]): string[] =>
  comment.flatMap(line => /^\s*\/\/\s?\+(.*)$/.exec(line)?.[1]?.trim() ?? [])

function parseField(line: string, markers: readonly string[], qualify: (name: string) => string) {
  const parts = /^\t(?:(\w+)\s+)?(\S+)\s+`(.*)`/.exec(line)
  if (parts === null) return undefined
  const tags = new Map<string, string>()
  for (const [, key = '', value = ''] of (parts[3] ?? '').matchAll(/(\w+):"([^"]*)"/g))
    tags.set(key, value)
  const json = tags.get('json')
  if (json === undefined || json === '-') return undefined
  const field: GoField = {
    json: json.split(',')[0] ?? '',
    inline: json.split(',').includes('inline'),
    type: parseType(parts[2] ?? '', qualify),
    tags,
    markers,
  }
  return field
}

export function parseFile(group: Group, groups: readonly Group[], source: string): GoFile {
  const qualify = qualifier(source, group, groups)
  const structs: GoStruct[] = []
  const aliases = new Map<string, GoType>()
  const enumTypes = new Set<string>()
  const lines = source.split('\n')
  let comment: string[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line.startsWith('//')) {
      comment.push(line)
      continue
    }
    const struct = /^type (\w+) struct ?\{(\}?)/.exec(line)
    if (struct !== null) {
      const fields: GoField[] = []
      let above: string[] = []
      for (index++; struct[2] === '' && !(lines[index] ?? '}').startsWith('}'); index++) {
        const inner = lines[index] ?? ''
        if (/^\s*\/\//.test(inner)) {
          above.push(inner)
          continue
        }
        const field = parseField(inner, markersOf(above), qualify)
        if (field !== undefined) fields.push(field)
        above = []
      }
      structs.push({ name: struct[1] ?? '', markers: markersOf(comment), fields })
    }
    const alias = /^type (\w+) (?:= )?([\w.[\]]+)$/.exec(line.replace(/\s*\/\/.*$/, ''))
    if (alias !== null && alias[2] !== 'struct' && alias[2] !== 'interface') {
      aliases.set(alias[1] ?? '', parseType(alias[2] ?? '', qualify))
      if (markersOf(comment).some(marker => marker === 'enum')) enumTypes.add(alias[1] ?? '')
    }
    if (line.trim() !== '') comment = []
    else if (!comment.some(text => text.includes('+'))) comment = []
  }
  const enums = new Map<string, readonly string[]>()
  for (const name of enumTypes) {
    const found = [...source.matchAll(new RegExp(`^\\s+\\w+\\s+${name}\\s+= "([^"]*)"`, 'gm'))]
    const values = ENUMS[`${group.file}.${name}`] ?? found.map(value => value[1] ?? '')
    if (values.length > 0) enums.set(name, [...new Set(values)].sort())
  }
  return { group, structs, aliases, enums }
}

/** `type A = B` of the same package, kept by upstream for old names. */
export function isAliasOf(file: GoFile, name: string): boolean {
  const target = file.aliases.get(name)
  return target?.kind === 'named' && target.name.startsWith(`${file.group.file}.`)
}
