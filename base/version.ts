/** What this build calls itself, on the wire (`/version`, node info) and to people. */
export const KITES_REVISION = 1
export const KUBERNETES_MAJOR = '1'
export const KUBERNETES_MINOR = '36'
/** `GitVersion` of `/version` and `kubeletVersion` of every node. */
export const VERSION = `v1.36.4+kites${KITES_REVISION}`

/** Put in by the build, from git where there is one. */
declare const KITES_BUILD: { readonly commit: string; readonly date: string } | undefined
const build = typeof KITES_BUILD === 'undefined' ? undefined : KITES_BUILD
/** Of `/version`; '' when the source was run as it is, or built outside git. */
export const GIT_COMMIT = build?.commit ?? ''
export const BUILD_DATE = build?.date ?? '1970-01-01T00:00:00Z'
