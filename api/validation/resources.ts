/** Rules of the kinds of dynamic resource allocation, in one table. */
import type { DeviceTaintRule, ResourceSlice } from '#api/types/resource-v1.ts'
import {
  validateClaimStatus,
  validateTaintRule,
  validateTaintRuleStatus,
} from '#api/validation/device-allocation.ts'
import {
  validateClaimTemplate,
  validateClaimTemplateUpdate,
  validateDeviceClass,
  validateResourceClaim,
  validateResourceClaimUpdate,
} from '#api/validation/device-claims.ts'
import { validateResourceSlice } from '#api/validation/resource-slices.ts'
import type { RuleTable } from '#api/validation/rules.ts'

export const RESOURCE_RULES: RuleTable = {
  'deviceclasses.resource.k8s.io': { create: validateDeviceClass },
  'resourceclaims.resource.k8s.io': {
    create: validateResourceClaim,
    update: validateResourceClaimUpdate,
    status: validateClaimStatus,
  },
  'resourceclaimtemplates.resource.k8s.io': {
    create: validateClaimTemplate,
    update: validateClaimTemplateUpdate,
  },
  'resourceslices.resource.k8s.io': {
    create: (faults, slice: ResourceSlice) => validateResourceSlice(faults, slice),
    update: (faults, slice: ResourceSlice, before: ResourceSlice) =>
      validateResourceSlice(faults, slice, before),
  },
  'devicetaintrules.resource.k8s.io': {
    create: (faults, rule: DeviceTaintRule) => validateTaintRule(faults, rule),
    update: (faults, rule: DeviceTaintRule, before: DeviceTaintRule) =>
      validateTaintRule(faults, rule, before),
    status: validateTaintRuleStatus,
  },
}
