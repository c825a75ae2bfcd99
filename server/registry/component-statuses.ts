/**
 * ComponentStatuses, which old clients ask for: nothing is stored, and who gets an answer has heard from all of them,
 * because they are one process. Pure data.
 *
 * Source: kubernetes pkg/registry/core/componentstatus/rest.go
 */
import type { AnyObject } from '#api/object.ts'
import { notFound } from '#api/status.ts'
import type { Cached } from '#server/cache/cache.ts'
import type { Answer, Call } from './call.ts'

const NAMES = ['scheduler', 'controller-manager', 'etcd-0'] as const

const componentStatus = (name: string): AnyObject => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name },
  conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
})

/** An object that no revision stands behind, in the shape of stored ones. */
function virtual(object: AnyObject): Cached {
  const stored = { bytes: Buffer.from(JSON.stringify(object)), peek: () => object }
  return {
    ...stored,
    key: `/componentstatuses/${object.metadata.name ?? ''}`,
    revision: 0,
    createRevision: 0,
    object: stored.peek,
    form: form => form.encode(stored),
  }
}

const ITEMS = new Map(NAMES.map(name => [name as string, virtual(componentStatus(name))]))

export async function getComponentStatus(call: Call): Promise<Answer> {
  const item = ITEMS.get(call.name)
  if (item === undefined)
    throw notFound({ group: '', resource: 'componentstatus', name: call.name })
  return { kind: 'item', code: 200, item }
}

export const listComponentStatuses = async (call: Call): Promise<Answer> => ({
  kind: 'page',
  resource: call.resource,
  page: {
    page: { items: [...ITEMS.values()], revision: 0, next: undefined, remaining: undefined },
    continue: undefined,
  },
})
