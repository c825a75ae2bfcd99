/**
 * Which form of an object the client asked for, and what form its body has. Pure.
 *
 * Output  the best clause of `Accept` that this answer can be given in; 406 when there is none.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation, goautoneg
 */
import { StatusError } from '#api/status.ts'

export type ObjectForm = 'object' | 'table' | 'partial' | 'partial-list'
export type Media = 'application/json' | 'application/yaml' | typeof PROTOBUF

export type MetaVersion = 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1'

export interface Accepted {
  readonly media: Media
  readonly form: ObjectForm
  /** What a Table or partial metadata is a kind of; plain objects have the current one, which says nothing. */
  readonly meta: MetaVersion
}

/** What an answer can be given in, beside plain JSON and YAML. */
export interface Offers {
  readonly tables: boolean
  readonly partials: boolean
  readonly protobuf: boolean
  /** A watch: YAML cannot be told apart into events. */
  readonly stream: boolean
  /** The route of a collection, which can also be watched. */
  readonly watchable?: boolean
  /** False for custom resources: no route of their own looks at media types before them. */
  readonly isRouted?: boolean
}

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

const PLAIN: Accepted = { media: 'application/json', form: 'object', meta: 'meta.k8s.io/v1' }
/** In the order in which a wildcard finds them. */
const SPOKEN: readonly Media[] = ['application/json', 'application/yaml', PROTOBUF]
const STREAMED: readonly Media[] = ['application/json', PROTOBUF]

/** What an error can be given in. */
const OF_STATUS: Offers = { tables: false, partials: false, protobuf: true, stream: false }

const ACCEPT_CACHE_MAX = 256
const cache = new Map<string, Accepted | undefined>()

/** Throws StatusError(NotAcceptable). */
export function negotiate(accept: string | undefined, offers: Offers): Accepted {
  const found = bestOf(accept, offers)
  if (found !== undefined) return found
  const clauses = clausesOf(accept ?? '')
  const streams = STREAMED.map(media => `${media};stream=watch`)
  // Routes know media types alone; what becomes of their parameters is decided behind them.
  const isRouted = offers.isRouted !== false
  if (isRouted && !clauses.some(clause => SPOKEN.some(media => matches(clause, media))))
    throw new StatusError(
      'NotAcceptable',
      `406: Not Acceptable\n\nAvailable representations: ${[...SPOKEN, ...(offers.watchable === true ? streams : [])].join(', ')}`,
      {},
    )
  const spoken = offers.stream ? streams : SPOKEN
  throw new StatusError(
    'NotAcceptable',
    `only the following media types are accepted: ${spoken.join(', ')}`,
  )
}

/** Whoever asks for what an error cannot be reads it as JSON. */
export const mediaOfStatus = (accept: string | undefined): Media =>
  bestOf(accept, OF_STATUS)?.media ?? 'application/json'

function bestOf(accept: string | undefined, offers: Offers): Accepted | undefined {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json')
    return PLAIN
  const { tables, partials, protobuf, stream } = offers
  const key = `${tables} ${partials} ${protobuf} ${stream} ${accept}`
  if (cache.has(key)) return cache.get(key)
  const found = choose(clausesOf(accept), offers)
  if (cache.size < ACCEPT_CACHE_MAX) cache.set(key, found)
  return found
}

interface Clause {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * For documents that come in media types of their own: the one of `types` that was asked for.
 * Throws StatusError(NotAcceptable).
 */
export function firstAccepted(accept: string | undefined, types: readonly string[]): string {
  const clauses = clausesOf(accept === undefined || accept === '' ? '*/*' : accept)
  for (const clause of clauses) {
    const found = types.find(type => matches(clause, type))
    if (found !== undefined) return found
  }
  throw new StatusError(
    'NotAcceptable',
    `only the following media types are accepted: ${types.join(', ')}`,
  )
}

/** The best first; of equals, the one that stands first. */
export const clausesOf = (accept: string): readonly Clause[] =>
  accept
    .split(',')
    .map(parseClause)
    .filter(clause => clause !== undefined)
    .sort((left, right) => right.quality - left.quality || wildness(left) - wildness(right))

const wildness = ({ type, subtype }: Clause): number => (type === '*' ? 2 : subtype === '*' ? 1 : 0)

function parseClause(text: string): Clause | undefined {
  const [media = '', ...rest] = text.split(';').map(part => part.trim())
  const [type = '', subtype = type === '*' ? '*' : undefined] = media.split('/')
  if (subtype === undefined) return undefined
  const parameters = new Map(
    rest.map(part => {
      const [name = '', value = ''] = part.split('=', 2)
      return [name.trim(), value.trim()] as const
    }),
  )
  const quality = Number(parameters.get('q') ?? 1)
  parameters.delete('q')
  return { type, subtype, parameters, quality: Number.isNaN(quality) ? 1 : quality }
}

function choose(clauses: readonly Clause[], offers: Offers): Accepted | undefined {
  for (const clause of clauses) {
    for (const media of SPOKEN) {
      const form = matches(clause, media) ? formIn(clause, media, offers) : undefined
      // The first that fits decides, also when no stream can be made of it.
      if (form !== undefined)
        return offers.stream && media === 'application/yaml'
          ? undefined
          : { media, form, meta: META_VERSIONS.get(metaOf(clause)) ?? PLAIN.meta }
    }
  }
  return undefined
}

function matches({ type, subtype }: Clause, media: string): boolean {
  const [mediaType, mediaSubtype] = media.split('/')
  if (type === '*') return subtype === '*'
  return type === mediaType && (subtype === '*' || subtype === mediaSubtype)
}

const FORMS: ReadonlyMap<string, ObjectForm> = new Map([
  ['Table', 'table'],
  ['PartialObjectMetadata', 'partial'],
  ['PartialObjectMetadataList', 'partial-list'],
])

/** Clients before 1.15 know the second only. */
const META_VERSIONS: ReadonlyMap<string, MetaVersion> = new Map(
  (['meta.k8s.io/v1', 'meta.k8s.io/v1beta1'] as const).map(name => [name, name]),
)

const metaOf = ({ parameters }: Clause): string =>
  `${parameters.get('g') ?? ''}/${parameters.get('v') ?? ''}`

/** Undefined: this answer cannot be given so. */
function formIn(clause: Clause, media: Media, offers: Offers): ObjectForm | undefined {
  const { parameters } = clause
  const stream = parameters.get('stream') ?? ''
  if (stream !== '' && (stream !== 'watch' || media === 'application/yaml')) return undefined
  if ((parameters.get('sv') ?? 'v1') !== 'v1') return undefined
  if (!['as', 'g', 'v'].some(name => parameters.has(name)))
    return media === PROTOBUF && !offers.protobuf ? undefined : 'object'
  if (!META_VERSIONS.has(metaOf(clause))) return undefined
  const form = FORMS.get(parameters.get('as') ?? '')
  if (form === 'table') return offers.tables && media !== PROTOBUF ? form : undefined
  return offers.partials ? form : undefined
}

/** The media type of a body, lower case, without parameters; JSON when nothing is said. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined || contentType === '') return 'application/json'
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}
