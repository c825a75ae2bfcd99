/**
 * What groups are called in operation ids and tags. Pure.
 * Source: k8s.io/apiserver pkg/endpoints/openapi/openapi.go
 */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `Core`, `Apps`, `RbacAuthorization`. */
export const groupTitle = (group: string): string =>
  group === ''
    ? 'Core'
    : group
        .replace(/\.k8s\.io$/, '')
        .split(/[^\p{L}\d_]/u)
        .map(capital)
        .join('')

/** `core`, `apps`, `rbacAuthorization`. */
export const tagOf = (group: string): string => {
  const title = groupTitle(group)
  return title.charAt(0).toLowerCase() + title.slice(1)
}
