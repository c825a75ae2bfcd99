/**
 * The admission plugins in running order, as upstream recommends it. Adding one adds a row.
 * Source: kubernetes pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
 */
import type { AdmissionPlugin, Authorizer } from '#api/request.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { ObjectReader } from '../auth/object-reader.ts'
import type { Rbac } from '../auth/rbac.ts'
import { createAdminAccess } from './admin-access.ts'
import {
  createCertificateApproval,
  createCertificateSigning,
  createCertificateSubjectRestriction,
} from './certificates.ts'
import { createClaimStatusAuthorization } from './claim-status.ts'
import { createDefaultTolerationSeconds } from './default-toleration-seconds.ts'
import { createEscalationCheck } from './escalation.ts'
import { createNamespaceLifecycle } from './namespace-lifecycle.ts'
import { createNodeRestriction } from './node-restriction.ts'
import { createPolicyParameters } from './policy-parameters.ts'
import { createPriorityAdmission } from './priority.ts'
import { createRuntimeClassAdmission } from './runtime-class.ts'
import { createServiceAccountAdmission } from './service-account.ts'
import { createTaintNodesByCondition } from './taint-nodes-by-condition.ts'

export interface AdmissionDeps {
  readonly reader: ObjectReader
  readonly authorizer: Authorizer
  readonly rbac: Pick<Rbac, 'rulesFor' | 'rulesOf'>
  readonly clock: Clock
  readonly random: Random
}

export const createAdmissionPlugins = (deps: AdmissionDeps): readonly AdmissionPlugin[] => [
  createNamespaceLifecycle(deps),
  createServiceAccountAdmission(deps),
  createNodeRestriction(deps),
  createTaintNodesByCondition(),
  createPriorityAdmission(deps),
  createDefaultTolerationSeconds(),
  createRuntimeClassAdmission(deps),
  createCertificateApproval(deps),
  createCertificateSigning(deps),
  createCertificateSubjectRestriction(),
  createAdminAccess(deps),
  createClaimStatusAuthorization(deps),
  createPolicyParameters(deps),
  // Upstream does this in the registry of the RBAC kinds: last, when the object is final.
  createEscalationCheck(deps),
]
