/**
 * Which form of an object the client asked for, and what form its body has. Pure.
 *
 * Output  the first offer of `Accept` that we speak; 406 when there is none. Protobuf is skipped: clients that
 *         ask for it list JSON behind it.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation
 */
import { StatusError } from '#api/status.ts'

export type ObjectForm = 'object' | 'table' | 'partial' | 'partial-list'

export interface Accepted {
  readonly media: 'application/json' | 'application/yaml'
  readonly form: ObjectForm
}

const PLAIN: Accepted = { media: 'application/json', form: 'object' }
const SPOKEN = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
const ACCEPT_CACHE_MAX = 256
const cache = new Map<string, Accepted | undefined>()

/** Throws StatusError(NotAcceptable). */
export function negotiate(accept: string | undefined): Accepted {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json')
    return PLAIN
  let found = cache.get(accept)
  if (found === undefined && !cache.has(accept)) {
    found = accept
      .split(',')
      .map(parseOffer)
      .find(offer => offer !== undefined)
    if (cache.size < ACCEPT_CACHE_MAX) cache.set(accept, found)
  }
  if (found !== undefined) return found
  throw new StatusError('NotAcceptable', `only the following media types are accepted: ${SPOKEN}`)
}

const FORMS: Readonly<Record<string, ObjectForm>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial-list',
}

function parseOffer(offer: string): Accepted | undefined {
  const [type = '', ...rest] = offer.split(';').map(part => part.trim())
  const media = mediaOf(type)
  if (media === undefined) return undefined
  const parameters = new Map(
    rest.map(part => {
      const equals = part.indexOf('=')
      return [part.slice(0, equals), part.slice(equals + 1)] as const
    }),
  )
  const as = parameters.get('as')
  if (as === undefined) return { media, form: 'object' }
  const form = FORMS[as]
  const isMeta = parameters.get('g') === 'meta.k8s.io' && parameters.get('v') === 'v1'
  return form === undefined || !isMeta ? undefined : { media, form }
}

function mediaOf(type: string): Accepted['media'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*')
    return 'application/json'
  return type === 'application/yaml' ? 'application/yaml' : undefined
}

/** The media type of a body, lower case, without parameters; JSON when nothing is said. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined || contentType === '') return 'application/json'
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}
