/**
 * Reads what configuration files there are: `config.yaml` and its drop-ins in alphabetical order, lowest first.
 * A missing file is no mistake unless somebody named it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import { yamlFault } from '#base/errors.ts'
import { UsageError } from './flags.ts'

const DEFAULT_CONFIG = '/etc/kites/config.yaml'

type ConfigFile = Readonly<Record<string, unknown>>

/** Throws UsageError naming the file that cannot be read or is not a map of flags. */
export function readConfigFiles(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigFile[] {
  const named = namedOnCommandLine(argv) ?? env['KITES_CONFIG_FILE']
  const file = named ?? DEFAULT_CONFIG
  if (named !== undefined && !existsSync(named)) {
    throw new UsageError(`config file ${named} does not exist`)
  }
  const folder = `${file}.d`
  const dropIns = existsSync(folder)
    ? readdirSync(folder)
        .filter(name => /\.ya?ml$/.test(name) && !name.startsWith('.'))
        .sort()
        .map(name => `${folder}/${name}`)
    : []
  return [...(existsSync(file) ? [file] : []), ...dropIns].map(parse)
}

function namedOnCommandLine(argv: readonly string[]): string | undefined {
  for (const [index, argument] of argv.entries()) {
    if (argument === '--config' || argument === '-c') return argv[index + 1]
    const [, given] = /^(?:--config|-c)=(.*)$/.exec(argument) ?? []
    if (given !== undefined) return given
  }
  return undefined
}

function parse(file: string): ConfigFile {
  try {
    // An empty file, or one of comments only, says nothing, which is fine.
    const [first, ...more]: readonly unknown[] = loadAll(readFileSync(file, 'utf8'))
    const content = first ?? {}
    if (more.length > 0) throw new Error('it holds more than one document')
    if (typeof content === 'object' && !Array.isArray(content)) return content as ConfigFile
  } catch (error) {
    throw new UsageError(`config file ${file}: ${yamlFault(error)}`)
  }
  throw new UsageError(`config file ${file} must be a map of flag names to values`)
}
