/** Manifests as people write them: files, folders, `-` for standard input; YAML documents, JSON, Lists. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { isWithin } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { isRecord } from '#api/values.ts'
import { yamlFault } from '#base/errors.ts'
import { YAML_SCHEMA } from '#client/yaml.ts'
import { UsageError } from '../flags.ts'

/** Values and characters of a document once each alias stands for a copy: what the server takes as a body. */
const EXPANDED_MAX = 3 * 1024 * 1024

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
    const documents = loadAll(text, { schema: YAML_SCHEMA })
    if (text.includes('*') && !documents.every(document => isWithin(document, EXPANDED_MAX)))
      throw new UsageError(
        `error parsing ${file}: its aliases stand for more than the server takes`,
      )
    return documents
      .filter(document => document !== null && document !== undefined)
      .flatMap(document => objectsIn(file, document))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`error parsing ${file}: ${yamlFault(error)}`)
  }
}

function objectsIn(file: string, document: unknown): AnyObject[] {
  if (!isRecord(document) || !isText(document['kind']) || !isText(document['apiVersion'])) {
    throw new UsageError(`${file}: a document has no apiVersion or no kind`)
  }
  // The seam: what else is wrong with it, the server says.
  const object = document as Partial<AnyObject>
  if (object.kind === 'List' && Array.isArray(object['items'])) {
    return object['items'].flatMap((item: unknown) => objectsIn(file, item))
  }
  if (object.metadata?.name === undefined && object.metadata?.generateName === undefined) {
    throw new UsageError(`${file}: a ${object.kind} has no metadata.name`)
  }
  return [object as AnyObject]
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
