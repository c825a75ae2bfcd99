/** Gives each node its block of pod addresses: one worker, so that two nodes are never served from the same view. */
import type { Node } from '#api/types/core-v1.ts'
import { type Controller, createController } from '#client/controller.ts'
import type { RecordingDeps } from '../deps.ts'
import { chooseBlock } from './plan.ts'

const EXHAUSTED_RETRY_MS = 30_000

export function createNodeCIDRController(deps: RecordingDeps): Controller {
  const { client, config, events } = deps
  const nodes = deps.informers.of('nodes')
  /** Given here and perhaps not yet in the cache: block to node. */
  const given = new Map<string, string>()

  const takenBesides = (node: Node): ReadonlySet<string> => {
    for (const [block, name] of given) {
      const cached = nodes.get(name)
      if (cached === undefined || cached.spec?.podCIDR === block) given.delete(block)
    }
    const others = nodes.list().filter(other => other.metadata.name !== node.metadata.name)
    // What it was given before it was deleted and made again is its own: its pods may still have those addresses.
    const givenToOthers = [...given].filter(([, name]) => name !== node.metadata.name)
    return new Set([
      ...givenToOthers.map(([block]) => block),
      ...others.flatMap(({ spec }) => [spec?.podCIDR ?? '', ...(spec?.podCIDRs ?? [])]),
    ])
  }

  const controller = createController({
    name: 'node-cidr',
    workers: 1,
    needs: [nodes],
    async sync(name, signal) {
      const node = nodes.get(name)
      if (node === undefined) return undefined
      const choice = chooseBlock(node, takenBesides(node), config)
      if (choice.kind === 'none-needed') return undefined
      if (choice.kind === 'exhausted') {
        const message = `Node ${name} status is now: CIDRNotAvailable`
        events.event(node, { type: 'Normal', reason: 'CIDRNotAvailable', message })
        return { requeueAfterMs: EXHAUSTED_RETRY_MS }
      }
      const { podCIDR } = choice
      given.set(podCIDR, name)
      try {
        const { resourceVersion } = node.metadata
        // The revision makes sure that nobody else gave a block meanwhile.
        const body = { metadata: { resourceVersion }, spec: { podCIDR, podCIDRs: [podCIDR] } }
        await client.nodes.patch({ name }, { type: 'merge', body }, {}, signal)
      } catch (error) {
        given.delete(podCIDR)
        throw error
      }
      return undefined
    },
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
  })
  nodes.addHandler({
    onAdd: node => controller.enqueue(node.metadata.name ?? ''),
    onUpdate: (_before, after) => {
      if ((after.spec?.podCIDR ?? '') === '') controller.enqueue(after.metadata.name ?? '')
    },
  })
  return controller
}
