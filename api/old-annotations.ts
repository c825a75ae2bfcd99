/** Annotations of old that say what a field says today, and those that keep what a field said before: their names. */

/** Of the pod; the container's ends with its name. */
export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
export const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
export const APP_ARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/'

export const INGRESS_CLASS = 'kubernetes.io/ingress.class'
export const STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'

/** How often the template of a DaemonSet changed: `spec.templateGeneration` of its old versions. */
export const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'
