/**
 * Path and query parameters of operations, as kubectl and generated clients expect to find them. Pure.
 * kubectl looks for `dryRun`, `fieldValidation` and `fieldManager` here before it sends them.
 * Each is one object, so that what operations have in common can be told.
 * Source: k8s.io/apiserver pkg/endpoints/installer.go (names); descriptions are our own
 */
import type { Field, StructType } from '#api/schema/type.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly description: string
  readonly required?: true
  readonly schema: { readonly type: string; readonly uniqueItems: true }
}

const query = (name: string, type: string, description: string): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
})

const segment = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  description,
  required: true,
  schema: { type: 'string', uniqueItems: true },
})

export const NAME = segment('name', 'Name of the object.')
export const PATH = segment('path', 'Path at what is proxied to.')
export const NAMESPACE = segment('namespace', 'Namespace of the object.')
export const PRETTY = query('pretty', 'string', 'Indent the answer.')

const DRY_RUN = query('dryRun', 'string', 'All: go through every stage, store nothing.')
const FIELD_MANAGER = query(
  'fieldManager',
  'string',
  'Who is recorded as owner of what is written.',
)
const FIELD_VALIDATION = query(
  'fieldValidation',
  'string',
  'What happens to unknown and duplicate fields: Ignore, Warn or Strict.',
)
const RESOURCE_VERSION = query(
  'resourceVersion',
  'string',
  'Not older than, or exactly, this version.',
)
/** Of what a definition has brought, a GET names its version. */
export const READ_CUSTOM: readonly Parameter[] = [RESOURCE_VERSION]
const FORCE = query('force', 'boolean', 'Apply only: take over fields that others own.')

export const WRITE: readonly Parameter[] = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION]
export const PATCH: readonly Parameter[] = [...WRITE, FORCE]

const DELETE_OPTIONS: readonly Parameter[] = [
  DRY_RUN,
  query('gracePeriodSeconds', 'integer', 'Seconds until the object goes; 0 is at once.'),
  query(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'boolean',
    'Delete even what cannot be read; not served here.',
  ),
  query('orphanDependents', 'boolean', 'Deprecated; use propagationPolicy.'),
  query('propagationPolicy', 'string', 'Orphan, Background or Foreground.'),
]

/** What also tells a deletion of many which objects are meant. */
const SELECTION: readonly Parameter[] = [
  query('continue', 'string', 'Token of the previous page.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'Most objects in one answer.'),
  RESOURCE_VERSION,
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with what there is.'),
  query('shardSelector', 'string', 'Only objects of this shard; not served here.'),
  query('timeoutSeconds', 'integer', 'Longest duration of the call.'),
]

export const DELETE: readonly Parameter[] = DELETE_OPTIONS
export const DELETE_COLLECTION: readonly Parameter[] = [...DELETE_OPTIONS, ...SELECTION]
export const LIST: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Send bookmarks on a watch.'),
  ...SELECTION,
  query('watch', 'boolean', 'Stream changes instead of one answer.'),
]

const known = new WeakMap<StructType, readonly Parameter[]>()

/** The options of a call, whose fields are its query. */
export function optionsOf(options: StructType): readonly Parameter[] {
  const found = known.get(options) ?? [...options.fields.values()].flatMap(parameterOf)
  known.set(options, found)
  return found
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
}

/** Times have none: upstream knows simple types only. */
function parameterOf({ name, type, description }: Field): readonly Parameter[] {
  if (name === 'kind' || name === 'apiVersion') return []
  const inner = type.kind === 'list' ? type.items : type
  const simple = inner.kind === 'scalar' ? TYPES[inner.scalar] : undefined
  return simple === undefined ? [] : [query(name, simple, description)]
}

/** Sorted; where two have one name, the path's comes first. */
export const sorted = (parameters: readonly Parameter[]): readonly Parameter[] =>
  parameters.toSorted((left, right) =>
    left.name === right.name ? inOrder(left.in, right.in) : inOrder(left.name, right.name),
  )

const inOrder = (left: string, right: string): number => (left < right ? -1 : 1)
