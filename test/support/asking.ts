/** Requests about one kind, as rows of a corpus of cases: each has a title and the least of an object. Pure. */
import { type Asked, TABLE } from '#test/support/answers.ts'

export interface Fields {
  readonly metadata?: object
  readonly [name: string]: unknown
}

/** What can be asked of the objects of one kind. A row that differs on purpose is spread over: `{...row, differs}`. */
export interface Asker {
  create(title: string, name: string, fields?: Fields): Asked
  put(title: string, name: string, fields?: Fields, subresource?: string): Asked
  merge(title: string, name: string, fields: object, subresource?: string): Asked
  /** Server-side, by a manager called `applier`. */
  apply(title: string, name: string, fields: object, subresource?: string): Asked
  get(title: string, name: string, subresource?: string): Asked
  /** Those labelled `of=$NS`, where the kind is cluster-scoped. */
  table(title: string): Asked
  select(title: string, fieldSelector: string): Asked
  remove(title: string, name: string): Asked
}

/** Cluster-scoped objects carry the namespace in their names and in a label, as both servers are shared. */
export function asking(apiVersion: string, kind: string, plural: string, scope = ''): Asker {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const isShared = scope === 'cluster'
  const collection = isShared ? `${root}/${plural}` : `${root}/namespaces/$NS/${plural}`
  const named = (name: string): string => (isShared ? `${name}.$NS` : name)
  const at = (name: string, subresource = ''): string =>
    `${collection}/${named(name)}${subresource === '' ? '' : `/${subresource}`}`
  const object = (name: string, { metadata = {}, ...fields }: Fields): object => ({
    apiVersion,
    kind,
    metadata: { name: named(name), ...(isShared ? { labels: { of: '$NS' } } : {}), ...metadata },
    ...fields,
  })
  const mine = isShared ? '?labelSelector=of%3D$NS' : ''
  return {
    create: (title, name, fields = {}) => ({
      title,
      method: 'POST',
      path: collection,
      body: object(name, fields),
    }),
    put: (title, name, fields = {}, subresource = '') => ({
      title,
      method: 'PUT',
      path: at(name, subresource),
      body: object(name, fields),
    }),
    merge: (title, name, fields, subresource = '') => ({
      title,
      method: 'PATCH',
      path: at(name, subresource),
      body: fields,
    }),
    apply: (title, name, fields, subresource = '') => ({
      title,
      method: 'PATCH',
      path: `${at(name, subresource)}?fieldManager=applier`,
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion, kind, metadata: { name: named(name) }, ...fields },
    }),
    get: (title, name, subresource = '') => ({ title, method: 'GET', path: at(name, subresource) }),
    table: title => ({ title, method: 'GET', path: `${collection}${mine}`, accept: TABLE }),
    select: (title, fieldSelector) => ({
      title,
      method: 'GET',
      path: `${collection}?fieldSelector=${encodeURIComponent(fieldSelector)}`,
      accept: TABLE,
    }),
    remove: (title, name) => ({ title, method: 'DELETE', path: at(name) }),
  }
}
