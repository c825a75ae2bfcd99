/**
 * Subresources that change a running pod: binding, guests, resize, and eviction with its budget. Over HTTPS against a real
 * server; messages are upstream's, word for word.
 */
import t from 'tap'
import { connectRaw, type Reply, startApi } from './api-fixture.ts'
import { MERGE, pod, STRATEGIC, told } from './verbs-fixture.ts'

const fixture = await startApi()
const client = connectRaw(fixture)
t.teardown(async () => {
  client.close()
  await fixture.close()
})
await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'default' } })

const PODS = '/api/v1/namespaces/default/pods'
const CONTAINER = { name: 'c', image: 'busybox' }

void t.test('binding', async t => {
  const target = { kind: 'Node', name: 'n' }
  await client.send('POST', PODS, pod('b'))
  const posted = await client.send('POST', '/api/v1/namespaces/default/bindings', {
    metadata: { name: 'b' },
    target,
  })
  t.equal(posted.status, 201)
  t.match((await client.send('GET', `${PODS}/b`)).body, { spec: { nodeName: 'n' } })
  const bind = (body: object): Promise<Reply> => client.send('POST', `${PODS}/b/binding`, body)
  t.match(told(await bind({ metadata: { name: 'b' }, target })), [
    409,
    'Conflict',
    'Operation cannot be fulfilled on pods/binding "b": pod b is already assigned to node "n"',
  ])
  t.match(told(await bind({ target })), [
    400,
    'BadRequest',
    'name in URL does not match name in Binding object',
  ])
  t.match(told(await bind({ metadata: { name: 'b' }, target: { kind: 'Pod' } })), [422, 'Invalid'])
})

void t.test('guests of a pod', async t => {
  const guests = `${PODS}/g/ephemeralcontainers`
  await client.send('POST', PODS, pod('g'))
  const guest = { name: 'debug', image: 'busybox', terminationMessagePolicy: 'File' }
  const spec = { ephemeralContainers: [guest] }
  const joined = await client.send('PATCH', guests, { spec }, STRATEGIC)
  t.equal(joined.status, 200)
  t.match(joined.body, { kind: 'Pod', spec: { ephemeralContainers: [{ name: 'debug' }] } })
  t.equal(joined.body.metadata['generation'], 2)
  const changed = { spec: { ephemeralContainers: [{ ...guest, image: 'other' }] } }
  t.match(told(await client.send('PATCH', guests, changed, STRATEGIC)), [
    422,
    'Invalid',
    /^Pod "g" is invalid: spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n/,
  ])
  t.match(
    told(await client.send('PATCH', guests, { spec: { ephemeralContainers: null } }, MERGE)),
    [
      422,
      'Invalid',
      'Pod "g" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ],
  )
  const clash = { spec: { ephemeralContainers: [guest, { ...guest, name: 'c' }] } }
  t.equal((await client.send('PATCH', guests, clash, STRATEGIC)).status, 422)
})

void t.test('resize of a pod', async t => {
  const amounts = { cpu: '100m', memory: '16Mi' }
  const sized = (requests: object, more: object = {}): object => ({
    spec: { containers: [{ name: 'c', resources: { requests }, ...more }] },
  })
  const containers = [{ ...CONTAINER, resources: { requests: amounts } }]
  await client.send('POST', PODS, pod('r', { containers }))
  const resize = (body: object): Promise<Reply> =>
    client.send('PATCH', `${PODS}/r/resize`, body, STRATEGIC)
  const grown = await resize(sized({ cpu: '200m', memory: '32Mi' }, { image: 'other' }))
  t.match(grown.body, {
    spec: { containers: [{ image: 'busybox', resources: { requests: { cpu: '200m' } } }] },
  })
  const refused = [
    [
      sized({ cpu: null }),
      'Pod "r" is invalid: spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      sized({ 'ephemeral-storage': '1Gi' }),
      'Pod "r" is invalid: spec: Forbidden: only cpu and memory resources are mutable',
    ],
    [
      { spec: { containers: [{ name: 'd', image: 'x' }] } },
      'Pod "r" is invalid: spec.containers: Forbidden: containers may not be added or removed on resize',
    ],
  ] as const
  for (const [body, message] of refused)
    t.strictSame(told(await resize(body)), [422, 'Invalid', message])
  await client.send('POST', PODS, pod('best'))
  t.match(told(await client.send('PATCH', `${PODS}/best/resize`, sized(amounts), STRATEGIC)), [
    422,
    'Invalid',
    'Pod "best" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
  ])
})

void t.test('eviction asks the budget', async t => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  const evict = (name: string, body: object = {}): Promise<Reply> =>
    client.send('POST', `${PODS}/${name}/eviction`, { metadata: { name }, ...body })
  const setPhase = (name: string, phase: string): Promise<Reply> =>
    client.send('PATCH', `${PODS}/${name}/status`, { status: { phase } }, MERGE)
  await client.send('POST', PODS, pod('e', { nodeName: 'n' }))
  await setPhase('e', 'Running')
  const selector = { matchLabels: { app: 'e' } }
  await client.send('POST', budgets, {
    metadata: { name: 'pdb' },
    spec: { selector, minAvailable: 1 },
  })
  const refused = await evict('e')
  t.strictSame(told(refused), [
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
  ])
  t.strictSame(refused.body.details, {
    causes: [
      {
        reason: 'DisruptionBudget',
        message: 'The disruption budget pdb is still being processed by the server.',
      },
    ],
    retryAfterSeconds: 10,
  })
  const setBudget = (status: object): Promise<Reply> =>
    client.send('PATCH', `${budgets}/pdb/status`, { status }, MERGE)
  const counts = { desiredHealthy: 1, currentHealthy: 1, expectedPods: 1 }
  await setBudget({ ...counts, currentHealthy: 0, observedGeneration: 1, disruptionsAllowed: 0 })
  t.match((await evict('e')).body.details, {
    causes: [{ message: 'The disruption budget pdb needs 1 healthy pods and has 0 currently' }],
  })
  await setBudget({ currentHealthy: 2, disruptionsAllowed: 1 })
  await client.send(
    'PATCH',
    `${PODS}/e/status`,
    { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    MERGE,
  )
  t.equal((await evict('e', { deleteOptions: { dryRun: ['All'] } })).status, 201)
  const left = await client.send('GET', `${budgets}/pdb`)
  t.match(left.body, { status: { disruptionsAllowed: 1 } }, 'a dry run takes nothing')
  t.equal((await evict('e')).status, 201)
  t.match((await client.send('GET', `${PODS}/e`)).body.metadata, { deletionGracePeriodSeconds: 30 })
  t.match((await client.send('GET', `${budgets}/pdb`)).body, {
    status: {
      disruptionsAllowed: 0,
      disruptedPods: { e: /^20/ },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    },
  })
  t.equal((await evict('e')).status, 201, 'what is going needs no budget')
  t.match(told(await evict('none')), [404, 'NotFound', 'pods "none" not found'])
  await client.send('POST', PODS, pod('f', { nodeName: 'n' }))
  t.equal((await evict('f', { apiVersion: 'policy/v1beta1', kind: 'Eviction' })).status, 201)
})
