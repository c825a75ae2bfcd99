/**
 * Keys of ConfigMaps and Secrets, tokens and pod fields as files. Pure.
 * Throws  Error with the words of a FailedMount event when something required is missing.
 * Source: kubernetes pkg/volume/configmap, secret, downwardapi, projected (MakePayload, CollectData)
 */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Secret } from '#api/types/core-v1.ts'
import { type FieldFacts, podField, resourceField } from '../pods/fields.ts'
import type { PayloadFile } from './volume.ts'

export const DEFAULT_MODE = 0o644

export interface KeySelection {
  /** `configmap` or `secret`, with namespace and name, for messages. */
  readonly what: string
  readonly items: readonly KeyToPath[] | undefined
  readonly defaultMode: number
  readonly isOptional: boolean
}

type Entries = readonly (readonly [path: string, file: PayloadFile])[]

export const configMapKeys = ({ data, binaryData }: ConfigMap): ReadonlyMap<string, Buffer> =>
  new Map([
    ...Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'utf8')] as const),
    ...Object.entries(binaryData ?? {}).map(
      ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
    ),
  ])

export const secretKeys = ({ data }: Secret): ReadonlyMap<string, Buffer> =>
  new Map(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]))

/** All keys, or the chosen ones under their paths. */
export function selectKeys(keys: ReadonlyMap<string, Buffer>, selection: KeySelection): Entries {
  const { items, defaultMode } = selection
  if (items === undefined || items.length === 0) {
    return [...keys].map(([key, content]) => [checkedPath(key), { content, mode: defaultMode }])
  }
  return items.flatMap(({ key, path, mode }): Entries => {
    const content = keys.get(key)
    if (content === undefined) {
      if (selection.isOptional) return []
      throw new Error(
        `${selection.what} references non-existent ${selection.what.startsWith('secret') ? 'secret' : 'config'} key: ${key}`,
      )
    }
    return [[checkedPath(path), { content, mode: mode ?? defaultMode }]]
  })
}

export function downwardFiles(
  items: readonly DownwardAPIVolumeFile[],
  facts: FieldFacts,
  defaultMode: number,
): Entries {
  return items.map(({ path, fieldRef, resourceFieldRef, mode }) => {
    const text =
      fieldRef !== undefined
        ? podField(facts, fieldRef.fieldPath)
        : resourceFieldRef === undefined
          ? ''
          : containerField(facts, resourceFieldRef)
    return [checkedPath(path), { content: Buffer.from(text, 'utf8'), mode: mode ?? defaultMode }]
  })
}

function containerField(
  facts: FieldFacts,
  ref: NonNullable<DownwardAPIVolumeFile['resourceFieldRef']>,
): string {
  const spec = facts.pod.spec
  const container = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
    ({ name }) => name === ref.containerName,
  )
  if (container === undefined) throw new Error(`container ${ref.containerName ?? ''} not found`)
  return resourceField(facts, container, ref)
}

/** The API refuses such paths already; a file outside its volume would be too bad to trust in that. */
export function checkedPath(path: string): string {
  const parts = path.split('/')
  const isBad = path === '' || path.startsWith('/') || path.includes('\0') || path.startsWith('..')
  if (isBad || parts.some(part => part === '..' || part === '.' || part === '')) {
    throw new Error(`invalid path: ${JSON.stringify(path)}`)
  }
  return path
}
