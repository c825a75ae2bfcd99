/**
 * Writes `api/schemas/*.ts` (field facts) and `api/types/*.ts` (TypeScript types) from upstream's Go sources.
 * A maintainer's tool, run by hand when the Kubernetes level moves; no build and no test calls it.
 *
 * Usage   node packaging/schemas.ts <folder that holds k8s.io/api and k8s.io/apimachinery> <project folder>
 *         (Debian: unpack golang-k8s-api-dev and golang-k8s-apimachinery-dev, then usr/share/gocode/src/k8s.io)
 * Input   Go struct declarations: json and protobuf tags, patch tags, `+marker` comments, `+enum` constants.
 *         Only facts are taken, no sentence of upstream's documentation.
 * Output  one pair of files per row of GROUPS. Adding a group is adding a row.
 * Throws  on a Go type it cannot place: nothing is guessed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DEFAULTS } from './schema-defaults.ts'

interface Group {
  /** File name of both outputs, and the prefix other groups refer to it by. */
  readonly file: string
  /** Folder below k8s.io, and at the same time the Go import path. */
  readonly folder: string
  /** Prefix of OpenAPI names. */
  readonly openApi: string
}

const api = (file: string, folder: string): Group => ({
  file,
  folder: `api/${folder}`,
  openApi: `io.k8s.api.${folder.replace('/', '.')}`,
})

const GROUPS: readonly Group[] = [
  {
    file: 'meta-v1',
    folder: 'apimachinery/pkg/apis/meta/v1',
    openApi: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  },
  api('core-v1', 'core/v1'),
  api('apps-v1', 'apps/v1'),
  api('authentication-v1', 'authentication/v1'),
  api('authorization-v1', 'authorization/v1'),
  api('autoscaling-v1', 'autoscaling/v1'),
  api('certificates-v1', 'certificates/v1'),
  api('coordination-v1', 'coordination/v1'),
  api('discovery-v1', 'discovery/v1'),
  api('events-v1', 'events/v1'),
  api('policy-v1', 'policy/v1'),
  api('rbac-v1', 'rbac/v1'),
  api('scheduling-v1', 'scheduling/v1'),
]

/** Go types that are one value on the wire. */
const SCALARS: Readonly<Record<string, string>> = {
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
  'apimachinery/pkg/api/resource.Quantity': 'quantity',
  'apimachinery/pkg/util/intstr.IntOrString': 'int-or-string',
  'apimachinery/pkg/runtime.RawExtension': 'raw',
  'apimachinery/pkg/runtime.Object': 'raw',
  'apimachinery/pkg/types.UID': 'string',
  'apimachinery/pkg/types.NodeName': 'string',
}

const TYPESCRIPT: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bytes: 'string',
  quantity: 'string',
  time: 'string',
  'micro-time': 'string',
  'int-or-string': 'number | string',
  duration: 'string',
  raw: 'Json',
}

/** Enums whose constants are conversions of other constants, which the parser does not follow. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'discovery-v1.AddressType': ['FQDN', 'IPv4', 'IPv6'],
}

/** Declared by hand in api/object.ts, because code that knows no kind needs them. */
const BY_HAND = new Set(['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'ListMeta'])

type GoType =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'pointer' | 'list' | 'map'; readonly of: GoType }

interface GoField {
  readonly json: string
  readonly inline: boolean
  readonly type: GoType
  readonly tags: ReadonlyMap<string, string>
  readonly markers: readonly string[]
}

interface GoStruct {
  readonly name: string
  readonly markers: readonly string[]
  readonly fields: readonly GoField[]
}

interface GoFile {
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
  for (const [, alias, target = ''] of source.matchAll(/^(?:import)?\s+(\w+)?\s*"k8s\.io\/([^"]+)"/gm)) {
    imports.set(alias ?? path.basename(target), target)
  }
  return imports
}

function qualifier(source: string, group: Group): (name: string) => string {
  const imports = importsOf(source)
  return name => {
    if (name in SCALARS) return name
    const [left = '', right] = name.split('.')
    if (right === undefined) return `${group.file}.${left}`
    const target = imports.get(left)
    if (target === undefined) throw new Error(`${group.file}: unknown import of ${name}`)
    const other = GROUPS.find(candidate => candidate.folder === target)
    return `${other?.file ?? target}.${right}`
  }
}

const markersOf = (comment: readonly string[]): string[] =>
  comment.flatMap(line => /^\s*\/\/\s?\+(.*)$/.exec(line)?.[1]?.trim() ?? [])

function parseField(line: string, markers: readonly string[], qualify: (name: string) => string) {
  const parts = /^\t(?:(\w+)\s+)?(\S+)\s+`(.*)`/.exec(line)
  if (parts === null) return undefined
  const tags = new Map<string, string>()
  for (const [, key = '', value = ''] of (parts[3] ?? '').matchAll(/(\w+):"([^"]*)"/g)) tags.set(key, value)
  const json = tags.get('json')
  if (json === undefined || json === '-') return undefined
  const field: GoField = {
    json: json.split(',')[0] ?? '',
    inline: json.includes('inline'),
    type: parseType(parts[2] ?? '', qualify),
    tags,
    markers,
  }
  return field
}

function parseFile(group: Group, source: string): GoFile {
  const qualify = qualifier(source, group)
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
function isAliasOf(file: GoFile, name: string): boolean {
  const target = file.aliases.get(name)
  return target?.kind === 'named' && target.name.startsWith(`${file.group.file}.`)
}

class Writer {
  readonly files: ReadonlyMap<string, GoFile>

  constructor(files: readonly GoFile[]) {
    this.files = new Map(files.map(file => [file.group.file, file]))
  }

  /** Follows aliases until a scalar, an enum or a struct: `core-v1.ResourceList` becomes `{quantity}`. */
  resolve(type: GoType): GoType {
    if (type.kind !== 'named') return { ...type, of: this.resolve(type.of) }
    const scalar = type.name === 'bytes' ? 'bytes' : SCALARS[type.name]
    if (scalar !== undefined) return { kind: 'named', name: `=${scalar}` }
    const [prefix = '', name = ''] = type.name.split('.')
    const file = this.files.get(prefix)
    if (file === undefined) throw new Error(`no group holds ${type.name}`)
    if (file.enums.has(name) && !isAliasOf(file, name)) return type
    const alias = file.aliases.get(name)
    if (alias !== undefined) return this.resolve(alias)
    if (!file.structs.some(struct => struct.name === name)) throw new Error(`no struct ${type.name}`)
    return type
  }

  render(type: GoType, home: string): string {
    if (type.kind === 'pointer') return `*${this.render(type.of, home)}`
    if (type.kind === 'list') return `[${this.render(type.of, home)}]`
    if (type.kind === 'map') return `{${this.render(type.of, home)}}`
    if (type.name.startsWith('=')) return type.name.slice(1)
    return type.name.startsWith(`${home}.`) ? type.name.slice(home.length + 1) : type.name
  }

  fieldLine(struct: GoStruct, field: GoField, home: string): string {
    const number = field.tags.get('protobuf')?.split(',')[1] ?? '0'
    const type = this.render(this.resolve(field.type), home)
    if (field.inline) return ` ...${type} ${number}`
    const json = field.tags.get('json') ?? ''
    const marked = (name: string): boolean => field.markers.some(marker => marker === name)
    const omitEmpty = json.includes(',omitempty')
    const required = marked('optional') ? false : marked('required') || !omitEmpty
    const parts = [` ${field.json}`, type, number]
    if (required || !omitEmpty) parts.push(required ? (omitEmpty ? '!?' : '!') : '.')
    parts.push(...this.mergeFacts(field))
    const value = this.defaultOf(`${home}.${struct.name}.${field.json}`, field, home)
    if (value !== undefined) parts.push(`default=${value}`)
    return parts.join(' ')
  }

  mergeFacts(field: GoField): string[] {
    const marker = (name: string): string[] =>
      field.markers.filter(text => text.startsWith(`${name}=`)).map(text => text.slice(name.length + 1))
    const strategy = field.tags.get('patchStrategy')
    const mergeKey = field.tags.get('patchMergeKey')
    const facts: string[] = []
    const resolved = this.resolve(field.type)
    const isList = resolved.kind === 'list'
    const merges = strategy?.split(',').includes('merge') === true
    const fallback = isList && merges ? (mergeKey === undefined ? 'set' : 'map') : undefined
    const listType = marker('listType')[0] ?? fallback
    const keys = marker('listMapKey')
    if (listType === 'map') facts.push(`list=${(keys.length === 0 ? [mergeKey ?? ''] : keys).join(',')}`)
    if (listType === 'set') facts.push('list=set')
    if ([...marker('mapType'), ...marker('structType')].includes('atomic')) facts.push('atomic')
    if (strategy !== undefined) facts.push(`patch=${strategy}${mergeKey === undefined ? '' : `:${mergeKey}`}`)
    return facts
  }

  defaultOf(key: string, field: GoField, home: string): string | undefined {
    if (key in DEFAULTS) return JSON.stringify(DEFAULTS[key])
    const marker = field.markers.find(text => text.startsWith('default='))?.slice('default='.length)
    const reference = marker === undefined ? null : /^ref\((\w+)\)$/.exec(marker)
    if (reference === null) return marker
    const constants = new RegExp(`\\s${reference[1]}\\s+\\w+\\s+= ("[^"]*")`)
    const found = constants.exec(sourceOf(this.files.get(home)?.group.folder ?? ''))
    if (found === null) throw new Error(`no constant ${reference[1]}`)
    return found[1]
  }

  data(file: GoFile): string {
    const home = file.group.file
    const lines: string[] = []
    for (const [name, values] of file.enums) {
      if (!isAliasOf(file, name)) lines.push(`enum ${name} ${values.join('|')}`)
    }
    for (const struct of file.structs) {
      const atomic = struct.markers.includes('structType=atomic') || struct.markers.includes('mapType=atomic')
      lines.push(atomic ? `${struct.name} atomic` : struct.name)
      for (const field of struct.fields) lines.push(this.fieldLine(struct, field, home))
    }
    const contract = `/**
 * Facts of every struct of ${file.group.folder}; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/${file.group.folder}/types.go (v0.36)
 */`
    return `${contract}\nexport const prefix = '${file.group.openApi}'\n\nexport const facts = \`\n${lines.join('\n')}\n\`\n`
  }

  typeScript(type: GoType, home: string, uses: Set<string>): string {
    if (type.kind === 'pointer') return this.typeScript(type.of, home, uses)
    const inner = type.kind === 'named' ? '' : this.typeScript(type.of, home, uses)
    if (type.kind === 'list') return inner.includes('|') ? `readonly (${inner})[]` : `readonly ${inner}[]`
    if (type.kind === 'map') return `Readonly<Record<string, ${inner}>>`
    const name = type.kind === 'named' ? type.name : ''
    if (name === '=raw') uses.add('object:Json')
    if (name.startsWith('=')) return TYPESCRIPT[name.slice(1)] ?? ''
    const [prefix = '', short = ''] = name.split('.')
    if (prefix === 'meta-v1' && BY_HAND.has(short)) uses.add(`object:${short}`)
    else if (prefix !== home) uses.add(`${prefix}:${short}`)
    return short
  }

  flat(struct: GoStruct): readonly GoField[] {
    return struct.fields.flatMap(field => {
      if (!field.inline || field.type.kind !== 'named') return [field]
      const [prefix = '', name = ''] = field.type.name.split('.')
      const found = this.files.get(prefix)?.structs.find(candidate => candidate.name === name)
      return found === undefined ? [] : this.flat(found)
    })
  }

  structType(struct: GoStruct, home: string, uses: Set<string>): string {
    const fields = this.flat(struct)
    const nameOf = (field: GoField | undefined): string =>
      field?.type.kind === 'named' ? field.type.name : ''
    const metadata = nameOf(fields.find(field => field.json === 'metadata'))
    const items = fields.find(field => field.json === 'items')?.type
    if (metadata === 'meta-v1.ListMeta' && items?.kind === 'list' && nameOf({ type: items.of } as GoField).startsWith(home)) {
      uses.add('object:ObjectList')
      return `export type ${struct.name} = ObjectList<${this.typeScript(items.of, home, uses)}>`
    }
    const isObject = metadata === 'meta-v1.ObjectMeta' && fields.some(field => field.json === 'kind')
    const lines = fields.map(field => {
      const optional =
        isObject && ['apiVersion', 'kind', 'metadata'].includes(field.json)
          ? ''
          : / !/.test(this.fieldLine(struct, field, home))
            ? ''
            : '?'
      const name = /^\w+$/.test(field.json) ? field.json : `'${field.json}'`
      const text =
        field.json === 'fieldsV1' ? 'Json' : this.typeScript(this.resolve(field.type), home, uses)
      return `  readonly ${name}${optional}: ${text}`
    })
    return lines.length === 0
      ? `export type ${struct.name} = Readonly<Record<string, never>>`
      : `export type ${struct.name} = {\n${lines.join('\n')}\n}`
  }

  types(file: GoFile): string {
    const home = file.group.file
    const uses = new Set<string>()
    const blocks: string[] = []
    for (const [name, values] of file.enums) {
      if (isAliasOf(file, name)) continue
      blocks.push(`export type ${name} = ${values.map(value => `'${value}'`).join(' | ')}`)
    }
    for (const struct of file.structs) {
      if (home === 'meta-v1' && BY_HAND.has(struct.name)) continue
      blocks.push(this.structType(struct, home, uses))
    }
    const imports = new Map<string, string[]>()
    for (const use of [...uses].sort()) {
      const [from = '', name = ''] = use.split(':')
      imports.set(from, [...(imports.get(from) ?? []), name])
    }
    const heads = [...imports].map(
      ([from, names]) =>
        `import type { ${names.join(', ')} } from '${from === 'object' ? '#api/object.ts' : `./${from}.ts`}'`,
    )
    if (home === 'meta-v1') heads.push(`export type { ${[...BY_HAND].join(', ')} } from '#api/object.ts'`)
    const contract = `/**
 * Types of ${file.group.folder}, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/${file.group.folder}/types.go (v0.36)
 */`
    return `${[`${contract}\n${heads.join('\n')}`, ...blocks].join('\n\n')}\n`
  }
}

const [root = '', project = ''] = process.argv.slice(2)

/** All declarations of a package as one text, so that imports and constants are found together. */
function sourceOf(folder: string): string {
  const directory = path.join(root, folder)
  return readdirSync(directory)
    .filter(name => /^types\w*\.go$|^watch\.go$|^group_version\.go$/.test(name) && !/_test|swagger/.test(name))
    .map(name => readFileSync(path.join(directory, name), 'utf8'))
    .join('\n')
}

const writer = new Writer(GROUPS.map(group => parseFile(group, sourceOf(group.folder))))
for (const file of writer.files.values()) {
  writeFileSync(path.join(project, 'api/schemas', `${file.group.file}.ts`), writer.data(file))
  writeFileSync(path.join(project, 'api/types', `${file.group.file}.ts`), writer.types(file))
}
