/**
 * Defaults of the core kinds that limit, replicate and hold: each depends on other fields of its struct. Pure.
 * Source: kubernetes pkg/apis/core/v1/defaults.go
 */
import { type Fields, recordOf } from '#api/values.ts'

const isEmpty = (value: unknown): boolean => Object.keys(recordOf(value)).length === 0

/** Containers are limited to the most they may have, and ask for their limit or else for the least. */
function limitRangeItem(value: Fields): Fields {
  if (value['type'] !== 'Container') return value
  const limits = { ...recordOf(value['max']), ...recordOf(value['default']) }
  const requests = { ...recordOf(value['min']), ...limits, ...recordOf(value['defaultRequest']) }
  return { ...value, ...given('default', limits), ...given('defaultRequest', requests) }
}

/** Empty maps are not stored. */
const given = (name: string, amounts: Fields): Fields =>
  isEmpty(amounts) ? {} : { [name]: amounts }

/** Without labels and selector of its own, a controller has those of its template. */
function replicationController(value: Fields): Fields {
  const spec = recordOf(value['spec'])
  const { labels } = recordOf(recordOf(spec['template'])['metadata'])
  if (isEmpty(labels)) return value
  const metadata = recordOf(value['metadata'])
  const isSelecting = !isEmpty(spec['selector'])
  const isLabelled = !isEmpty(metadata['labels'])
  if (isSelecting && isLabelled) return value
  return {
    ...value,
    metadata: isLabelled ? metadata : { ...metadata, labels },
    spec: isSelecting ? spec : { ...spec, selector: labels },
  }
}

export const LIMIT_RULES: Readonly<Record<string, (value: Fields) => Fields>> = {
  'io.k8s.api.core.v1.LimitRangeItem': limitRangeItem,
  'io.k8s.api.core.v1.ReplicationController': replicationController,
}
