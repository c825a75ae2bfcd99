/** Access reviews: upstream's field paths and words. */
import { validateBody } from '#api/validation/validation.ts'
import { showFaults } from '#test/support/validation-cases.ts'
import t from 'tap'

const faultsOf = (kind: string, fields: object): string[] =>
  showFaults(validateBody({ apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, ...fields }))

const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'n' }
const nonResourceAttributes = { verb: 'get', path: '/x' }

void t.test('reviews', async t => {
  const good = { spec: { user: 'u', resourceAttributes } }
  t.strictSame(faultsOf('SubjectAccessReview', good), [])
  t.strictSame(faultsOf('SubjectAccessReview', { spec: {} }), [
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ])
  const named = { metadata: { name: 'x' }, spec: { resourceAttributes, nonResourceAttributes } }
  t.strictSame(faultsOf('SelfSubjectAccessReview', named), [
    'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes',
    'metadata: Invalid value: {"name":"x"}: must be empty',
  ])
  t.strictSame(faultsOf('LocalSubjectAccessReview', { metadata: { namespace: 'n' }, ...good }), [])
  t.strictSame(faultsOf('LocalSubjectAccessReview', { metadata: { namespace: 'm' }, ...good }), [
    'spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace',
  ])
  const path = { metadata: { namespace: 'n' }, spec: { groups: ['g'], nonResourceAttributes } }
  t.strictSame(faultsOf('LocalSubjectAccessReview', path), [
    'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request',
  ])
})

void t.test('selectors', async t => {
  const requirements = [{ key: 'a', operator: 'Exists' }]
  const selected = (fields: object): string[] =>
    faultsOf('SelfSubjectAccessReview', {
      spec: { resourceAttributes: { ...resourceAttributes, ...fields } },
    })
  t.strictSame(selected({ labelSelector: { requirements } }), [])
  t.strictSame(
    selected({ fieldSelector: { rawSelector: 'a=b', requirements }, labelSelector: {} }),
    [
      'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
      'spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required',
    ],
  )
})
