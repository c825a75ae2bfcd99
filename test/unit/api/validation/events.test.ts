/** Events: legacy ones, those that say when and who, and what events.k8s.io/v1 asks on top. */
import { resourceOf } from '#api/scheme.ts'
import { validateCreate, validateUpdate } from '#api/validation/validation.ts'
import {
  build,
  resourceNamed,
  runCases,
  showFaults,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

const involvedObject = { kind: 'Pod', name: 'p', namespace: 'default' }
const complete = {
  involvedObject,
  eventTime: '2026-01-02T12:00:00.000000Z',
  reportingComponent: 'a.io/b',
  reportingInstance: 'i',
  action: 'Do',
  reason: 'Done',
  type: 'Normal',
}

void t.test('of core', async t => {
  runCases(t, [
    ['legacy', 'events', { involvedObject }, []],
    ['complete', 'events', complete, []],
    [
      'of another namespace',
      'events',
      { involvedObject: { ...involvedObject, namespace: 'other' } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'a time and nothing else',
      'events',
      {
        involvedObject,
        eventTime: complete.eventTime,
        reportingComponent: 'a',
        reason: 'r'.repeat(129),
      },
      [
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Invalid value: "": can have at most 128 characters',
      ],
    ],
  ])
})

void t.test('of events.k8s.io/v1', async t => {
  const sentAs = resourceOf('events.k8s.io', 'v1', 'events')
  const faultsOf = (fields: object): string[] =>
    showFaults(validateCreate(resourceNamed('events'), build('events', fields), sentAs))
  t.strictSame(faultsOf(complete), [])
  t.strictSame(faultsOf({ involvedObject, type: 'Odd', count: 2, source: { component: 'c' } }), [
    'eventTime: Required value',
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
    'source: Invalid value: "": needs to be unset',
  ])
  t.strictSame(faultsOf({ ...complete, series: { count: 1 } }), [
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
  ])
  const changed = updateFaults('events', complete, { ...complete, message: 'patched' })
  t.strictSame(changed, [], 'through core nothing is immutable')
  const changes = (fields: object): string[] =>
    showFaults(
      validateUpdate(
        resourceNamed('events'),
        { object: build('events', { ...complete, ...fields }), old: build('events', complete) },
        sentAs,
      ),
    )
  const series = { count: 2, lastObservedTime: complete.eventTime }
  t.strictSame(changes({ series }), [])
  t.strictSame(changes({ message: 'patched', involvedObject: { ...involvedObject, name: 'q' } }), [
    'involvedObject: Invalid value: {"Kind":"Pod","Namespace":"default","Name":"q","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
    'message: Invalid value: "patched": field is immutable',
  ])
})
