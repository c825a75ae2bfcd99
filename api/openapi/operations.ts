/**
 * What can be done with a resource, as operations of both versions of OpenAPI. Pure.
 *
 * Output  operations with `x-kubernetes-action` and `x-kubernetes-group-version-kind`, without descriptions.
 * Source: k8s.io/apiserver pkg/endpoints/installer.go; k8s.io/apiextensions-apiserver pkg/controller/openapi/builder
 */
import type { TypedKind } from '#api/scheme.ts'
import { capital } from './names.ts'
import {
  DELETE,
  DELETE_COLLECTION,
  LIST,
  type Parameter,
  PATCH,
  READ_CUSTOM,
  WRITE,
} from './parameters.ts'

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
export const PATCHES = `${META}.Patch`
const STATUS = `${META}.Status`
const WATCH_EVENT = `${META}.WatchEvent`
const DELETE_OPTIONS = `${META}.DeleteOptions`

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options'

export interface OperationPlan {
  readonly method: Method
  /** Without one, it is about no kind. */
  readonly action?: string
  /** First word of the operation id, and what stands behind group and version there. */
  readonly word: string
  readonly infix?: string
  readonly parameters: readonly Parameter[]
  /** OpenAPI names; an answer without one is text. */
  readonly body?: string
  readonly isBodyOptional?: boolean
  readonly answer?: string
  readonly codes: readonly (200 | 201 | 202)[]
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
}

/** How built-in kinds and those of definitions differ. */
export interface Manner {
  readonly isCustom: boolean
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  /** Also as a watch. */
  readonly streams: readonly string[]
  readonly patches: readonly string[]
}

export const FORMS = ['application/json', 'application/yaml']
export const ALL_FORMS = [...FORMS, 'application/vnd.kubernetes.protobuf']
const PATCH_FORMS = ['application/json-patch+json', 'application/merge-patch+json']
const APPLIES = 'application/apply-patch+yaml'

export const BUILT_IN: Manner = {
  isCustom: false,
  consumes: ['*/*'],
  produces: ALL_FORMS,
  streams: [
    ...ALL_FORMS,
    'application/json;stream=watch',
    'application/vnd.kubernetes.protobuf;stream=watch',
  ],
  patches: [...PATCH_FORMS, 'application/strategic-merge-patch+json', APPLIES],
}
/** What a definition says of lists is for applies alone. */
export const OF_DEFINITIONS: Manner = {
  isCustom: true,
  consumes: FORMS,
  produces: FORMS,
  streams: FORMS,
  patches: [...PATCH_FORMS, APPLIES],
}

/** What an operation is about. */
export interface Topic {
  readonly kind: TypedKind
  readonly manner: Manner
  /** A deletion answers with the object. */
  readonly returnsDeleted?: boolean
}

type PlanOf = (topic: Topic) => OperationPlan
export type Plans = Readonly<Record<string, PlanOf | undefined>>

const create: PlanOf = ({ kind: { type }, manner }) => ({
  ...manner,
  method: 'post',
  action: 'post',
  word: 'create',
  parameters: WRITE,
  body: type.name,
  answer: type.name,
  codes: [200, 201, 202],
})

/** By verb. */
export const ITEM: Plans = {
  get: ({ kind: { type }, manner }) => ({
    ...manner,
    method: 'get',
    action: 'get',
    word: 'read',
    parameters: manner.isCustom ? READ_CUSTOM : [],
    answer: type.name,
    codes: [200],
  }),
  update: ({ kind: { type }, manner }) => ({
    ...manner,
    method: 'put',
    action: 'put',
    word: 'replace',
    parameters: WRITE,
    body: type.name,
    answer: type.name,
    codes: [200, 201],
  }),
  patch: ({ kind: { type }, manner }) => ({
    ...manner,
    consumes: manner.patches,
    method: 'patch',
    action: 'patch',
    word: 'patch',
    parameters: PATCH,
    body: PATCHES,
    answer: type.name,
    codes: manner.isCustom ? [200] : [200, 201],
  }),
  delete: ({ kind: { type }, manner, returnsDeleted }) => ({
    ...manner,
    method: 'delete',
    action: 'delete',
    word: 'delete',
    parameters: DELETE,
    body: DELETE_OPTIONS,
    isBodyOptional: true,
    answer: returnsDeleted === true ? type.name : STATUS,
    codes: [200, 202],
  }),
}

export const COLLECTION: Plans = {
  list: ({ kind: { type }, manner }) => ({
    ...manner,
    produces: manner.streams,
    method: 'get',
    action: 'list',
    word: 'list',
    parameters: LIST,
    answer: `${type.name}List`,
    codes: [200],
  }),
  create,
  deletecollection: ({ manner }) => ({
    ...manner,
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    infix: 'Collection',
    parameters: manner.isCustom ? LIST : DELETE_COLLECTION,
    ...(manner.isCustom ? {} : { body: DELETE_OPTIONS, isBodyOptional: true }),
    answer: STATUS,
    codes: [200],
  }),
}

export const SUBRESOURCE: Plans = { ...ITEM, create }

/** The watches of old: paths of their own. */
export const watch = (action: 'watch' | 'watchlist'): OperationPlan => ({
  ...BUILT_IN,
  produces: BUILT_IN.streams,
  method: 'get',
  action,
  word: 'watch',
  parameters: LIST,
  answer: WATCH_EVENT,
  codes: [200],
})

const METHODS: Readonly<Record<string, readonly Method[]>> = {
  create: ['post'],
  // A proxy passes on whatever there is.
  get: ['get', 'head', 'options'],
  update: ['put'],
  patch: ['patch'],
  delete: ['delete'],
}

/** What is not HTTP of our own: the answer is what the other end says. */
export const connects = (
  verbs: readonly string[],
  parameters: readonly Parameter[],
): OperationPlan[] =>
  verbs
    .flatMap(verb => METHODS[verb] ?? [])
    .filter(method => verbs.includes('update') || method === 'get' || method === 'post')
    .map(method => ({
      method,
      action: 'connect',
      word: 'connect',
      infix: capital(method),
      parameters,
      codes: [200],
      consumes: ['*/*'],
      produces: ['*/*'],
    }))

export const readLog = (parameters: readonly Parameter[]): OperationPlan => ({
  method: 'get',
  action: 'get',
  word: 'read',
  parameters,
  codes: [200],
  consumes: BUILT_IN.consumes,
  produces: ['text/plain', ...BUILT_IN.produces],
})

/** What a group and version has. */
export const DISCOVER: OperationPlan = {
  method: 'get',
  word: 'get',
  parameters: [],
  answer: `${META}.APIResourceList`,
  codes: [200],
  consumes: ALL_FORMS,
  produces: ALL_FORMS,
}
