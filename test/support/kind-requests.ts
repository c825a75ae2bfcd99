/** Requests about several kinds, as rows of a corpus of cases: each names its kind in its title. Pure. */
import { type Asked, TABLE } from '#test/support/answers.ts'

export interface Kind {
  readonly apiVersion: string
  readonly kind: string
  /** Of the collection. */
  readonly path: string
}

/** `plural` begins with `$NS/` where the kind has a namespace. */
export const kindAt = (apiVersion: string, kind: string, plural: string): Kind => {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return { apiVersion, kind, path: `${root}/${plural.replace(/^\$NS/, 'namespaces/$$NS')}` }
}

/** An object called `bad`, unless `metadata` says otherwise. */
export const post = (kind: Kind, title: string, fields: object, metadata: object = {}): Asked => ({
  title: `${kind.kind}: ${title}`,
  method: 'POST',
  path: `${kind.path}?fieldManager=me`,
  body: {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { name: 'bad', ...metadata },
    ...fields,
  },
})

/** `part` is a subresource: `/status`. */
export const patch = (kind: Kind, title: string, name: string, body: object, part = ''): Asked => ({
  title: `${kind.kind}: ${title}`,
  method: 'PATCH',
  path: `${kind.path}/${name}${part}?fieldManager=me`,
  body,
})

export const table = (kind: Kind, query = ''): Asked => ({
  title: `${kind.kind}: a table ${query}`.trim(),
  method: 'GET',
  path: `${kind.path}${query}`,
  accept: TABLE,
})

export const remove = (kind: Kind, name: string): Asked => ({
  title: `${kind.kind}: ${name} deleted`,
  method: 'DELETE',
  path: `${kind.path}/${name}`,
})
