/**
 * Writes what was read from Go in the notation of `api/schema/notation.ts`. Pure.
 */
import { DEFAULTS } from './defaults.ts'
import { type GoField, type GoFile, type GoStruct, type GoType, isAliasOf, SCALARS } from './go.ts'

/** The Go source of a group, where constants that defaults refer to are declared. */
export type Constants = (file: string) => string

export class FactsWriter {
  readonly files: ReadonlyMap<string, GoFile>
  readonly constants: Constants

  constructor(files: readonly GoFile[], constants: Constants) {
    this.constants = constants
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
    if (!file.structs.some(struct => struct.name === name))
      throw new Error(`no struct ${type.name}`)
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
    const isStated = field.markers.some(marker => marker.startsWith('default='))
    if (value !== undefined) parts.push(`${isStated ? 'default' : 'implied'}=${value}`)
    return parts.join(' ')
  }

  mergeFacts(field: GoField): string[] {
    const marker = (name: string): string[] =>
      field.markers
        .filter(text => text.startsWith(`${name}=`))
        .map(text => text.slice(name.length + 1))
    const strategy = field.tags.get('patchStrategy')
    const mergeKey = field.tags.get('patchMergeKey')
    const facts: string[] = []
    const resolved = this.resolve(field.type)
    const isList = resolved.kind === 'list'
    const merges = strategy?.split(',').includes('merge') === true
    const fallback = isList && merges ? (mergeKey === undefined ? 'set' : 'map') : undefined
    const listType = marker('listType')[0] ?? fallback
    const keys = marker('listMapKey')
    if (listType === 'map')
      facts.push(`list=${(keys.length === 0 ? [mergeKey ?? ''] : keys).join(',')}`)
    if (listType === 'set') facts.push('list=set')
    if ([...marker('mapType'), ...marker('structType')].includes('atomic')) facts.push('atomic')
    if (strategy !== undefined)
      facts.push(`patch=${strategy}${mergeKey === undefined ? '' : `:${mergeKey}`}`)
    return facts
  }

  defaultOf(key: string, field: GoField, home: string): string | undefined {
    if (key in DEFAULTS) return JSON.stringify(DEFAULTS[key])
    const marker = field.markers.find(text => text.startsWith('default='))?.slice('default='.length)
    const reference = marker === undefined ? null : /^ref\((\w+)\)$/.exec(marker)
    if (reference === null) return marker
    const pattern = new RegExp(`\\s${reference[1]}\\s+\\w+\\s+= ("[^"]*")`)
    const found = pattern.exec(this.constants(home))
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
      const atomic =
        struct.markers.includes('structType=atomic') || struct.markers.includes('mapType=atomic')
      lines.push(atomic ? `${struct.name} atomic` : struct.name)
      for (const field of struct.fields) lines.push(this.fieldLine(struct, field, home))
    }
    const contract = `/**
 * Facts of every struct of ${file.group.folder}; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/${file.group.folder}/types.go (v0.36)
 */`
    return `${contract}\nexport const prefix = '${file.group.openApi}'\n\nexport const facts = \`\n${lines.join('\n')}\n\`\n`
  }
}
