/** Events of both groups are one stored object. */
import t from 'tap'
import { fromStored, toStored } from '#api/conversion.ts'
import { resourceOf } from '#api/scheme.ts'

const view = resourceOf('events.k8s.io', 'v1', 'events')
const core = resourceOf('', 'v1', 'events')
if (view === undefined || core === undefined) throw new Error('no events')

const shown = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'a' },
  regarding: { kind: 'Pod' },
  note: 'pulled',
  reason: 'Pulled',
  reportingController: 'kubelet',
  deprecatedCount: 2,
}
const stored = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'a' },
  involvedObject: { kind: 'Pod' },
  message: 'pulled',
  reason: 'Pulled',
  reportingComponent: 'kubelet',
  count: 2,
}

void t.test('in and out', async t => {
  t.same(toStored(view, shown), stored)
  t.same(fromStored(view, stored), shown)
})

void t.test('a resource that is its own storage is left alone', async t => {
  t.equal(toStored(core, stored), stored)
  t.equal(fromStored(core, stored), stored)
})
