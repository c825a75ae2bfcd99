/**
 * How the kinds that run pods, scale them and let traffic in differ from the default. Pure.
 *
 * Source: kubernetes pkg/registry/{apps,batch,autoscaling,policy,networking,node}/<kind>/strategy.go
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject } from '#api/object.ts'
import { generatedLabels } from '#api/validation/jobs.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { recordOf, textOf } from '#api/values.ts'

const GENERATED: Strategy = { ...DEFAULT_STRATEGY, generation: true }
const PLAIN: Strategy = { ...DEFAULT_STRATEGY, hasStatus: false }
const PLAIN_GENERATED: Strategy = { ...PLAIN, generation: true }

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const templateOf = (object: AnyObject): unknown => recordOf(object['spec'])['template']

function withTemplateGeneration(set: AnyObject, generation: number): AnyObject {
  const annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
  return { ...set, metadata: { ...set.metadata, annotations } }
}

/** Counts changes of the template, in an annotation that old clients still read. */
const daemonSetStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: set => withTemplateGeneration(set, 1),
  prepareForUpdate(set, old) {
    const count = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1)
    const isSame = equalJson(templateOf(set), templateOf(old))
    return withTemplateGeneration(set, isSame ? count : count + 1)
  },
}

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/** Labels that only the pods of this Job have, and a selector for them; what the creator set stays, and is refused. */
function withSelector(job: AnyObject): AnyObject {
  const spec = recordOf(job['spec'])
  if (spec['manualSelector'] === true) return job
  const template = recordOf(spec['template'])
  const metadata = recordOf(template['metadata'])
  const uid = textOf(job.metadata.uid)
  const labels = {
    ...generatedLabels(textOf(job.metadata.name), uid),
    ...recordOf(metadata['labels']),
  }
  const selector = recordOf(spec['selector'])
  const matchLabels = { [CONTROLLER_UID]: uid, ...recordOf(selector['matchLabels']) }
  return {
    ...job,
    spec: {
      ...spec,
      selector: { ...selector, matchLabels },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  }
}

const jobStrategy: Strategy = { ...GENERATED, prepareForCreate: withSelector }

/** By storage. */
export const WORKLOAD_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['daemonsets.apps', daemonSetStrategy],
  ['statefulsets.apps', GENERATED],
  ['jobs.batch', jobStrategy],
  ['cronjobs.batch', GENERATED],
  ['poddisruptionbudgets.policy', GENERATED],
  ['ingresses.networking.k8s.io', GENERATED],
  ['ingressclasses.networking.k8s.io', PLAIN_GENERATED],
  ['networkpolicies.networking.k8s.io', PLAIN_GENERATED],
  ['ipaddresses.networking.k8s.io', PLAIN],
  ['runtimeclasses.node.k8s.io', { ...PLAIN, createOnUpdate: true }],
]
