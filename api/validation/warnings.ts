/**
 * What the writer of a valid object should know: sent as Warning headers, which kubectl prints. Pure.
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go WarningsOnCreate, WarningsOnUpdate
 */
import { labelFaults } from '#api/names.ts'
import type { KubeObject } from '#api/object.ts'
import { groupResource, type Resource } from '#api/scheme.ts'
import type { CronJob, Job } from '#api/types/batch-v1.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  PodTemplateSpec,
  Service,
} from '#api/types/core-v1.ts'
import type { Ingress } from '#api/types/networking-v1.ts'
import type { ResourceSlice } from '#api/types/resource-v1.ts'
import type { StorageClass } from '#api/types/storage-v1.ts'
import { podWarnings } from '#api/validation/pod-warnings.ts'
import { serviceWarnings } from '#api/validation/service-warnings.ts'
import { claimWarnings, classWarnings, volumeWarnings } from '#api/validation/storage-warnings.ts'

/** A method, as in `Rules`: the table guarantees the kind. */
interface Warner {
  warn(object: KubeObject, before: KubeObject | undefined): readonly string[]
}

/** Pods get their hostname from it. */
function nameWarnings({ metadata }: KubeObject): string[] {
  const found = labelFaults(metadata.name ?? '')
  const what =
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  return found.length === 0 ? [] : [`${what}: [${found.join(' ')}]`]
}

const MANY_COMPLETIONS = 100_000
const LIMIT_WITH_MANY = 10_000

function manyCompletionsWarnings({ spec }: Job): string[] {
  const { completions = 0, parallelism = 0, completionMode } = spec ?? {}
  const isMany = completionMode === 'Indexed' && completions > MANY_COMPLETIONS
  return isMany && parallelism > LIMIT_WITH_MANY
    ? [
        'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
      ]
    : []
}

const ZONE_DOCS = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/'

/** Whose `spec.template` makes pods. */
interface Templated extends KubeObject {
  readonly spec?: { readonly template?: PodTemplateSpec }
}

/** A change of something else than the spec says nothing new. */
const isNews = ({ metadata }: KubeObject, before: KubeObject | undefined): boolean =>
  before === undefined || metadata.generation !== before.metadata.generation

const TEMPLATED: Warner = {
  warn: (object: Templated, before) =>
    isNews(object, before) ? podWarnings('spec.template', object.spec?.template ?? {}) : [],
}

/** By group resource. */
const WARNERS: Readonly<Record<string, Warner>> = {
  // Few people change pods by hand, and agents often do.
  pods: { warn: (pod: Pod, before) => (before === undefined ? podWarnings('', pod) : []) },
  services: { warn: (service: Service) => serviceWarnings(service) },
  persistentvolumes: { warn: (volume: PersistentVolume) => volumeWarnings(volume) },
  persistentvolumeclaims: { warn: (claim: PersistentVolumeClaim) => claimWarnings(claim) },
  'storageclasses.storage.k8s.io': { warn: (storage: StorageClass) => classWarnings(storage) },
  podtemplates: {
    warn: (object: PodTemplate) => podWarnings('template', object.template ?? {}),
  },
  replicationcontrollers: TEMPLATED,
  'deployments.apps': TEMPLATED,
  'replicasets.apps': TEMPLATED,
  'statefulsets.apps': TEMPLATED,
  'daemonsets.apps': TEMPLATED,
  'jobs.batch': {
    warn: (job: Job, before) => [
      ...(before === undefined ? nameWarnings(job) : []),
      ...manyCompletionsWarnings(job),
      ...(isNews(job, before) ? podWarnings('spec.template', job.spec?.template ?? {}) : []),
    ],
  },
  'cronjobs.batch': {
    warn: (job: CronJob, before) => [
      ...(before === undefined ? nameWarnings(job) : []),
      ...(job.spec.schedule.includes('TZ')
        ? [
            `CRON_TZ or TZ used in spec.schedule is not officially supported, see ${ZONE_DOCS} for more details`,
          ]
        : []),
      ...(isNews(job, before)
        ? podWarnings('spec.jobTemplate.spec.template', job.spec.jobTemplate.spec?.template ?? {})
        : []),
    ],
  },
  'resourceslices.resource.k8s.io': {
    warn: ({ spec: { driver } }: ResourceSlice) =>
      driver === driver.toLowerCase()
        ? []
        : [
            `spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`,
          ],
  },
  'ingresses.networking.k8s.io': {
    warn: ({ metadata }: Ingress, before) =>
      before === undefined && metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined
        ? [
            `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
          ]
        : [],
  },
}

export const warningsOf = (
  resource: Resource,
  object: KubeObject,
  before: KubeObject | undefined,
): readonly string[] => WARNERS[groupResource(resource)]?.warn(object, before) ?? []
