/** Rules of the kinds of admissionregistration.k8s.io, in one table. */
import {
  validateMutatingBinding,
  validateMutatingPolicy,
  validateValidatingBinding,
  validateValidatingPolicy,
  validateValidatingPolicyStatus,
} from '#api/validation/admission-policies.ts'
import type { RuleTable } from '#api/validation/rules.ts'
import { validateWebhooks, validateWebhooksUpdate } from '#api/validation/webhooks.ts'

const webhooks: RuleTable[string] = { create: validateWebhooks, update: validateWebhooksUpdate }

export const ADMISSION_RULES: RuleTable = {
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhooks,
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    create: validateValidatingPolicy,
    status: validateValidatingPolicyStatus,
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    create: validateValidatingBinding,
  },
  'mutatingadmissionpolicies.admissionregistration.k8s.io': { create: validateMutatingPolicy },
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': {
    create: validateMutatingBinding,
  },
}
