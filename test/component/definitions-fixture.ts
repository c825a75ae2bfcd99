/** CustomResourceDefinitions for tests: made, waited for, deleted. Not a test itself. */
import { type connectRaw, linesOf, type Reply } from './api-fixture.ts'

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export type Raw = ReturnType<typeof connectRaw>
export type Fields = Readonly<Record<string, unknown>>

export const OPEN: Fields = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

export interface Kind {
  readonly group: string
  readonly plural: string
  readonly kind: string
  readonly scope?: 'Namespaced' | 'Cluster'
  readonly versions: readonly Fields[]
  readonly names?: Fields
  readonly more?: Fields
}

export const version = (name: string, schema: Fields, more: Fields = {}): Fields => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...more,
})

export const definitionOf = (kind: Kind): Fields => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.plural}.${kind.group}` },
  spec: {
    group: kind.group,
    scope: kind.scope ?? 'Namespaced',
    names: {
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      ...kind.names,
    },
    versions: kind.versions,
    ...kind.more,
  },
})

/** Creates it and waits until it is established; the answer to the create. */
export async function establish(raw: Raw, definition: Fields): Promise<Reply> {
  const reply = await raw.send('POST', DEFINITIONS, definition)
  if (reply.status !== 201) throw new Error(`not created: ${reply.text}`)
  const isEstablished = (object: Fields): boolean =>
    conditionsOf(object).includes('Established True')
  await seen(raw, String(reply.body.metadata['name']), ({ object }) => isEstablished(object))
  return reply
}

/** Deletes it and waits until it is gone. */
export async function abolish(raw: Raw, name: string): Promise<void> {
  const { status, body } = await raw.send('DELETE', `${DEFINITIONS}/${name}`)
  if (status === 404) return
  const since = String(body.metadata['resourceVersion'])
  await seen(raw, name, ({ type }) => type === 'DELETED', since)
}

export interface Event {
  readonly type: string
  readonly object: Fields
}

/** Waits until a watch on the definition, from now or from an earlier version, shows it so. */
export async function seen(
  raw: Raw,
  name: string,
  isIt: (event: Event) => boolean,
  since = '',
): Promise<Fields> {
  const watch = raw.open(
    `${DEFINITIONS}?watch=1&timeoutSeconds=20&fieldSelector=metadata.name%3D${name}&resourceVersion=${since}`,
  )
  try {
    for await (const line of linesOf(watch)) {
      const event: Event = { type: String(line['type']), object: Object(line['object']) }
      if (isIt(event)) return event.object
    }
  } finally {
    watch.close()
  }
  throw new Error(`${name} did not come so far`)
}

/** `Established True`, as they stand. */
export const conditionsOf = (object: Fields): readonly string[] => {
  const { conditions = [] } = Object(object['status'])
  return conditions.map((one: Fields) => `${String(one['type'])} ${String(one['status'])}`)
}
