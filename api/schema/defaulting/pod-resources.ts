/**
 * What a pod as a whole asks for, where it says its limits: as much as its containers, or else those limits. Pure.
 * Source: kubernetes pkg/apis/core/v1/defaults.go defaultPodRequests, defaultHugePagePodLimits
 */
import { type Amounts, containerTotals } from '#api/pod-requests.ts'
import type { PodSpec } from '#api/types/core-v1.ts'

const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

const isSupported = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || isHugePages(name)

/** Those of `amounts` that are named and not given yet. */
const missing = (
  amounts: Amounts,
  given: Amounts,
  isNamed: (name: string) => boolean,
): [string, string][] =>
  Object.entries(amounts).filter(([name]) => isNamed(name) && !Object.hasOwn(given, name))

/** The same spec when there is nothing to add. */
export function withPodResources<Spec extends Partial<PodSpec>>(spec: Spec): Spec {
  const { resources } = spec
  if (resources === undefined) return spec
  const { limits = {}, requests = {} } = resources
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return spec
  const pages = missing(containerTotals(spec, 'limits'), { ...limits, ...requests }, isHugePages)
  const most: Amounts = { ...limits, ...Object.fromEntries(pages) }
  const isLimited = Object.keys(most).length > 0
  const asked = missing(
    containerTotals(spec, 'requests'),
    requests,
    name => isLimited && isSupported(name) && !isHugePages(name),
  )
  const known: Amounts = { ...requests, ...Object.fromEntries(asked) }
  const rest = missing(most, known, isSupported)
  if (pages.length + asked.length + rest.length === 0) return spec
  return {
    ...spec,
    resources: {
      ...resources,
      ...(isLimited ? { limits: most } : {}),
      requests: { ...known, ...Object.fromEntries(rest) },
    },
  }
}
