/** Triggers: which property finds a watcher, and that a change finds exactly the watchers it may concern. */
import t from 'tap'
import { parseFieldSelector, parseLabelSelector } from '#api/selectors.ts'
import type { Selection } from '#server/cache/cache.ts'
import { Item } from '#server/cache/item.ts'
import { Memo } from '#server/cache/memo.ts'
import { endOf, partsOf, prefixOf, TriggerIndex, triggerOf } from '#server/cache/selecting.ts'

const selection = (namespace: string, labels = '', fields = ''): Selection => ({
  groupResource: 'pods',
  namespace,
  ...(labels === '' ? {} : { labels: parseLabelSelector(labels) }),
  ...(fields === '' ? {} : { fields: parseFieldSelector(fields) }),
})

const item = (key: string, labels: Record<string, string>, nodeName: string): Item =>
  new Item(
    {
      key,
      revision: 1,
      createRevision: 1,
      bytes: Buffer.from(JSON.stringify({ metadata: { labels }, spec: { nodeName } })),
    },
    'pods',
    new Memo(1000),
  )

void t.test('keys', async t => {
  t.same(partsOf('/apps/deployments/default/web'), {
    groupResource: 'deployments.apps',
    namespace: 'default',
    name: 'web',
  })
  t.same(partsOf('/core/nodes/-/n1'), { groupResource: 'nodes', namespace: '', name: 'n1' })
  t.equal(prefixOf('deployments.apps', 'default'), '/apps/deployments/default/')
  t.equal(endOf('/core/pods/'), '/core/pods0')
})

void t.test('the narrowest trigger wins', async t => {
  const cases: readonly [Selection, object][] = [
    [selection(''), { kind: 'every' }],
    [selection('a'), { kind: 'namespace', namespace: 'a' }],
    [selection('a', 'app=web,tier'), { kind: 'label', label: 'app', value: 'web' }],
    [selection('a', 'app in (web,db)'), { kind: 'namespace', namespace: 'a' }],
    [selection('', 'app=web', 'spec.nodeName=n1'), { kind: 'node', node: 'n1' }],
    [selection('a', '', 'metadata.name=x'), { kind: 'name', namespace: 'a', name: 'x' }],
    [selection('a', '', 'metadata.name!=x'), { kind: 'namespace', namespace: 'a' }],
  ]
  for (const [asked, wanted] of cases) t.match(triggerOf(asked), wanted)
})

void t.test('a change finds exactly the watchers it may concern, each once', async t => {
  const index = new TriggerIndex<string>()
  const add = (name: string, asked: Selection): void => index.add(triggerOf(asked), name)
  add('every', selection(''))
  add('namespace a', selection('a'))
  add('namespace b', selection('b'))
  add('app=web', selection('', 'app=web'))
  add('app=db', selection('', 'app=db'))
  add('app=other', selection('', 'app=other'))
  add('node n1', selection('', '', 'spec.nodeName=n1'))
  add('node n2', selection('', '', 'spec.nodeName=n2'))
  add('unassigned', selection('', '', 'spec.nodeName='))
  add('name x', selection('', '', 'metadata.name=x'))
  add('name y', selection('a', '', 'metadata.name=y'))
  const before = item('/core/pods/a/x', { app: 'web' }, '')
  const after = item('/core/pods/a/x', { app: 'db' }, 'n1')
  const found = [...index.concerned(before.key, [before, after])].sort()
  const wanted = ['every', 'namespace a', 'app=web', 'app=db', 'node n1', 'unassigned', 'name x']
  t.same(found, wanted.sort())
  for (const name of ['every', 'app=web']) {
    index.remove(triggerOf(selection('', name.includes('=') ? name : '')), name)
  }
  t.equal(index.size, 9)
  t.notOk([...index.concerned(before.key, [before, after])].includes('app=web'))
})
