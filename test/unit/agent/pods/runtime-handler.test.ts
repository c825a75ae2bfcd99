/** Which handlers this node has. */
import t from 'tap'
import { requireHandler } from '#agent/pods/runtime-handler.ts'
import { notFound } from '#api/status.ts'
import type { Pod } from '#api/types/core-v1.ts'
import { createClient } from '#client/client.ts'

const HANDLERS: Readonly<Record<string, string>> = { plain: 'runc', sandboxed: 'gvisor' }

const client = createClient({
  request: async ({ path }) => {
    const name = path.split('/').at(-1) ?? ''
    const handler = HANDLERS[name]
    if (handler === undefined)
      throw notFound({ group: 'node.k8s.io', resource: 'runtimeclasses', name })
    return { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler }
  },
  watch: async () => undefined,
})

const podOf = (runtimeClassName?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [], ...(runtimeClassName === undefined ? {} : { runtimeClassName }) },
})

const asked = async (runtimeClassName?: string): Promise<string> => {
  try {
    await requireHandler(client, podOf(runtimeClassName), AbortSignal.timeout(1000))
    return 'known'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

void t.test('known handlers pass, others are told by name', async t => {
  t.equal(await asked(), 'known')
  t.equal(await asked('plain'), 'known')
  t.equal(await asked('sandboxed'), 'no runtime for "gvisor" is configured')
  t.match(await asked('gone'), /"gone" not found/)
})
