/** What this build calls itself, on the wire (`/version`, node info) and to people. */
export const KITES_REVISION = 1
export const KUBERNETES_MAJOR = '1'
export const KUBERNETES_MINOR = '36'
/** `GitVersion` of `/version` and `kubeletVersion` of every node. */
export const VERSION = `v1.36.4+kites${KITES_REVISION}`
