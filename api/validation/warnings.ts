/**
 * What the writer of a valid object should know: sent as Warning headers, which kubectl prints. Pure.
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go WarningsOnCreate, WarningsOnUpdate
 */
import { equalJson } from '#api/json.ts'
import { labelFaults } from '#api/names.ts'
import type { KubeObject } from '#api/object.ts'
import { TEMPLATE_GENERATION } from '#api/old-annotations.ts'
import { groupResource, type Resource } from '#api/scheme.ts'
import type { CustomResourceDefinition } from '#api/types/apiextensions-v1.ts'
import type { DaemonSet, StatefulSet } from '#api/types/apps-v1.ts'
import type { CronJob, Job, JobSpec } from '#api/types/batch-v1.ts'
import type {
  Endpoints,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  PodTemplateSpec,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import type { Ingress, NetworkPolicy } from '#api/types/networking-v1.ts'
import type { ResourceSlice } from '#api/types/resource-v1.ts'
import type { CSIDriver, StorageClass } from '#api/types/storage-v1.ts'
import {
  accountWarnings,
  balancerWarnings,
  endpointsWarnings,
  ingressWarnings,
  nodeWarnings,
  policyWarnings,
  quotaWarnings,
  secretWarnings,
  sliceWarnings,
} from '#api/validation/core-warnings.ts'
import { definitionNotices } from '#api/validation/definition-notices.ts'
import { definitionWarnings } from '#api/validation/definition-warnings.ts'
import { LIMIT_WITH_MANY, MANY_COMPLETIONS } from '#api/validation/jobs.ts'
import { podStatusWarnings, podWarnings } from '#api/validation/pod-warnings.ts'
import { serviceWarnings } from '#api/validation/service-warnings.ts'
import {
  claimSpecWarnings,
  claimWarnings,
  classWarnings,
  volumeWarnings,
} from '#api/validation/storage-warnings.ts'

/** A method, as in `Rules`: the table guarantees the kind. */
interface Warner {
  warn(object: KubeObject, before: KubeObject | undefined): readonly string[]
}

/** A pod's hostname is its name. */
function hostnameWarnings({ metadata }: KubeObject): string[] {
  const found = labelFaults(metadata.name ?? '')
  const what =
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  return found.length === 0 ? [] : [`${what}: [${found.join(' ')}]`]
}

/** Pods get their names and hostnames from it. */
function nameWarnings({ metadata }: KubeObject): string[] {
  const found = labelFaults(metadata.name ?? '')
  const what =
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended'
  return found.length === 0 ? [] : [`${what}: [${found.join(' ')}]`]
}

const RESERVED_SUFFIX = '.static.k8s.io'

const RESERVED_NAME: Warner = {
  warn: ({ metadata: { name = '' } }) =>
    name.endsWith(RESERVED_SUFFIX)
      ? [
          `metadata.name: names ending with "${RESERVED_SUFFIX}" are reserved for static manifest-based configurations and cannot be managed via the API`,
        ]
      : [],
}

function jobWarnings(field: string, spec: Partial<JobSpec>): readonly string[] {
  const { completions = 0, parallelism = 0, completionMode, template = {} } = spec
  const isMany = completionMode === 'Indexed' && completions > MANY_COMPLETIONS
  const many = `${field}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`
  return [
    ...(isMany && parallelism > LIMIT_WITH_MANY ? [many] : []),
    ...podWarnings(`${field}.template`, template),
  ]
}

const ZONED =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'

const TOKENS_IN_ATTRIBUTES =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

const KEEPS_ALL =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'

/** Whose `spec.template` makes pods. */
interface Templated extends KubeObject {
  readonly spec?: { readonly template?: PodTemplateSpec }
}

/** A change of something else than the spec says nothing new. */
const isNews = ({ metadata }: KubeObject, before: KubeObject | undefined): boolean =>
  before === undefined || metadata.generation !== before.metadata.generation

const templateWarnings = (object: Templated, before: KubeObject | undefined): readonly string[] =>
  isNews(object, before) ? podWarnings('spec.template', object.spec?.template ?? {}) : []

/** Its name starts those of pods. */
const NAMING: Warner = {
  warn: (object: Templated, before) => [
    ...(before === undefined ? nameWarnings(object) : []),
    ...templateWarnings(object, before),
  ],
}

/** Counted apart from the generation, which grows with more than the template. */
const hasNewTemplate = ({ metadata }: KubeObject, before: KubeObject | undefined): boolean =>
  metadata.annotations?.[TEMPLATE_GENERATION] !==
  before?.metadata.annotations?.[TEMPLATE_GENERATION]

/** Where the claims' specs are found is said as upstream says it: not at all, or with a capital in updates. */
const claimsWarnings = (set: StatefulSet, part: '' | '.Spec'): readonly string[] =>
  (set.spec?.volumeClaimTemplates ?? []).flatMap(({ spec = {} }, index) =>
    claimSpecWarnings(`spec.volumeClaimTemplates[${index}]${part}`, spec),
  )

/** By group resource. */
const WARNERS: Readonly<Record<string, Warner>> = {
  // Few people change pods by hand, and agents often do.
  pods: {
    warn: (pod: Pod, before) =>
      before === undefined ? [...hostnameWarnings(pod), ...podWarnings('', pod)] : [],
  },
  services: { warn: (service: Service) => serviceWarnings(service) },
  persistentvolumes: { warn: (volume: PersistentVolume) => volumeWarnings(volume) },
  persistentvolumeclaims: { warn: (claim: PersistentVolumeClaim) => claimWarnings(claim) },
  'storageclasses.storage.k8s.io': { warn: (storage: StorageClass) => classWarnings(storage) },
  podtemplates: {
    warn: (object: PodTemplate, before) =>
      isNews(object, before) ? podWarnings('template', object.template ?? {}) : [],
  },
  replicationcontrollers: {
    // Upstream looks at the template that goes.
    warn: (object: Templated, before: Templated | undefined) =>
      before === undefined
        ? [...nameWarnings(object), ...templateWarnings(object, before)]
        : isNews(object, before)
          ? podWarnings('spec.template', before.spec?.template ?? {})
          : [],
  },
  secrets: { warn: (secret: Secret) => secretWarnings(secret) },
  serviceaccounts: {
    warn: (account: ServiceAccount, before: ServiceAccount | undefined) =>
      accountWarnings(account, before),
  },
  nodes: { warn: (node: Node) => nodeWarnings(node) },
  resourcequotas: {
    warn: (quota: ResourceQuota, before) => (before === undefined ? quotaWarnings(quota) : []),
  },
  endpoints: { warn: (endpoints: Endpoints) => endpointsWarnings(endpoints) },
  'endpointslices.discovery.k8s.io': {
    warn: (slice: EndpointSlice, before: EndpointSlice | undefined) => sliceWarnings(slice, before),
  },
  'networkpolicies.networking.k8s.io': {
    warn: (policy: NetworkPolicy) => policyWarnings(policy),
  },
  'customresourcedefinitions.apiextensions.k8s.io': {
    warn: (definition: CustomResourceDefinition, before: CustomResourceDefinition | undefined) => [
      ...definitionWarnings(definition, before),
      ...definitionNotices(definition),
    ],
  },
  'deployments.apps': NAMING,
  'replicasets.apps': NAMING,
  'statefulsets.apps': {
    warn: (set: StatefulSet, before) => [
      ...templateWarnings(set, before),
      ...claimsWarnings(set, before === undefined ? '' : '.Spec'),
      ...((set.spec?.revisionHistoryLimit ?? 0) < 0 ? [KEEPS_ALL] : []),
    ],
  },
  'daemonsets.apps': {
    warn: (set: DaemonSet, before) =>
      hasNewTemplate(set, before) ? podWarnings('spec.template', set.spec?.template ?? {}) : [],
  },
  'jobs.batch': {
    warn: (job: Job, before) => [
      ...(before === undefined ? nameWarnings(job) : []),
      ...(isNews(job, before) ? jobWarnings('spec', job.spec ?? {}) : []),
    ],
  },
  'cronjobs.batch': {
    warn: (job: CronJob, before) => [
      ...(before === undefined ? nameWarnings(job) : []),
      ...(isNews(job, before)
        ? jobWarnings('spec.jobTemplate.spec', job.spec.jobTemplate.spec ?? {})
        : []),
      ...(before !== undefined && job.spec.schedule.includes('TZ') ? [ZONED] : []),
    ],
  },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': RESERVED_NAME,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': RESERVED_NAME,
  'validatingadmissionpolicies.admissionregistration.k8s.io': RESERVED_NAME,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': RESERVED_NAME,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': RESERVED_NAME,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': RESERVED_NAME,
  'csidrivers.storage.k8s.io': {
    warn: ({ spec }: CSIDriver, before: CSIDriver | undefined) => {
      const { tokenRequests = [], serviceAccountTokenInSecrets } = spec
      const isNew = !equalJson(tokenRequests, before?.spec.tokenRequests ?? [])
      return isNew && serviceAccountTokenInSecrets === undefined ? [TOKENS_IN_ATTRIBUTES] : []
    },
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
    warn: (ingress: Ingress, before: Ingress | undefined) => ingressWarnings(ingress, before),
  },
}

const BALANCED: Warner = { warn: (object: Service | Ingress) => balancerWarnings(object) }

/** Of writes to the status. */
const STATUS_WARNERS: Readonly<Record<string, Warner>> = {
  pods: { warn: ({ status }: Pod) => podStatusWarnings(status) },
  services: BALANCED,
  'ingresses.networking.k8s.io': BALANCED,
}

const TABLES: ReadonlyMap<string, Readonly<Record<string, Warner>>> = new Map([
  ['', WARNERS],
  ['status', STATUS_WARNERS],
])

/** Of a write to the object, or to one of its subresources. */
export const warningsOf = (
  resource: Resource,
  object: KubeObject,
  before: KubeObject | undefined,
  subresource = '',
): readonly string[] =>
  TABLES.get(subresource)?.[groupResource(resource)]?.warn(object, before) ?? []
