/**
 * Which kinds change their fields between the row they are served by and the row they are stored by, and how. A shared
 * storage without a row here has the same fields in both forms: only apiVersion differs. Pure data.
 */
import { AUTOSCALER_ALPHA, AUTOSCALER_BETA, AUTOSCALER_V1 } from './autoscalers.ts'
import type { Conversion } from './conversion.ts'
import { DEFINITION } from './definitions.ts'
import { EVENT } from './events.ts'
import { INGRESS } from './ingresses.ts'
import { ACCESS_REVIEW, ALPHA_BINDING, DISRUPTION_BUDGET, ENDPOINT_SLICE } from './smaller.ts'
import { DAEMON_SET, DEPLOYMENT } from './workloads.ts'

/** Keyed `group/version plural`. */
export const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  'events.k8s.io/v1 events': EVENT,
  'events.k8s.io/v1beta1 events': EVENT,
  'extensions/v1beta1 deployments': DEPLOYMENT,
  'extensions/v1beta1 daemonsets': DAEMON_SET,
  'extensions/v1beta1 ingresses': INGRESS,
  'apps/v1beta1 deployments': DEPLOYMENT,
  'networking.k8s.io/v1beta1 ingresses': INGRESS,
  'autoscaling/v1 horizontalpodautoscalers': AUTOSCALER_V1,
  'autoscaling/v2alpha1 horizontalpodautoscalers': AUTOSCALER_ALPHA,
  'autoscaling/v2beta1 horizontalpodautoscalers': AUTOSCALER_BETA,
  'policy/v1beta1 poddisruptionbudgets': DISRUPTION_BUDGET,
  'rbac.authorization.k8s.io/v1alpha1 rolebindings': ALPHA_BINDING,
  'rbac.authorization.k8s.io/v1alpha1 clusterrolebindings': ALPHA_BINDING,
  'discovery.k8s.io/v1beta1 endpointslices': ENDPOINT_SLICE,
  'authorization.k8s.io/v1beta1 subjectaccessreviews': ACCESS_REVIEW,
  'authorization.k8s.io/v1beta1 localsubjectaccessreviews': ACCESS_REVIEW,
  'apiextensions.k8s.io/v1beta1 customresourcedefinitions': DEFINITION,
}

/** A fault, by its field and its message. */
type Waiver = readonly [field: RegExp, message: RegExp]

const SELECTOR: readonly Waiver[] = [[/^spec\.selector$/, /field is immutable$/]]

const WEBHOOKS: readonly Waiver[] = [
  [/^webhooks\[\d+\]\.sideEffects$/, /^Unsupported value: "(Unknown|Some)"/],
  [/^webhooks\[\d+\]\.name$/, /^Duplicate value/],
]

/** The first autoscalers did not ask for the API version of what they scale. */
const TARGET: readonly Waiver[] = [
  [/^spec\.scaleTargetRef\.apiVersion$/, /^Invalid value: "": apiVersion must specify API group$/],
]

/**
 * Faults of the stored version that an old one did not know. Keyed as above.
 * Source: kubernetes pkg/registry/apps/{deployment,daemonset,replicaset}/strategy.go ValidateUpdate,
 * pkg/apis/certificates/validation allowLegacySignerName, pkg/apis/admissionregistration/validation
 * requireNoSideEffects, apiextensions-apiserver pkg/apis/apiextensions/validation requireStructuralSchema
 */
export const WAIVED: Readonly<Record<string, readonly Waiver[]>> = {
  'extensions/v1beta1 deployments': SELECTOR,
  'extensions/v1beta1 daemonsets': SELECTOR,
  'extensions/v1beta1 replicasets': SELECTOR,
  'apps/v1beta1 deployments': SELECTOR,
  'autoscaling/v2alpha1 horizontalpodautoscalers': TARGET,
  'autoscaling/v2beta1 horizontalpodautoscalers': TARGET,
  'autoscaling/v2beta2 horizontalpodautoscalers': TARGET,
  'certificates.k8s.io/v1beta1 certificatesigningrequests': [
    [/^spec\.signerName$/, /the legacy signerName is not allowed via this API version$/],
  ],
  'admissionregistration.k8s.io/v1beta1 validatingwebhookconfigurations': WEBHOOKS,
  'admissionregistration.k8s.io/v1beta1 mutatingwebhookconfigurations': WEBHOOKS,
  'apiextensions.k8s.io/v1beta1 customresourcedefinitions': [
    [/^spec\.preserveUnknownFields$/, /cannot set to true/],
    [/^spec\.versions\[\d+\]\.schema\.openAPIV3Schema$/, /^Required value$/],
    [
      /^spec\.(versions\[\d+\]\.schema|validation)\./,
      /must not be empty (at the root|for specified)/,
    ],
  ],
}
