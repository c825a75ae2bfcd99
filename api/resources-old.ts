/**
 * Old group-versions, served as conversions of the current ones: the second half of the served table. Pure data.
 *
 * A row names the group-version whose row stores the objects (`stored`; none: the kind itself is stored, since nothing
 * current has taken its place) and its life: minor releases of Kubernetes 1.x that deprecated and removed it, and what
 * to use instead. Everything else (names, scope, verbs, subresources) is that of the row it shares the storage with.
 * Groups come behind all current ones in discovery, versions of a group newest first.
 * Source: k8s.io/api/<group>/<version>/zz_generated.prerelease-lifecycle.go of the last release that had each kind
 */
import {
  type Extra,
  type GroupRow,
  type ResourceRow,
  CLUSTER,
  NAMESPACED,
  row,
  SERVED,
} from './resources.ts'
import type { Subresource } from './subresources.ts'

/** Deprecated in, removed in; what replaces it is the current row unless said otherwise. */
type Life = readonly [since: number, removed: number, use?: string]

interface Sharing {
  readonly life?: Life
  /** Where these differ from the current kind's. */
  readonly subresources?: readonly Subresource[]
}

function current(stored: string, plural: string): ResourceRow {
  const at = (group: GroupRow): string =>
    group.group === '' ? group.version : `${group.group}/${group.version}`
  const found = SERVED.find(group => at(group) === stored)?.resources.find(
    resource => resource.plural === plural,
  )
  if (found === undefined) throw new Error(`no row of ${stored} ${plural}`)
  return found
}

const deprecationOf = (kind: string, life: Life | undefined, stored: string) => {
  if (life === undefined) return {}
  const [since, removed, use = `${stored} ${kind}`] = life
  return { deprecation: { since: `1.${since}`, removed: `1.${removed}`, use } }
}

/** Kinds that share the storage of the rows of `stored`. */
const shared = (stored: string, plurals: string, sharing: Sharing = {}): ResourceRow[] =>
  plurals.split(' ').map(plural => {
    const { life, subresources } = sharing
    // `kubectl get all` would show each object once per group.
    const { categories: _shownOnce, ...known } = current(stored, plural)
    return {
      ...known,
      ...(subresources === undefined ? {} : { subresources }),
      storedAs: stored,
      ...deprecationOf(known.kind, life, stored),
    }
  })

const NO_REPLACEMENT = ''

const storedKind = (
  plural: string,
  kind: string,
  scope: typeof CLUSTER | typeof NAMESPACED,
  life: Life | undefined,
  extra: Extra = {},
): ResourceRow => ({ ...row(plural, kind, scope, extra), ...deprecationOf(kind, life, '') })

const POLICY: ResourceRow = storedKind(
  'podsecuritypolicies',
  'PodSecurityPolicy',
  CLUSTER,
  [21, 25, NO_REPLACEMENT],
  { shortNames: ['psp'] },
)

const EXTENSIONS_ROWS: readonly ResourceRow[] = [
  ...shared('apps/v1', 'deployments', {
    life: [8, 16],
    subresources: ['status', 'scale', 'rollback'],
  }),
  ...shared('apps/v1', 'daemonsets replicasets', { life: [8, 16] }),
  ...shared('networking.k8s.io/v1', 'ingresses', { life: [14, 22] }),
  ...shared('networking.k8s.io/v1', 'networkpolicies', { life: [9, 16] }),
  {
    ...POLICY,
    storedAs: 'policy/v1beta1',
    ...deprecationOf('PodSecurityPolicy', [11, 16], 'policy/v1beta1'),
  },
  storedKind('thirdpartyresources', 'ThirdPartyResource', CLUSTER, [
    7,
    8,
    'apiextensions.k8s.io/v1 CustomResourceDefinition',
  ]),
]

/** kubectl warns at each use of a short name that two groups have. */
const EXTENSIONS = EXTENSIONS_ROWS.map(({ shortNames: _ofCurrent, ...known }) => known)

const APPS = 'deployments statefulsets controllerrevisions'
const ROLES = 'clusterrolebindings clusterroles rolebindings roles'
const FLOW = 'flowschemas prioritylevelconfigurations'

const old = (groupVersion: string, file: string, resources: readonly ResourceRow[]): GroupRow => {
  const [group = '', version = ''] = groupVersion.split('/')
  return { group, version, file, resources }
}

const NETWORKING_BETA: readonly ResourceRow[] = [
  ...shared('networking.k8s.io/v1', 'ingresses', { life: [19, 22] }),
  ...shared('networking.k8s.io/v1', 'ingressclasses', {
    // Upstream's own words.
    life: [19, 22, 'networking.k8s.io/v1 IngressClassList'],
  }),
  ...shared('networking.k8s.io/v1', 'ipaddresses servicecidrs', { life: [34, 37, NO_REPLACEMENT] }),
]

const STORAGE_BETA: readonly ResourceRow[] = [
  ...shared('storage.k8s.io/v1', 'storageclasses csidrivers', { life: [19, 22] }),
  ...shared('storage.k8s.io/v1', 'volumeattachments', { life: [19, 22], subresources: [] }),
  ...shared('storage.k8s.io/v1', 'csinodes', { life: [17, 22] }),
  ...shared('storage.k8s.io/v1', 'csistoragecapacities', { life: [24, 27] }),
  ...shared('storage.k8s.io/v1', 'volumeattributesclasses', { life: [34, 37] }),
]

const ADMISSION_BETA: readonly ResourceRow[] = [
  ...shared(
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations mutatingwebhookconfigurations',
    { life: [16, 22] },
  ),
  ...shared(
    'admissionregistration.k8s.io/v1',
    'validatingadmissionpolicies validatingadmissionpolicybindings',
    { life: [31, 34, NO_REPLACEMENT] },
  ),
  ...shared(
    'admissionregistration.k8s.io/v1',
    'mutatingadmissionpolicies mutatingadmissionpolicybindings',
  ),
]

export const OLD: readonly GroupRow[] = [
  old('apps/v1beta2', 'apps-v1beta2', [
    ...shared('apps/v1', `${APPS} replicasets daemonsets`, { life: [9, 16] }),
  ]),
  old('apps/v1beta1', 'apps-v1beta1', [
    ...shared('apps/v1', 'deployments', {
      life: [8, 16],
      subresources: ['status', 'scale', 'rollback'],
    }),
    ...shared('apps/v1', 'statefulsets controllerrevisions', { life: [8, 16] }),
  ]),
  old('events.k8s.io/v1beta1', 'events-v1beta1', [
    ...shared('v1', 'events', { life: [19, 25, 'events.k8s.io/v1 Event'] }),
  ]),
  old('authentication.k8s.io/v1beta1', 'authentication-v1beta1', [
    ...shared('authentication.k8s.io/v1', 'tokenreviews', { life: [19, 22] }),
    ...shared('authentication.k8s.io/v1', 'selfsubjectreviews', { life: [30, 33, NO_REPLACEMENT] }),
  ]),
  old('authorization.k8s.io/v1beta1', 'authorization-v1beta1', [
    ...shared(
      'authorization.k8s.io/v1',
      'localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews',
      { life: [19, 22] },
    ),
  ]),
  old('autoscaling/v2beta2', 'autoscaling-v2beta2', [
    ...shared('autoscaling/v2', 'horizontalpodautoscalers', { life: [23, 26] }),
  ]),
  old('autoscaling/v2beta1', 'autoscaling-v2beta1', [
    ...shared('autoscaling/v2', 'horizontalpodautoscalers', { life: [22, 25] }),
  ]),
  old('autoscaling/v2alpha1', 'autoscaling-v2alpha1', [
    ...shared('autoscaling/v2', 'horizontalpodautoscalers'),
  ]),
  old('batch/v1beta1', 'batch-v1beta1', [...shared('batch/v1', 'cronjobs', { life: [21, 25] })]),
  old('batch/v2alpha1', 'batch-v2alpha1', [...shared('batch/v1', 'cronjobs')]),
  old('certificates.k8s.io/v1beta1', 'certificates-v1beta1', [
    ...shared('certificates.k8s.io/v1', 'certificatesigningrequests', { life: [19, 22] }),
  ]),
  old('networking.k8s.io/v1beta1', 'networking-v1beta1', NETWORKING_BETA),
  old('policy/v1beta1', 'policy-v1beta1', [
    ...shared('policy/v1', 'poddisruptionbudgets', { life: [21, 25] }),
    POLICY,
  ]),
  old('rbac.authorization.k8s.io/v1beta1', 'rbac-v1beta1', [
    ...shared('rbac.authorization.k8s.io/v1', ROLES, { life: [17, 22] }),
  ]),
  old('rbac.authorization.k8s.io/v1alpha1', 'rbac-v1alpha1', [
    ...shared('rbac.authorization.k8s.io/v1', ROLES),
  ]),
  old('storage.k8s.io/v1beta1', 'storage-v1beta1', STORAGE_BETA),
  old('admissionregistration.k8s.io/v1beta1', 'admissionregistration-v1beta1', ADMISSION_BETA),
  old('apiextensions.k8s.io/v1beta1', 'apiextensions-v1beta1', [
    ...shared('apiextensions.k8s.io/v1', 'customresourcedefinitions', { life: [16, 22] }),
  ]),
  old('apiregistration.k8s.io/v1beta1', 'apiregistration-v1beta1', [
    ...shared('apiregistration.k8s.io/v1', 'apiservices', { life: [19, 22] }),
  ]),
  old('scheduling.k8s.io/v1beta1', 'scheduling-v1beta1', [
    ...shared('scheduling.k8s.io/v1', 'priorityclasses', { life: [14, 22] }),
  ]),
  old('scheduling.k8s.io/v1alpha1', 'scheduling-v1alpha1', [
    ...shared('scheduling.k8s.io/v1', 'priorityclasses'),
  ]),
  old('coordination.k8s.io/v1beta1', 'coordination-v1beta1', [
    ...shared('coordination.k8s.io/v1', 'leases', { life: [19, 22] }),
  ]),
  old('discovery.k8s.io/v1beta1', 'discovery-v1beta1', [
    ...shared('discovery.k8s.io/v1', 'endpointslices', { life: [21, 25] }),
  ]),
  old('node.k8s.io/v1beta1', 'node-v1beta1', [
    ...shared('node.k8s.io/v1', 'runtimeclasses', { life: [22, 25] }),
  ]),
  old('flowcontrol.apiserver.k8s.io/v1beta3', 'flowcontrol-v1beta3', [
    ...shared('flowcontrol.apiserver.k8s.io/v1', FLOW, { life: [29, 32] }),
  ]),
  old('resource.k8s.io/v1beta2', 'resource-v1beta2', [
    ...shared(
      'resource.k8s.io/v1',
      'deviceclasses resourceclaims resourceclaimtemplates resourceslices',
      { life: [36, 39, NO_REPLACEMENT] },
    ),
  ]),
  old('extensions/v1beta1', 'extensions-v1beta1', EXTENSIONS),
  old('settings.k8s.io/v1alpha1', 'settings-v1alpha1', [
    storedKind('podpresets', 'PodPreset', NAMESPACED, undefined),
  ]),
]
