/**
 * The Node authorizer: a node reads the pods bound to it and what those refer to, and keeps its own Node, Lease, CSINode
 * and ResourceSlices.
 *
 * What it allows beyond the graph is the role `system:node`; that a node changes only its own objects is then up to
 * the NodeRestriction admission plugin, which sees names and bodies. It never denies: the next authorizer is asked.
 * Source: kubernetes plugin/pkg/auth/authorizer/node/node_authorizer.go (AuthorizeNodeWithSelectors on)
 */
import type { Authorization, Authorizer, RequestAttributes } from '#api/request.ts'
import { exactMatchOf } from '#api/selectors.ts'
import type { PolicyRule } from '#api/types/rbac-v1.ts'
import { nodeIdentity } from './identity.ts'
import type { NodeGraph, ReachedResource } from './node-graph.ts'
import type { ObjectGetter } from './object-reader.ts'
import { ruleAllows } from './rbac-rules.ts'

export interface NodeAuthorizerDeps {
  readonly graph: Pick<NodeGraph, 'reaches'>
  readonly reader: ObjectGetter
  /** Rules of `system:node`, for resources that are not subdivided. */
  readonly rules: readonly PolicyRule[]
}

const LEASE_NAMESPACE = 'kube-node-lease'
const ALLOW: Authorization = { decision: 'allow', reason: '' }
const pass = (reason: string): Authorization => ({ decision: 'no-opinion', reason })

interface Question {
  readonly deps: NodeAuthorizerDeps
  readonly nodeName: string
  readonly request: RequestAttributes
}

type Answer = (question: Question) => Authorization

/** By resource and group; everything else is decided by the static rules. */
const SUBDIVIDED: ReadonlyMap<string, Answer> = new Map(
  Object.entries<Answer>({
    secrets: question => readReached('secrets', question),
    configmaps: question => readReached('configmaps', question),
    persistentvolumeclaims: question =>
      question.request.subresource === 'status'
        ? updateStatus(question)
        : getReached('persistentvolumeclaims', question),
    persistentvolumes: getVolume,
    serviceaccounts: createToken,
    'leases.coordination.k8s.io': useLease,
    'volumeattachments.storage.k8s.io': getAttachment,
    'csinodes.storage.k8s.io': useCsiNode,
    'resourceclaims.resource.k8s.io': question => getReached('resourceclaims', question),
    'resourceslices.resource.k8s.io': useSlice,
    nodes: useNode,
    pods: usePod,
  }),
)

export function createNodeAuthorizer(deps: NodeAuthorizerDeps): Authorizer {
  return {
    authorize(request) {
      const identity = nodeIdentity(request.user)
      if (identity === undefined) return pass('')
      const { nodeName } = identity
      if (nodeName === '') return pass(`unknown node for user ${JSON.stringify(request.user.name)}`)
      const { group, resource } = request
      const answer = request.isResource
        ? SUBDIVIDED.get(group === '' ? resource : `${resource}.${group}`)
        : undefined
      if (answer !== undefined) return answer({ deps, nodeName, request })
      return deps.rules.some(rule => ruleAllows(rule, request)) ? ALLOW : pass('')
    },
  }
}

function reach(resource: ReachedResource, { deps, nodeName, request }: Question): Authorization {
  if (request.name === '') return pass('No Object name found')
  return deps.graph.reaches(nodeName, resource, request) ? ALLOW : unrelated(nodeName)
}

const unrelated = (nodeName: string): Authorization =>
  pass(`no relationship found between node '${nodeName}' and this object`)

function readReached(resource: ReachedResource, question: Question): Authorization {
  const { verb, subresource, namespace } = question.request
  if (!['get', 'list', 'watch'].includes(verb)) return pass('can only read resources of this type')
  if (subresource !== '') return pass('cannot read subresource')
  if (namespace === '') return pass('can only read namespaced object of this type')
  return reach(resource, question)
}

function getReached(resource: ReachedResource, question: Question): Authorization {
  return mayGet(question.request) ?? reach(resource, question)
}

function mayGet({ verb, subresource }: RequestAttributes): Authorization | undefined {
  if (verb !== 'get') return pass('can only get individual resources of this type')
  return subresource === '' ? undefined : pass('cannot get subresource')
}

function updateStatus(question: Question): Authorization {
  const { verb } = question.request
  if (verb !== 'update' && verb !== 'patch') return pass('can only get/update/patch this type')
  return reach('persistentvolumeclaims', question)
}

/** A volume is reached through the claim it is bound to. */
function getVolume({ deps, nodeName, request }: Question): Authorization {
  const refused = mayGet(request)
  if (refused !== undefined) return refused
  if (request.name === '') return pass('No Object name found')
  const claim = deps.reader.get('persistentvolumes', '', request.name)?.spec?.claimRef
  const { namespace = '', name = '' } = claim ?? {}
  const isReached = deps.graph.reaches(nodeName, 'persistentvolumeclaims', { namespace, name })
  return isReached ? ALLOW : unrelated(nodeName)
}

function getAttachment({ deps, nodeName, request }: Question): Authorization {
  const refused = mayGet(request)
  if (refused !== undefined) return refused
  const attachment = deps.reader.get('volumeattachments.storage.k8s.io', '', request.name)
  return attachment?.spec.nodeName === nodeName ? ALLOW : unrelated(nodeName)
}

const OWN_VERBS: readonly string[] = ['get', 'create', 'update', 'patch', 'delete']

function useCsiNode({ nodeName, request }: Question): Authorization {
  const { verb, name, subresource } = request
  if (!OWN_VERBS.includes(verb))
    return pass('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return pass('cannot authorize CSINode subresources')
  // On create the name is in the body, where NodeRestriction reads it.
  if (verb === 'create' || name === nodeName) return ALLOW
  return pass('can only access CSINode with the same name as the requesting node')
}

function useSlice({ deps, nodeName, request }: Question): Authorization {
  const { verb, name, subresource, fieldSelector } = request
  if (subresource !== '') return pass('cannot authorize ResourceSlice subresources')
  // Whose it is stands in the body, where NodeRestriction reads it.
  if (verb === 'create') return ALLOW
  if (OWN_VERBS.includes(verb)) {
    const slice = deps.reader.get('resourceslices.resource.k8s.io', '', name)
    return slice?.spec.nodeName === nodeName ? ALLOW : unrelated(nodeName)
  }
  if (!['watch', 'list', 'deletecollection'].includes(verb))
    return pass(
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    )
  return selectsNode(fieldSelector, nodeName)
    ? ALLOW
    : pass('can only list/watch/deletecollection resourceslices with nodeName field selector')
}

function createToken(question: Question): Authorization {
  const { verb, name, subresource } = question.request
  if (verb !== 'create' || name === '') {
    return pass('can only create tokens for individual service accounts')
  }
  if (subresource !== 'token') return pass('can only create token subresource of serviceaccount')
  return reach('serviceaccounts', question)
}

function useLease({ nodeName, request }: Question): Authorization {
  if (!OWN_VERBS.includes(request.verb)) {
    return pass('can only get, create, update, patch, or delete a node lease')
  }
  if (request.namespace !== LEASE_NAMESPACE) {
    return pass(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`)
  }
  // On create the name is in the body, where NodeRestriction reads it.
  if (request.verb !== 'create' && request.name !== nodeName) {
    return pass('can only access node lease with the same name as the requesting node')
  }
  return ALLOW
}

function useNode({ nodeName, request }: Question): Authorization {
  const { verb, subresource, name } = request
  const isWrite = verb === 'update' || verb === 'patch'
  if (subresource === 'status') return isWrite ? ALLOW : pass('')
  if (subresource !== '') return pass('')
  if (isWrite || verb === 'create') return ALLOW
  if (!['get', 'list', 'watch'].includes(verb)) return pass('')
  if (name === nodeName) return ALLOW
  return name === ''
    ? pass(`node '${nodeName}' cannot read all nodes, only its own Node object`)
    : pass(`node '${nodeName}' cannot read '${name}', only its own Node object`)
}

function usePod(question: Question): Authorization {
  const { nodeName, request } = question
  const { verb, subresource } = request
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOW : pass('')
  if (subresource === 'eviction') return verb === 'create' ? ALLOW : pass('')
  if (subresource !== '') return pass('')
  if (verb === 'create' || verb === 'delete') return ALLOW
  if (verb === 'get') return getReached('pods', question)
  if (verb !== 'list' && verb !== 'watch') return pass('')
  if (selectsNode(request.fieldSelector, nodeName)) return ALLOW
  return request.name === ''
    ? pass('can only list/watch pods with spec.nodeName field selector')
    : reach('pods', question)
}

/** True for `spec.nodeName=<node>`, alone or among others: terms only ever narrow. */
const selectsNode = (selector: string | undefined, nodeName: string): boolean =>
  exactMatchOf(selector ?? '', 'spec.nodeName') === nodeName
