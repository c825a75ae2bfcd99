/** What tests of verbs share: media types of patches, small objects, and an answer as code, reason and message. Not a test itself. */
import type { Reply } from './api-fixture.ts'

export const MERGE = { 'content-type': 'application/merge-patch+json' }
export const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' }
export const JSON_PATCH = { 'content-type': 'application/json-patch+json' }

export const told = ({ status, body }: Reply): readonly unknown[] => [
  status,
  body['reason'],
  body['message'],
]

export const pod = (name: string, spec: object = {}): object => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
})

export const CONFIGMAPS = '/api/v1/namespaces/default/configmaps'

export const configMap = (name: string, data: Record<string, string> = { a: 'b' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
