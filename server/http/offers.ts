/**
 * In which forms the answer to a request can be given: it follows from what is asked for alone, so that a request
 * whose answer could not be read is refused before it changes anything. Pure.
 *
 * Source: k8s.io/apiserver pkg/endpoints/handlers/rest.go (RequestScope.AllowsMediaTypeTransform)
 */
import { isCustom } from '#api/custom/custom-resource.ts'
import { hasProtobuf } from '#api/protobuf/places.ts'
import { type Resource, subresourceKind } from '#api/scheme.ts'
import type { RequestContext } from './context.ts'
import { type Offers, negotiate } from './negotiation.ts'

/** Of paths that name no object: what they answer is JSON, YAML or text. */
const NO_RESOURCE: Offers = { tables: false, partials: false, protobuf: false, stream: false }

type Asked = Pick<RequestContext, 'info' | 'resource' | 'accept'>

export function offersFor({ info, resource }: Asked): Offers {
  if (resource === undefined) return NO_RESOURCE
  return {
    // What is only ever created (reviews) is never stored, and has no columns.
    tables: resource.verbs.some(verb => verb !== 'create'),
    partials: true,
    protobuf: hasProtobuf(answeredType(resource, info.subresource)),
    stream: info.verb === 'watch',
    watchable: info.verb === 'watch' || info.verb === 'list',
    isRouted: !isCustom(resource),
  }
}

function answeredType(resource: Resource, subresource: string): ReturnType<Resource['type']> {
  const known = resource.subresources.find(one => one === subresource)
  return known === undefined ? resource.type() : subresourceKind(resource, known).type
}

/** Answered by a node or a pod, whose media types are their own. */
const PASSED_ON = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** Throws StatusError(NotAcceptable) before a write whose answer the client could not read. */
export function checkAcceptable(context: Asked): void {
  if (!PASSED_ON.has(context.info.subresource)) negotiate(context.accept, offersFor(context))
}
