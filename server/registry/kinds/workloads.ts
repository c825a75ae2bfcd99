/**
 * How the kinds that run pods, scale them and let traffic in differ from the default. Pure.
 *
 * Source: kubernetes pkg/registry/{apps,batch,autoscaling,policy,networking,node}/<kind>/strategy.go
 */
import { equalJson } from '#api/json.ts'
import type { AnyObject, ObjectMeta } from '#api/object.ts'
import { TEMPLATE_GENERATION } from '#api/old-annotations.ts'
import { generatedLabels } from '#api/validation/jobs.ts'
import { GENERATED, PLAIN, PLAIN_GENERATED, type Strategy } from '../strategy.ts'
import { recordOf, textOf } from '#api/values.ts'
import { withoutNew } from './gated-fields.ts'

const templateOf = (object: AnyObject): unknown => recordOf(object['spec'])['template']

function withTemplateGeneration(set: AnyObject, generation: number): AnyObject {
  const annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
  return { ...set, metadata: { ...set.metadata, annotations } }
}

const generationOf = ({ metadata }: AnyObject): number =>
  Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0)

/** Counts changes of the template, in an annotation that old clients still read. */
const daemonSetStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: set => withTemplateGeneration(set, Math.max(generationOf(set), 1)),
  prepareForUpdate(set, old) {
    const count = generationOf(old)
    const isSame = equalJson(templateOf(set), templateOf(old))
    return withTemplateGeneration(set, isSame ? count : count + 1)
  },
  prepareForStatus: (set, old) => withTemplateGeneration(set, generationOf(old)),
}

/** More than one pod at a time is not offered yet: only who has it keeps it. */
const withoutMaxUnavailable = (set: AnyObject, old?: AnyObject): AnyObject =>
  withoutNew(set, old, ['spec', 'updateStrategy', 'rollingUpdate'], 'maxUnavailable')

/** Source: kubernetes pkg/features MaxUnavailableStatefulSet, off by default */
const statefulSetStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: set => withoutMaxUnavailable(set),
  prepareForUpdate: withoutMaxUnavailable,
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

/** A Job without labels of its own bears those of its pods, the generated ones too. */
function withLabels(job: AnyObject, sent: AnyObject): AnyObject {
  const { labels } = job.metadata
  const isOwn = labels !== undefined && !equalJson(labels, podLabelsOf(sent))
  const podLabels = podLabelsOf(job)
  return isOwn || podLabels === undefined
    ? job
    : { ...job, metadata: { ...job.metadata, labels: podLabels } }
}

function podLabelsOf(job: AnyObject): ObjectMeta['labels'] {
  const { labels } = recordOf(recordOf(templateOf(job))['metadata'])
  // Decoded: a map of texts.
  return labels === undefined ? undefined : (labels as NonNullable<ObjectMeta['labels']>)
}

const jobStrategy: Strategy = {
  ...GENERATED,
  prepareForCreate: job => withLabels(withSelector(job), job),
  prepareForStatus: job => withLabels(job, job),
}

/** By storage. */
export const WORKLOAD_STRATEGIES: readonly (readonly [string, Strategy])[] = [
  ['deployments.apps', { ...GENERATED, countsAnnotations: true }],
  ['replicasets.apps', GENERATED],
  ['controllerrevisions.apps', PLAIN],
  ['daemonsets.apps', daemonSetStrategy],
  ['statefulsets.apps', statefulSetStrategy],
  ['jobs.batch', jobStrategy],
  ['cronjobs.batch', GENERATED],
  ['poddisruptionbudgets.policy', GENERATED],
  ['ingresses.networking.k8s.io', GENERATED],
  ['ingressclasses.networking.k8s.io', PLAIN_GENERATED],
  ['networkpolicies.networking.k8s.io', PLAIN_GENERATED],
  ['ipaddresses.networking.k8s.io', PLAIN],
  ['runtimeclasses.node.k8s.io', { ...PLAIN, createOnUpdate: true }],
]
