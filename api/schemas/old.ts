/** Facts of every old group-version, by the name that `api/resources-old.ts` refers to it by. Pure data. */
import * as admissionregistrationV1beta1 from './admissionregistration-v1beta1.ts'
import * as apiextensionsV1beta1 from './apiextensions-v1beta1.ts'
import * as apiregistrationV1beta1 from './apiregistration-v1beta1.ts'
import * as appsV1beta1 from './apps-v1beta1.ts'
import * as appsV1beta2 from './apps-v1beta2.ts'
import * as authenticationV1beta1 from './authentication-v1beta1.ts'
import * as authorizationV1beta1 from './authorization-v1beta1.ts'
import * as autoscalingV2beta1 from './autoscaling-v2beta1.ts'
import * as autoscalingV2beta2 from './autoscaling-v2beta2.ts'
import * as batchV1beta1 from './batch-v1beta1.ts'
import * as batchV2alpha1 from './batch-v2alpha1.ts'
import * as certificatesV1beta1 from './certificates-v1beta1.ts'
import * as coordinationV1beta1 from './coordination-v1beta1.ts'
import * as discoveryV1beta1 from './discovery-v1beta1.ts'
import * as eventsV1beta1 from './events-v1beta1.ts'
import * as extensionsV1beta1 from './extensions-v1beta1.ts'
import * as flowcontrolV1beta3 from './flowcontrol-v1beta3.ts'
import * as networkingV1beta1 from './networking-v1beta1.ts'
import * as nodeV1beta1 from './node-v1beta1.ts'
import * as policyV1beta1 from './policy-v1beta1.ts'
import * as rbacV1alpha1 from './rbac-v1alpha1.ts'
import * as rbacV1beta1 from './rbac-v1beta1.ts'
import * as resourceV1beta2 from './resource-v1beta2.ts'
import * as schedulingV1alpha1 from './scheduling-v1alpha1.ts'
import * as schedulingV1beta1 from './scheduling-v1beta1.ts'
import * as storageV1beta1 from './storage-v1beta1.ts'
import * as removed from './removed.ts'

export const OLD_FACTS = {
  'admissionregistration-v1beta1': admissionregistrationV1beta1,
  'apiextensions-v1beta1': apiextensionsV1beta1,
  'apiregistration-v1beta1': apiregistrationV1beta1,
  'apps-v1beta1': appsV1beta1,
  'apps-v1beta2': appsV1beta2,
  'authentication-v1beta1': authenticationV1beta1,
  'authorization-v1beta1': authorizationV1beta1,
  'autoscaling-v2beta1': autoscalingV2beta1,
  'autoscaling-v2beta2': autoscalingV2beta2,
  'batch-v1beta1': batchV1beta1,
  'batch-v2alpha1': batchV2alpha1,
  'certificates-v1beta1': certificatesV1beta1,
  'coordination-v1beta1': coordinationV1beta1,
  'discovery-v1beta1': discoveryV1beta1,
  'events-v1beta1': eventsV1beta1,
  'flowcontrol-v1beta3': flowcontrolV1beta3,
  'networking-v1beta1': networkingV1beta1,
  'node-v1beta1': nodeV1beta1,
  'policy-v1beta1': policyV1beta1,
  'rbac-v1alpha1': rbacV1alpha1,
  'rbac-v1beta1': rbacV1beta1,
  'resource-v1beta2': resourceV1beta2,
  'scheduling-v1alpha1': schedulingV1alpha1,
  'scheduling-v1beta1': schedulingV1beta1,
  'storage-v1beta1': storageV1beta1,
  'extensions-v1beta1': {
    prefix: extensionsV1beta1.prefix,
    facts: extensionsV1beta1.facts + removed.extensionsV1beta1,
  },
  'autoscaling-v2alpha1': removed.autoscalingV2alpha1,
  'settings-v1alpha1': removed.settingsV1alpha1,
} as const
