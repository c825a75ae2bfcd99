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
import {
  refuseRoleChange,
  validateCertificateRequest,
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
  validateTokenRequest,
} from '#api/validation/access.ts'
import {
  validateBinding,
  validateEvent,
  validateLease,
  validateNamespace,
  validateNode,
  validateNodeUpdate,
  validatePriorityClass,
  validatePriorityClassUpdate,
} from '#api/validation/cluster.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from '#api/validation/configuration.ts'
import type { Faults } from '#api/validation/fault.ts'
import { validateMetadata, validateMetadataUpdate } from '#api/validation/metadata.ts'
import { validatePod, validatePodUpdate } from '#api/validation/pods.ts'
import type { Rules, RuleTable } from '#api/validation/rules.ts'
import {
  validateEndpoints,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateService,
  validateServiceUpdate,
} from '#api/validation/services.ts'
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
  validateScale,
} from '#api/validation/workloads.ts'
import type { ClusterRole, Role, RoleBinding } from '#api/types/rbac-v1.ts'

const nothing = (): void => {}

/** By group resource. Adding a kind's rules adds a row. */
const RULES: RuleTable = {
  pods: { create: validatePod, update: validatePodUpdate },
  services: { create: validateService, update: validateServiceUpdate },
  endpoints: { create: validateEndpoints },
  'endpointslices.discovery.k8s.io': {
    create: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  },
  nodes: { create: validateNode, update: validateNodeUpdate },
  namespaces: { create: validateNamespace, update: nothing },
  configmaps: { create: validateConfigMap, update: validateConfigMapUpdate },
  secrets: { create: validateSecret, update: validateSecretUpdate },
  events: { create: validateEvent },
  'leases.coordination.k8s.io': { create: validateLease },
  'deployments.apps': { create: validateDeployment, update: validateDeploymentUpdate },
  'replicasets.apps': { create: validateReplicaSet, update: validateReplicaSetUpdate },
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
  'certificatesigningrequests.certificates.k8s.io': { create: validateCertificateRequest },
}

/** Bodies of subresources, by their kind. */
const BODIES: Readonly<Record<string, Rules['create']>> = {
  Scale: validateScale,
  Binding: validateBinding,
  TokenRequest: validateTokenRequest,
}

export function validateCreate(resource: Resource, object: KubeObject): FieldError[] {
  const faults: Faults = []
  validateMetadata(faults, resource, object.metadata)
  RULES[groupResource(resource)]?.create(faults, object)
  return faults
}

export function validateUpdate(
  resource: Resource,
  object: KubeObject,
  before: KubeObject,
): FieldError[] {
  const faults: Faults = []
  validateMetadataUpdate(faults, object.metadata, before.metadata)
  const rules = RULES[groupResource(resource)]
  if (rules?.update === undefined) rules?.create(faults, object)
  else rules.update(faults, object, before)
  return faults
}

/** Writes through a subresource: the registry took over only what that subresource may change. */
export function validateSubresourceUpdate(
  resource: Resource,
  change: { readonly object: KubeObject; readonly old: KubeObject; readonly subresource: string },
): FieldError[] {
  const { object, old, subresource } = change
  const faults: Faults = []
  validateMetadataUpdate(faults, object.metadata, old.metadata)
  if (subresource === 'status') RULES[groupResource(resource)]?.status?.(faults, object, old)
  return faults
}

/** Scale, Binding, TokenRequest: bodies that are no stored objects. */
export function validateBody(object: KubeObject): FieldError[] {
  const faults: Faults = []
  BODIES[object.kind]?.(faults, object)
  return faults
}
