/**
 * The 403 of a request that no authorizer allowed. Pure.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go
 */
import type { RequestAttributes } from './request.ts'
import { forbidden, StatusError } from './status.ts'

export function accessForbidden(attributes: RequestAttributes, reason: string): StatusError {
  const text = reason === '' ? explain(attributes) : `${explain(attributes)}: ${reason}`
  const { group, resource, name } = attributes
  return attributes.isResource
    ? forbidden({ group, resource, name }, text)
    : new StatusError('Forbidden', `forbidden: ${text}`, {})
}

function explain({ user, verb, path, ...request }: RequestAttributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`
  if (!request.isResource) return `${who} path ${JSON.stringify(path)}`
  const resource =
    request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`
  const scope =
    request.namespace === '' ? 'at the cluster scope' : `in the namespace "${request.namespace}"`
  return `${who} resource "${resource}" in API group "${request.group}" ${scope}`
}
