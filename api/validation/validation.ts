/**
 * Which rules an object of a resource must keep, when it is created and when it changes. Pure.
 *
 * Objects have been decoded, defaulted and pruned: types and unknown fields are settled before.
 * Output  every fault, in the order upstream looks at fields; empty when the object is valid.
 * Source: kubernetes pkg/registry/<group>/<kind>/strategy.go Validate, ValidateUpdate
 */
import type { KubeObject } from '#api/object.ts'
import { groupResource, type Resource } from '#api/scheme.ts'
import type { FieldError } from '#api/status.ts'
import { ADMISSION_RULES } from '#api/validation/admission-rules.ts'
import { CUSTOM_RESOURCE_RULES } from '#api/validation/custom-resources.ts'
import { ENDPOINT_RULES } from '#api/validation/endpoints.ts'
import { API_SERVICE_RULES } from '#api/validation/api-services.ts'
import {
  validateChangedEvent,
  validateCoreEvent,
  validateEvent,
  validateNewEvent,
} from '#api/validation/events.ts'
import { FLOW_CONTROL_RULES } from '#api/validation/flow-control.ts'
import {
  validateLocalReview,
  validateSelfReview,
  validateSubjectReview,
} from '#api/validation/reviews.ts'
import { RESOURCE_RULES } from '#api/validation/resources.ts'
import {
  refuseRoleChange,
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
  validateTokenRequest,
} from '#api/validation/access.ts'
import {
  validateCertificateApproval,
  validateCertificateRequest,
  validateCertificateStatus,
  validateCertificateUpdate,
} from '#api/validation/certificates.ts'
import {
  validateBinding,
  validateLease,
  validateNamespace,
  validateNamespaceFinalizers,
  validateNamespaceStatus,
  validatePriorityClass,
  validatePriorityClassUpdate,
} from '#api/validation/cluster.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from '#api/validation/configuration.ts'
import { faultsOf } from '#api/validation/bounded-faults.ts'
import { validateMetadata, validateMetadataUpdate } from '#api/validation/metadata.ts'
import { validateNode, validateNodeStatus, validateNodeUpdate } from '#api/validation/nodes.ts'
import { validatePodStatus } from '#api/validation/pod-status.ts'
import { validatePodUpdate } from '#api/validation/pod-updates.ts'
import { validateChangedPod, validatePod } from '#api/validation/pods.ts'
import {
  validateLimitRange,
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from '#api/validation/limits.ts'
import { AUTOSCALING_RULES } from '#api/validation/autoscaling.ts'
import { CRON_JOB_RULES } from '#api/validation/cron-jobs.ts'
import { DISRUPTION_RULES } from '#api/validation/disruption.ts'
import { INGRESS_RULES } from '#api/validation/ingresses.ts'
import { JOB_RULES } from '#api/validation/jobs.ts'
import { NETWORK_POLICY_RULES } from '#api/validation/network-policies.ts'
import { POD_SET_RULES } from '#api/validation/pod-sets.ts'
import { SERVICE_ADDRESS_RULES } from '#api/validation/service-addresses.ts'
import type { Rules, RuleTable } from '#api/validation/rules.ts'
import { STORAGE_RULES } from '#api/validation/storage.ts'
import {
  validatePodTemplate,
  validateReplicationController,
  validateReplicationControllerStatus,
} from '#api/validation/templates.ts'
import { validateServiceStatus } from '#api/validation/service-exposure.ts'
import { validateService, validateServiceUpdate } from '#api/validation/services.ts'
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
  validateDeployment,
  validateDeploymentStatus,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetStatus,
  validateReplicaSetUpdate,
  validateScale,
} from '#api/validation/workloads.ts'
import type { ClusterRole, Role, RoleBinding } from '#api/types/rbac-v1.ts'

const nothing = (): void => {}

/** By group resource. Adding a kind's rules adds a row. */
const RULES: RuleTable = {
  ...FLOW_CONTROL_RULES,
  ...RESOURCE_RULES,
  ...API_SERVICE_RULES,
  ...ADMISSION_RULES,
  ...CUSTOM_RESOURCE_RULES,
  pods: { create: validatePod, update: validatePodUpdate, status: validatePodStatus },
  services: {
    create: validateService,
    update: validateServiceUpdate,
    status: validateServiceStatus,
  },
  ...ENDPOINT_RULES,
  nodes: { create: validateNode, update: validateNodeUpdate, status: validateNodeStatus },
  namespaces: { create: validateNamespace, update: nothing, status: validateNamespaceStatus },
  configmaps: { create: validateConfigMap, update: validateConfigMapUpdate },
  secrets: { create: validateSecret, update: validateSecretUpdate },
  limitranges: { create: validateLimitRange },
  resourcequotas: {
    create: validateResourceQuota,
    update: validateResourceQuotaUpdate,
    status: validateResourceQuotaStatus,
  },
  replicationcontrollers: {
    create: validateReplicationController,
    status: validateReplicationControllerStatus,
  },
  podtemplates: { create: validatePodTemplate },
  ...STORAGE_RULES,
  ...POD_SET_RULES,
  ...JOB_RULES,
  ...CRON_JOB_RULES,
  ...AUTOSCALING_RULES,
  ...DISRUPTION_RULES,
  ...INGRESS_RULES,
  ...NETWORK_POLICY_RULES,
  ...SERVICE_ADDRESS_RULES,
  'leases.coordination.k8s.io': { create: validateLease },
  'deployments.apps': {
    create: validateDeployment,
    update: validateDeploymentUpdate,
    status: validateDeploymentStatus,
  },
  'replicasets.apps': {
    create: validateReplicaSet,
    update: validateReplicaSetUpdate,
    status: validateReplicaSetStatus,
  },
  'controllerrevisions.apps': {
    create: validateControllerRevision,
    update: validateControllerRevisionUpdate,
  },
  'roles.rbac.authorization.k8s.io': { create: (faults, role: Role) => validateRole(faults, role) },
  'clusterroles.rbac.authorization.k8s.io': {
    create: (faults, role: ClusterRole) => validateClusterRole(faults, role),
  },
  'rolebindings.rbac.authorization.k8s.io': {
    create: validateRoleBinding,
    update(faults, binding: RoleBinding, before: RoleBinding) {
      validateRoleBinding(faults, binding)
      refuseRoleChange(faults, binding, before)
    },
  },
  'clusterrolebindings.rbac.authorization.k8s.io': {
    create: validateClusterRoleBinding,
    update(faults, binding: RoleBinding, before: RoleBinding) {
      validateClusterRoleBinding(faults, binding)
      refuseRoleChange(faults, binding, before)
    },
  },
  'priorityclasses.scheduling.k8s.io': {
    create: validatePriorityClass,
    update: validatePriorityClassUpdate,
  },
  'certificatesigningrequests.certificates.k8s.io': {
    create: validateCertificateRequest,
    update: validateCertificateUpdate,
    status: validateCertificateStatus,
  },
}

/** What one version asks on top of the rules of its storage; by group, version and resource. */
const VERSION_RULES: RuleTable = {
  '/v1/events': { create: validateCoreEvent },
  'events.k8s.io/v1beta1/events': { create: validateEvent },
  'events.k8s.io/v1/events': { create: validateNewEvent, update: validateChangedEvent },
}

const versionRules = ({ group, version, plural }: Resource): Rules | undefined =>
  VERSION_RULES[`${group}/${version}/${plural}`]

/** Bodies that are never stored, by their kind. */
const BODIES: Readonly<Record<string, Rules['create']>> = {
  Scale: validateScale,
  Binding: validateBinding,
  TokenRequest: validateTokenRequest,
  SubjectAccessReview: validateSubjectReview,
  LocalSubjectAccessReview: validateLocalReview,
  SelfSubjectAccessReview: validateSelfReview,
}

/** Writes of a spec through subresources: what may change there is the registry's. */
const SUBRESOURCE_RULES: Readonly<Record<string, Required<Rules>['update']>> = {
  'certificatesigningrequests.certificates.k8s.io/approval': validateCertificateApproval,
  'namespaces/finalize': validateNamespaceFinalizers,
  'pods/ephemeralcontainers': validateChangedPod,
  'pods/resize': validateChangedPod,
}

/** `resource` is the stored one, `sentAs` the one that the client named. */
export function validateCreate(
  resource: Resource,
  object: KubeObject,
  sentAs: Resource = resource,
): FieldError[] {
  return faultsOf(faults => {
    validateMetadata(faults, resource, object.metadata)
    RULES[groupResource(resource)]?.create(faults, object)
    versionRules(sentAs)?.create(faults, object)
  })
}

export function validateUpdate(
  resource: Resource,
  change: { readonly object: KubeObject; readonly old: KubeObject },
  sentAs: Resource = resource,
): FieldError[] {
  const { object, old: before } = change
  return faultsOf(faults => {
    validateMetadataUpdate(faults, resource, {
      metadata: object.metadata,
      before: before.metadata,
    })
    for (const rules of [RULES[groupResource(resource)], versionRules(sentAs)]) {
      if (rules?.update === undefined) rules?.create(faults, object)
      else rules.update(faults, object, before)
    }
  })
}

/** Writes through a subresource: the registry took over only what that subresource may change. */
export function validateSubresourceUpdate(
  resource: Resource,
  change: { readonly object: KubeObject; readonly old: KubeObject; readonly subresource: string },
): FieldError[] {
  const { object, old, subresource } = change
  return faultsOf(faults => {
    validateMetadataUpdate(faults, resource, { metadata: object.metadata, before: old.metadata })
    if (subresource === 'status') RULES[groupResource(resource)]?.status?.(faults, object, old)
    SUBRESOURCE_RULES[`${groupResource(resource)}/${subresource}`]?.(faults, object, old)
  })
}

/** Scale, Binding, TokenRequest: bodies that are no stored objects. */
export function validateBody(object: KubeObject): FieldError[] {
  return faultsOf(faults => BODIES[object.kind]?.(faults, object))
}
