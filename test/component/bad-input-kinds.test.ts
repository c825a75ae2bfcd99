/**
 * Law: whatever a client sends as an object of any kind that is served, it hears a Status that says what is wrong and
 * where, or the object is right. In-process, so that thousands of bodies take seconds; nothing is stored.
 */
import t from 'tap'
import { apiVersionOf, type Resource, resources } from '#api/scheme.ts'
import { StatusError } from '#api/status.ts'
import { bentBodies } from '../support/bent-bodies.ts'
import { ADMIN, startApi } from './api-fixture.ts'

const fixture = await startApi()
t.teardown(() => fixture.close())
const transport = fixture.api.local(ADMIN)

function collectionOf(resource: Resource): string {
  const root = resource.group === '' ? '/api/v1' : `/apis/${apiVersionOf(resource)}`
  return `${root}${resource.namespaced ? '/namespaces/default' : ''}/${resource.plural}`
}

/** The Status of a refusal, undefined when the object is right. */
async function post(resource: Resource, body: unknown): Promise<StatusError | undefined> {
  const path = collectionOf(resource)
  try {
    await transport.request({ method: 'POST', path, query: { dryRun: 'All' }, body })
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

/** Stacks of refusals that nobody reads would take most of the time. */
Error.stackTraceLimit = 0

const REASONS = new Set(['Invalid', 'BadRequest', 'Forbidden', 'NotFound', 'AlreadyExists'])
/** Traces of values that the message was made of without looking at them. */
const CARELESS = /\bundefined\b(?! to be structural)|\[object|\bNaN\b/

/** Upstream answers so with 500. */
const OF_UPSTREAM = 'resourceVersion should not be set on objects to be created'

/** What is wrong with the answer itself; undefined when it is in order. */
function flawOf({ reason, message, details }: StatusError): string | undefined {
  if (message === OF_UPSTREAM) return undefined
  if (!REASONS.has(reason) || message === '' || CARELESS.test(message)) {
    return `${reason}: ${message}`
  }
  const { causes = [] } = details ?? {}
  if (reason === 'Invalid' && causes.length === 0) return `no causes: ${message}`
  const careless = causes.find(({ field = '', message: why = '' }) => field === '' || why === '')
  return careless && JSON.stringify(careless)
}

/** Fewer would mean that kinds or fields went missing. */
const BODIES_MIN = 20_000

void t.test('law: bodies with one wrong field are judged, never tripped over', async t => {
  const seen = new Set<string>()
  let bodies = 0
  let refused = 0
  for (const resource of resources().filter(({ verbs }) => verbs.includes('create'))) {
    for (const { what, body } of bentBodies(resource, seen)) {
      bodies++
      const refusal = await post(resource, body)
      const flaw = refusal && flawOf(refusal)
      if (refusal !== undefined) refused++
      if (flaw !== undefined) t.fail(`${apiVersionOf(resource)} ${resource.kind}, ${what}: ${flaw}`)
    }
  }
  t.ok(bodies > BODIES_MIN, `${bodies} bodies`)
  t.ok(refused > bodies / 2, `${refused} refused`)
})
