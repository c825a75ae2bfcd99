/** What odd and heavy requests are written with. Not a test itself. */
export const JSON_TYPE = 'application/json'
export const YAML = 'application/yaml'
export const PROTOBUF = 'application/vnd.kubernetes.protobuf'
export const MERGE = 'application/merge-patch+json'
export const STRATEGIC = 'application/strategic-merge-patch+json'
export const JSON_PATCH = 'application/json-patch+json'
export const APPLY = 'application/apply-patch+yaml'

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
export const PODS = '/api/v1/namespaces/default/pods'
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const KEPT = `${CONFIG_MAPS}/kept`
export const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments/kept'

export const many = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(',')
export const configMap = (more: string): string => `{"metadata":{"name":"x"},${more}}`
export const metadata = (more: string): string => `{"metadata":{"name":"x",${more}}}`
export const pod = (spec: string): string => `{"metadata":{"name":"x"},"spec":{${spec}}}`
export const container = (more = ''): string => `"containers":[{"name":"a","image":"a"${more}}]`
export const nested = (depth: number, open: string, close: string): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`

/** `method path`, body, media type, the answer's code and what it says or holds. */
export type Case = readonly [
  what: string,
  request: string,
  body: string | Buffer | undefined,
  type: string,
  status: number,
  says?: RegExp,
]

export const create = (path: string): string => `POST ${path}`
export const patch = (path: string): string => `PATCH ${path}`

export const TRAPS = '"__proto__":"1","constructor":"2","toString":"3"'

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]

/** A message in a message in a message, as Raw of the envelope. */
export function deepMessage(depth: number): Buffer {
  let message = Buffer.alloc(0)
  for (let level = 0; level < depth; level++) {
    message = Buffer.concat([Buffer.from([0x0a, ...varint(message.length)]), message])
  }
  const head = Buffer.from([0x12, ...varint(message.length)])
  return Buffer.concat([Buffer.from('k8s\0'), head, message])
}

export const schemaOf = (schema: string): string =>
  `{"metadata":{"name":"as.x.io"},"spec":{"group":"x.io","scope":"Namespaced","names":{"plural":"as","kind":"A"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":${schema}}}]}}`

export const owner = (at: number): string =>
  `{"apiVersion":"v1","kind":"Pod","name":"a${at}","uid":"u${at}"}`

export const SEEDS = { long: 'x'.repeat(1024 * 1024), path: 'x'.repeat(60_000) }
