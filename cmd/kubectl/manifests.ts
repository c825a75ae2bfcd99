/** Manifests as people write them: files, folders, `-` for standard input; YAML documents, JSON, Lists. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { AnyObject } from '#api/object.ts'
import { messageOf } from '#base/errors.ts'
import { UsageError } from '../flags.ts'

/** Throws UsageError naming the file and what is wrong in it. */
export const readManifests = (sources: readonly string[]): AnyObject[] =>
  sources
    .flatMap(filesOf)
    .flatMap(file => parse(file, readFileSync(file === '-' ? 0 : file, 'utf8')))

function filesOf(source: string): string[] {
  if (source === '-') return [source]
  try {
    if (!statSync(source).isDirectory()) return [source]
  } catch {
    throw new UsageError(`the path "${source}" does not exist`)
  }
  return readdirSync(source)
    .filter(name => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map(name => join(source, name))
}

function parse(file: string, text: string): AnyObject[] {
  try {
    return loadAll(text)
      .filter(document => document !== null && document !== undefined)
      .flatMap(document => objectsIn(file, document))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`error parsing ${file}: ${messageOf(error)}`)
  }
}

function objectsIn(file: string, document: unknown): AnyObject[] {
  const object = document as Partial<AnyObject>
  if (
    typeof document !== 'object' ||
    object.kind === undefined ||
    object.apiVersion === undefined
  ) {
    throw new UsageError(`${file}: a document has no apiVersion or no kind`)
  }
  if (object.kind === 'List' && Array.isArray(object['items'])) {
    return object['items'].flatMap((item: unknown) => objectsIn(file, item))
  }
  if (object.metadata?.name === undefined && object.metadata?.generateName === undefined) {
    throw new UsageError(`${file}: a ${object.kind} has no metadata.name`)
  }
  return [object as AnyObject]
}
