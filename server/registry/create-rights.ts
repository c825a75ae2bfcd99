/**
 * PUT and apply of a name that does not exist create it: for that the right to update is not enough.
 *
 * Throws  StatusError(Forbidden), in the words of any refused create.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/create.go withAuthorization, as used by update.go and patch.go
 */
import { accessForbidden } from '#api/refusal.ts'
import type { Call } from './call.ts'
import type { RegistryDeps } from './deps.ts'

export async function confirmCreate(deps: RegistryDeps, call: Call): Promise<void> {
  const { user, namespace, name, resource } = call
  const attributes = {
    user,
    verb: 'create',
    isResource: true,
    path: '',
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource: '',
    namespace,
    name,
  }
  const { decision, reason } = await deps.authorizer.authorize(attributes)
  if (decision !== 'allow') throw accessForbidden(attributes, reason)
}
