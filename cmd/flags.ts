/**
 * Flags as data: one table per subcommand says name, environment variable, kind, default and help; parsing,
 * the config file and `--help` are derived from it. Pure: argv, environment and files come in as values.
 *
 * Precedence, as k3s users know it: command line, then environment, then config file, then default.
 * A repeated flag on the command line replaces the list of the file; `key+:` in a later file appends.
 */

export interface Flag {
  readonly kind: 'string' | 'number' | 'boolean' | 'list'
  readonly env?: string
  /** One letter, without the dash. */
  readonly short?: string
  readonly default?: string | number | boolean | readonly string[]
  /** What stands behind `=` in the help: FILE, PORT ... */
  readonly value?: string
  readonly help: string
}

export type FlagTable = Readonly<Record<string, Flag>>

type ValueOf<F extends Flag> = F['kind'] extends 'number'
  ? number
  : F['kind'] extends 'boolean'
    ? boolean
    : F['kind'] extends 'list'
      ? readonly string[]
      : string

/** Flags with a default are always there; the others may be absent. Lists and booleans default to empty. */
export type FlagValues<T extends FlagTable> = {
  readonly [Name in keyof T]:
    | ValueOf<T[Name]>
    | (T[Name] extends { readonly default: unknown } | { readonly kind: 'list' | 'boolean' }
        ? never
        : undefined)
}

/** A mistake of the person who typed: printed as one line, never with a stack. */
export class UsageError extends Error {}

export interface FlagSources {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Parsed config files in order of precedence, lowest first. */
  readonly files: readonly Readonly<Record<string, unknown>>[]
}

export interface ParsedFlags<T extends FlagTable> {
  readonly values: FlagValues<T>
  /** Arguments that are not flags, in order. */
  readonly rest: readonly string[]
}

type Raw = Map<string, readonly string[]>

/** Throws UsageError naming the flag and what is wrong with it. */
export function parseFlags<const T extends FlagTable>(
  table: T,
  sources: FlagSources,
): ParsedFlags<T> {
  const { raw: fromArgv, rest } = readArgv(table, sources.argv)
  const layers = [fromArgv, readEnv(table, sources.env), readFiles(table, sources.files)]
  const values = Object.fromEntries(
    Object.entries(table).map(([name, flag]) => {
      const found = layers.map(layer => layer.get(name)).find(texts => texts !== undefined)
      return [name, found === undefined ? fallback(flag) : convert(name, flag, found)]
    }),
  )
  // The seam: `values` is built from exactly the names and kinds of `table`.
  return { values: values as FlagValues<T>, rest }
}

function readArgv(table: FlagTable, argv: readonly string[]): { raw: Raw; rest: string[] } {
  const raw: Map<string, string[]> = new Map()
  const rest: string[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      rest.push(...argv.slice(index + 1))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      rest.push(argument)
      continue
    }
    const { head, attached } = splitFlag(table, argument)
    const name = nameOf(table, head)
    const flag = flagOf(table, name)
    if (flag === undefined) throw new UsageError(`unknown flag: ${head} (see --help)`)
    if (attached === undefined && flag.kind !== 'boolean') index += 1
    const text = attached ?? (flag.kind === 'boolean' ? 'true' : argv[index])
    if (text === undefined) throw new UsageError(`flag needs a value: ${head}`)
    raw.set(name, [...(raw.get(name) ?? []), text])
  }
  return { raw, rest }
}

/** `--name=value`, `-n=value`, and a value glued to a short flag as in `-oyaml`. */
function splitFlag(
  table: FlagTable,
  argument: string,
): { head: string; attached: string | undefined } {
  const equals = argument.indexOf('=')
  if (equals >= 0) return { head: argument.slice(0, equals), attached: argument.slice(equals + 1) }
  const isGlued =
    !argument.startsWith('--') &&
    argument.length > 2 &&
    flagOf(table, argument.slice(1)) === undefined
  const short = isGlued ? flagOf(table, nameOf(table, argument.slice(0, 2))) : undefined
  if (short === undefined || short.kind === 'boolean')
    return { head: argument, attached: undefined }
  return { head: argument.slice(0, 2), attached: argument.slice(2) }
}

/** `--name` and, as Go's flag packages allow, `-name`; `-x` by its short form. */
function nameOf(table: FlagTable, head: string): string {
  const bare = head.replace(/^--?/, '')
  if (head.startsWith('--') || bare.length > 1) return bare
  return Object.keys(table).find(name => table[name]?.short === bare) ?? bare
}

const flagOf = (table: FlagTable, name: string): Flag | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

function readEnv(table: FlagTable, env: FlagSources['env']): Raw {
  const raw: Raw = new Map()
  for (const [name, flag] of Object.entries(table)) {
    const text = flag.env === undefined ? undefined : env[flag.env]
    if (text !== undefined && text !== '') raw.set(name, [text])
  }
  return raw
}

function readFiles(table: FlagTable, files: FlagSources['files']): Raw {
  const raw: Map<string, string[]> = new Map()
  for (const file of files) {
    for (const [key, value] of Object.entries(file)) {
      const name = key.replace(/\+$/, '')
      // A config file serves server and agent alike: what this subcommand does not know is not its business.
      const flag = flagOf(table, name)
      if (flag === undefined || value === null || value === undefined) continue
      const texts = textsOf(name, flag, value)
      raw.set(name, key.endsWith('+') ? [...(raw.get(name) ?? []), ...texts] : texts)
    }
  }
  return raw
}

/** Throws UsageError for what no flag could say. */
function textsOf(name: string, flag: Flag, value: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.some(item => typeof item === 'object'))
    throw new UsageError(
      `config file: ${name} holds a map or an empty item, but must be plain text`,
    )
  if (Array.isArray(value) && flag.kind !== 'list')
    throw new UsageError(`config file: ${name} takes one value, not a list`)
  return items.map(item => String(item))
}

const fallback = (flag: Flag): unknown =>
  flag.default ?? (flag.kind === 'list' ? [] : flag.kind === 'boolean' ? false : undefined)

function convert(name: string, flag: Flag, texts: readonly string[]): unknown {
  const last = texts.at(-1) ?? ''
  switch (flag.kind) {
    case 'string':
      return last
    case 'list':
      return texts.flatMap(text => text.split(',')).filter(text => text !== '')
    case 'boolean':
      if (['true', '1', 'yes'].includes(last)) return true
      if (['false', '0', 'no'].includes(last)) return false
      throw new UsageError(`--${name} is true or false, not "${last}"`)
    case 'number': {
      const value = Number(last)
      if (last.trim() === '' || !Number.isInteger(value) || value < 0) {
        throw new UsageError(`--${name} is a whole number, not "${last}"`)
      }
      return value
    }
  }
}

/** The flag part of `--help`: one flag a line, aligned, with environment variable and default. */
export function describeFlags(table: FlagTable): string {
  const rows = Object.entries(table).map(([name, flag]) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `
    const value = flag.kind === 'boolean' ? '' : ` ${flag.value ?? 'VALUE'}`
    const notes = [
      flag.kind === 'list' ? '(repeatable)' : '',
      flag.env === undefined ? '' : `[$${flag.env}]`,
      flag.default === undefined || flag.default === false || flag.default === ''
        ? ''
        : `(default: ${String(flag.default)})`,
    ].filter(note => note !== '')
    return { left: `  ${short}--${name}${value}`, right: [flag.help, ...notes].join(' ') }
  })
  const width = Math.min(44, Math.max(...rows.map(row => row.left.length)) + 2)
  return rows.map(row => `${row.left.padEnd(width)}${row.right}`).join('\n')
}
