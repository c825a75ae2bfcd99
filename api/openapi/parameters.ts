/**
 * Path and query parameters of operations, as kubectl and generated clients expect to find them. Pure data.
 * kubectl looks for `dryRun`, `fieldValidation` and `fieldManager` here before it sends them.
 * Source: k8s.io/apiserver pkg/endpoints/installer.go (names); descriptions are our own
 */
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
const FORCE = query('force', 'boolean', 'Apply only: take over fields that others own.')

export const WRITE: readonly Parameter[] = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION]
export const PATCH: readonly Parameter[] = [...WRITE, FORCE]

export const DELETE: readonly Parameter[] = [
  DRY_RUN,
  query('gracePeriodSeconds', 'integer', 'Seconds until the object goes; 0 is at once.'),
  query('orphanDependents', 'boolean', 'Deprecated; use propagationPolicy.'),
  query('propagationPolicy', 'string', 'Orphan, Background or Foreground.'),
]

export const LIST: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Send bookmarks on a watch.'),
  query('continue', 'string', 'Token of the previous page.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'Most objects in one answer.'),
  query('resourceVersion', 'string', 'Not older than, or exactly, this version.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with what there is.'),
  query('timeoutSeconds', 'integer', 'Longest duration of the call.'),
  query('watch', 'boolean', 'Stream changes instead of one answer.'),
]
