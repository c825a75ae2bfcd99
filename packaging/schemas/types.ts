/**
 * Writes what was read from Go as TypeScript types, deeply readonly. Pure.
 */
import type { FactsWriter } from './facts.ts'
import { type GoField, type GoFile, type GoStruct, type GoType, isAliasOf } from './go.ts'

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
  'schema-or-bool': 'Json',
  'schema-or-list': 'Json',
  'schema-or-names': 'Json',
}

/** Declared by hand in api/object.ts, because code that knows no kind needs them. */
const BY_HAND = new Set(['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'ListMeta'])

export class TypesWriter {
  readonly facts: FactsWriter

  constructor(facts: FactsWriter) {
    this.facts = facts
  }

  typeScript(type: GoType, home: string, uses: Set<string>): string {
    if (type.kind === 'pointer') return this.typeScript(type.of, home, uses)
    const inner = type.kind === 'named' ? '' : this.typeScript(type.of, home, uses)
    if (type.kind === 'list')
      return inner.includes('|') ? `readonly (${inner})[]` : `readonly ${inner}[]`
    if (type.kind === 'map') return `Readonly<Record<string, ${inner}>>`
    const name = type.kind === 'named' ? type.name : ''
    if (TYPESCRIPT[name.slice(1)] === 'Json') uses.add('object:Json')
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
      const found = this.facts.files.get(prefix)?.structs.find(candidate => candidate.name === name)
      return found === undefined ? [] : this.flat(found)
    })
  }

  structType(struct: GoStruct, home: string, uses: Set<string>): string {
    const fields = this.flat(struct)
    const nameOf = (type: GoType | undefined): string => (type?.kind === 'named' ? type.name : '')
    const metadata = nameOf(fields.find(field => field.json === 'metadata')?.type)
    const items = fields.find(field => field.json === 'items')?.type
    if (
      metadata === 'meta-v1.ListMeta' &&
      items?.kind === 'list' &&
      nameOf(items.of).startsWith(home)
    ) {
      uses.add('object:ObjectList')
      return `export type ${struct.name} = ObjectList<${this.typeScript(items.of, home, uses)}>`
    }
    const isObject =
      metadata === 'meta-v1.ObjectMeta' && fields.some(field => field.json === 'kind')
    const lines = fields.map(field => {
      const optional =
        isObject && ['apiVersion', 'kind', 'metadata'].includes(field.json)
          ? ''
          : / !/.test(this.facts.fieldLine(struct, field, home))
            ? ''
            : '?'
      const name = /^\w+$/.test(field.json) ? field.json : `'${field.json}'`
      const text =
        field.json === 'fieldsV1'
          ? 'Json'
          : this.typeScript(this.facts.resolve(field.type), home, uses)
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
    if (home === 'meta-v1')
      heads.push(`export type { ${[...BY_HAND].join(', ')} } from '#api/object.ts'`)
    const contract = `/**
 * Types of ${file.group.folder}, deeply readonly; optional as in upstream's JSON.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/${file.group.folder}/types.go (v0.36)
 */`
    return `${[`${contract}\n${heads.join('\n')}`, ...blocks].join('\n\n')}\n`
  }
}
