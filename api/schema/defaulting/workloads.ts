/**
 * Defaults of what runs, scales and is let in, where they depend on other fields of the struct. Pure.
 * Source: kubernetes pkg/apis/{apps/v1,batch/v1,autoscaling/v2,networking/v1}/defaults.go
 */
import { INT32_MAX } from '#api/names.ts'
import { TEMPLATE_GENERATION } from '#api/old-annotations.ts'
import { type Fields, isRecord, listOf, recordOf } from '#api/values.ts'

const isEmpty = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0)

const isUnset = (value: unknown): boolean => value === undefined || value === ''

/** The same value when nothing is missing. */
const filled = (value: Fields, defaults: Fields): Fields =>
  Object.keys(defaults).every(name => value[name] !== undefined) ? value : { ...defaults, ...value }

const withRolling = (value: Fields, defaults: Fields): Fields => {
  const given = recordOf(value['rollingUpdate'])
  const rollingUpdate = filled(given, defaults)
  return rollingUpdate === value['rollingUpdate'] ? value : { ...value, rollingUpdate }
}

/** Rolling is the default; its limits are filled in wherever it is chosen. */
const daemonStrategy = (value: Fields): Fields =>
  isUnset(value['type']) || value['type'] === 'RollingUpdate'
    ? withRolling(value, { maxUnavailable: 1, maxSurge: 0 })
    : value

/** Who names RollingUpdate without limits wants none written down. */
function statefulStrategy(value: Fields): Fields {
  const isNamed = value['type'] === 'RollingUpdate' && value['rollingUpdate'] !== undefined
  return isUnset(value['type']) || isNamed ? withRolling(value, { partition: 0 }) : value
}

/** Said of every DaemonSet, be it zero: what strategies count is part of the object. */
function daemonSet(value: Fields): Fields {
  const metadata = recordOf(value['metadata'])
  const annotations = recordOf(metadata['annotations'])
  return annotations[TEMPLATE_GENERATION] === undefined
    ? {
        ...value,
        metadata: { ...metadata, annotations: { ...annotations, [TEMPLATE_GENERATION]: '0' } },
      }
    : value
}

const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' }

/** Claims say of what kind they are. */
function statefulSpec(value: Fields): Fields {
  const claims = listOf(value['volumeClaimTemplates']).map(recordOf)
  const isSaid = (claim: Fields): boolean =>
    claim['apiVersion'] === 'v1' && claim['kind'] === CLAIM.kind
  return claims.every(isSaid)
    ? value
    : { ...value, volumeClaimTemplates: claims.map(claim => ({ ...claim, ...CLAIM })) }
}

/** A job that says neither how many nor how many at once is one pod; with a limit per index the whole has none. */
function jobSpec(spec: Fields): Fields {
  const isSingle = spec['completions'] === undefined && spec['parallelism'] === undefined
  return filled(spec, {
    ...(isSingle ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : INT32_MAX,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })
}

/** Only of Jobs themselves, not inside CronJobs. Without labels of its own, a Job has those of its template. */
function job(value: Fields): Fields {
  const given = recordOf(value['spec'])
  const spec = jobSpec(given)
  const settled = spec === value['spec'] ? value : { ...value, spec }
  const metadata = recordOf(value['metadata'])
  const { labels } = recordOf(recordOf(spec['template'])['metadata'])
  const isLabelled = Object.keys(recordOf(metadata['labels'])).length > 0
  if (isLabelled || !isRecord(labels) || Object.keys(labels).length === 0) return settled
  return { ...settled, metadata: { ...metadata, labels } }
}

const CPU_AT_80 = [
  {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
  },
]

const autoscalerSpec = (value: Fields): Fields =>
  isEmpty(value['metrics']) ? { ...value, metrics: CPU_AT_80 } : value

const PERIOD_SECONDS = 15
const SCALE_UP = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS },
    { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS },
  ],
}
const SCALE_DOWN = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS }],
}

function autoscalerBehavior(value: Fields): Fields {
  const scaleUp = filled(recordOf(value['scaleUp']), SCALE_UP)
  const scaleDown = filled(recordOf(value['scaleDown']), SCALE_DOWN)
  const isSame = scaleUp === value['scaleUp'] && scaleDown === value['scaleDown']
  return isSame ? value : { ...value, scaleUp, scaleDown }
}

/** A policy is about what comes in, and about what goes out when it has rules for that. */
const networkPolicySpec = (value: Fields): Fields =>
  isEmpty(value['policyTypes'])
    ? { ...value, policyTypes: isEmpty(value['egress']) ? ['Ingress'] : ['Ingress', 'Egress'] }
    : value

/** By OpenAPI name of the struct. */
export const WORKLOAD_DEFAULTS: Readonly<Record<string, (value: Fields) => Fields>> = {
  'io.k8s.api.apps.v1.DaemonSet': daemonSet,
  'io.k8s.api.apps.v1beta2.DaemonSet': daemonSet,
  'io.k8s.api.apps.v1.DaemonSetUpdateStrategy': daemonStrategy,
  'io.k8s.api.apps.v1.StatefulSetUpdateStrategy': statefulStrategy,
  'io.k8s.api.apps.v1.StatefulSetSpec': statefulSpec,
  'io.k8s.api.apps.v1beta1.StatefulSetSpec': statefulSpec,
  'io.k8s.api.apps.v1beta2.StatefulSetSpec': statefulSpec,
  'io.k8s.api.batch.v1.Job': job,
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': autoscalerSpec,
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior': autoscalerBehavior,
  'io.k8s.api.networking.v1.NetworkPolicySpec': networkPolicySpec,
}
