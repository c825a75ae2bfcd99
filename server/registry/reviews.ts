/**
 * Kinds that are only ever created and never stored: a question to the authenticator or the authorizer.
 *
 * Source: kubernetes pkg/registry/authorization, pkg/registry/authentication
 */
import type { AnyObject } from '#api/object.ts'
import type { RequestAttributes, UserInfo } from '#api/request.ts'
import { badRequest } from '#api/status.ts'
import type { Answer, Call } from './call.ts'
import { placed } from './placement.ts'
import { decodeBody, requireValidBody } from './decoding.ts'
import type { RegistryDeps } from './deps.ts'
import { writeOptions } from './options.ts'
import { trackWrite } from './ownership.ts'
import { storedAs, targetOf } from './target.ts'
import { rfc3339 } from '#api/time.ts'
import { isRecord, listOf, recordOf, textOf } from '#api/values.ts'

export interface ReviewedToken {
  readonly user: UserInfo
  readonly audiences: readonly string[]
}

/** The rules of a user, as `SelfSubjectRulesReview` lists them. */
export interface RuleResolver {
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): { readonly rules: readonly ReviewRule[]; readonly errors: readonly string[] }
}

export interface ReviewRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface ReviewDeps extends RegistryDeps {
  readonly rules: RuleResolver
  /** Undefined when the token is nobody's, or good for none of the audiences. */
  readonly reviewToken: (
    token: string,
    audiences: readonly string[],
  ) => Promise<ReviewedToken | undefined>
}

type Spec = Readonly<Record<string, unknown>>
type Review = (deps: ReviewDeps, call: Call, spec: Spec) => Promise<unknown>

const REVIEWS: Readonly<Record<string, Review>> = {
  'tokenreviews.authentication.k8s.io': async (deps, _call, spec) => {
    const token = textOf(spec['token'])
    if (token === '') throw badRequest('token is required for TokenReview in authentication')
    const found = await deps.reviewToken(token, listOf(spec['audiences']).map(textOf))
    if (found === undefined) return { user: {}, error: 'invalid bearer token' }
    return { authenticated: true, user: reviewedUser(found.user), audiences: found.audiences }
  },
  'selfsubjectreviews.authentication.k8s.io': async (_deps, call) => ({
    userInfo: reviewedUser(call.user),
  }),
  'subjectaccessreviews.authorization.k8s.io': (deps, _call, spec) =>
    access(deps, subjectOf(spec), spec),
  'localsubjectaccessreviews.authorization.k8s.io': (deps, _call, spec) =>
    access(deps, subjectOf(spec), spec),
  'selfsubjectaccessreviews.authorization.k8s.io': (deps, call, spec) =>
    access(deps, call.user, spec),
  'selfsubjectrulesreviews.authorization.k8s.io': async (deps, call, spec) => {
    const namespace = textOf(spec['namespace'])
    if (namespace === '') throw badRequest('no namespace on request')
    const { rules, errors } = deps.rules.rulesFor(call.user, namespace)
    return {
      resourceRules: rules.filter(rule => (rule.resources ?? []).length > 0),
      nonResourceRules: rules.filter(rule => (rule.nonResourceURLs ?? []).length > 0),
      incomplete: errors.length > 0,
      ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
    }
  },
}

export const reviewOf = (groupResource: string): Review | undefined => REVIEWS[groupResource]

export async function review(deps: ReviewDeps, call: Call, handle: Review): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions')
  const target = targetOf(call)
  const sent = placed(target, await decodeBody(call, options.fieldValidation), '')
  const stored = storedAs(target, sent)
  requireValidBody(call, stored)
  const status = await handle(deps, call, recordOf(stored['spec']))
  const now = deps.clock.now()
  const object: AnyObject = MADE_ANEW.includes(call.resource.plural)
    ? { ...sent, metadata: { creationTimestamp: rfc3339(now) }, status }
    : {
        ...trackWrite({ target, next: sent, old: undefined, options, now, subresource: '' }),
        status,
      }
  return { kind: 'object', code: 201, object }
}

/** The answer is an object of its own; all others are what was sent, with its owner. */
const MADE_ANEW: readonly string[] = ['selfsubjectreviews']

const reviewedUser = (user: UserInfo): unknown => ({
  username: user.name,
  ...(user.uid === undefined ? {} : { uid: user.uid }),
  groups: user.groups,
  ...(user.extra === undefined ? {} : { extra: user.extra }),
})

function subjectOf(spec: Spec): UserInfo {
  const extra = Object.entries(recordOf(spec['extra'])).map(
    ([key, values]) => [key, listOf(values).map(textOf)] as const,
  )
  const name = textOf(spec['user'])
  const groups = listOf(spec['groups']).map(textOf)
  const uid = textOf(spec['uid'])
  return {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
}

async function access(deps: ReviewDeps, user: UserInfo, spec: Spec): Promise<unknown> {
  const attributes = attributesOf(user, spec)
  const { decision, reason } = await deps.authorizer.authorize(attributes)
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
  }
}

function attributesOf(user: UserInfo, spec: Spec): RequestAttributes {
  const { resourceAttributes: asked, nonResourceAttributes: path } = spec
  if (isRecord(path))
    return {
      ...NOTHING,
      user,
      isResource: false,
      verb: textOf(path['verb']),
      path: textOf(path['path']),
    }
  const of = recordOf(asked)
  return {
    user,
    isResource: true,
    verb: textOf(of['verb']),
    path: '',
    group: textOf(of['group']),
    version: textOf(of['version']),
    resource: textOf(of['resource']),
    subresource: textOf(of['subresource']),
    namespace: textOf(of['namespace']),
    name: textOf(of['name']),
  }
}

const NOTHING = {
  path: '',
  group: '',
  version: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
} as const
