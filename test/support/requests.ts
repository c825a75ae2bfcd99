/** Requests of any method, as rows of a corpus of cases. Pure. */
import type { Asked } from '#test/support/answers.ts'

type More = Partial<Asked>

export const get = (title: string, path: string, more: More = {}): Asked => ({
  title,
  method: 'GET',
  path,
  ...more,
})

export const post = (title: string, path: string, body: unknown, more: More = {}): Asked => ({
  title,
  method: 'POST',
  path,
  body,
  ...more,
})

export const put = (title: string, path: string, body: unknown, more: More = {}): Asked => ({
  title,
  method: 'PUT',
  path,
  body,
  ...more,
})

export const del = (title: string, path: string, body?: unknown, more: More = {}): Asked => ({
  title,
  method: 'DELETE',
  path,
  body,
  ...more,
})

const PATCHES: Readonly<Record<string, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** `type` is one of upstream's four by its short name, or any media type. */
export const patch = (title: string, path: string, type: string, body: unknown): Asked => ({
  title,
  method: 'PATCH',
  path,
  body,
  contentType: PATCHES[type] ?? type,
})

export const CONFIG_MAPS = '/api/v1/namespaces/$NS/configmaps'
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/$NS/deployments'

/** `more` may have other metadata. */
export const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})

export const deployment = (name: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'a', image: 'i' }] },
    },
    ...spec,
  },
})
