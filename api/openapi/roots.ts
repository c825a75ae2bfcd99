/**
 * What is served beside resources, each with a document of its own in v3: which groups there are, the version, the keys
 * of service accounts. Pure.
 *
 * Source: kubernetes pkg/routes/openidmetadata.go; k8s.io/apiserver pkg/server/routes/version.go, pkg/endpoints/discovery
 */
import type { Field, StructType } from '#api/schema/type.ts'
import { type Form, pathItem } from './forms.ts'
import { ALL_FORMS, META, type OperationPlan } from './operations.ts'
import { groupTitle, tagOf } from './names.ts'
import type { Schema } from './portions.ts'

/** Where its document is below `/openapi/v3`, which is its path without slashes at the ends, and what makes it. */
export interface Root {
  readonly at: string
  readonly paths: (form: Form) => Readonly<Record<string, Schema>>
}

interface Operation {
  /** Of the operation id: `getCoreAPIVersions`. */
  readonly title: string
  readonly tag: string
  /** OpenAPI name; text without one. */
  readonly answer?: string
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
}

const JSON_FORM = ['application/json']
const INFO = 'io.k8s.apimachinery.pkg.version.Info'

const root = (at: string, { title, tag, ...rest }: Operation): Root => {
  const plan: OperationPlan = { ...rest, method: 'get', word: 'get', parameters: [], codes: [200] }
  const subject = { prefix: '', title, tag }
  return {
    at,
    paths: form => ({ [`/${at}/`]: pathItem(form, { plans: [plan], subject, parameters: [] }) }),
  }
}

const discovery = (at: string, tag: string, title: string, answer: string): Root => {
  const forms = { consumes: ALL_FORMS, produces: ALL_FORMS }
  return root(at, { ...forms, title, tag, answer: `${META}.${answer}` })
}

const FIXED: readonly Root[] = [
  discovery('api', 'core', 'CoreAPIVersions', 'APIVersions'),
  discovery('apis', 'apis', 'APIVersions', 'APIGroupList'),
  root('version', {
    title: 'CodeVersion',
    tag: 'version',
    answer: INFO,
    consumes: JSON_FORM,
    produces: JSON_FORM,
  }),
  root('.well-known/openid-configuration', {
    title: 'ServiceAccountIssuerOpenIDConfiguration',
    tag: 'WellKnown',
    consumes: [],
    produces: JSON_FORM,
  }),
  root('openid/v1/jwks', {
    title: 'ServiceAccountIssuerOpenIDKeyset',
    tag: 'openid',
    consumes: [],
    produces: ['application/jwk-set+json'],
  }),
]

/** `groups` are those that are built in. */
export const rootsOf = (groups: readonly string[]): readonly Root[] => [
  ...FIXED,
  ...groups
    .filter(group => group !== '')
    .map(group =>
      discovery(`apis/${group}`, tagOf(group), `${groupTitle(group)}APIGroup`, 'APIGroup'),
    ),
]

const text = (name: string, required: boolean): [string, Field] => [
  name,
  {
    name,
    type: { kind: 'scalar', scalar: 'string' },
    description: '',
    number: 0,
    required,
    omitEmpty: !required,
    pointer: false,
  },
]

/** What `/version` answers: no kind, and so in no group. */
export const VERSION_INFO: StructType = {
  kind: 'struct',
  name: INFO,
  description: 'What this server is, and which Kubernetes it speaks.',
  fields: new Map([
    text('major', true),
    text('minor', true),
    text('emulationMajor', false),
    text('emulationMinor', false),
    text('minCompatibilityMajor', false),
    text('minCompatibilityMinor', false),
    text('gitVersion', true),
    text('gitCommit', true),
    text('gitTreeState', true),
    text('buildDate', true),
    text('goVersion', true),
    text('compiler', true),
    text('platform', true),
  ]),
  atomic: false,
}
