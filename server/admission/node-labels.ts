/**
 * Which labels a node may give itself: Kubernetes' own ones only from the kubelet's list, `node-restriction` ones never.
 * Pure.
 *
 * Source: k8s.io/kubelet pkg/apis/well_known_labels.go, noderestriction getForbiddenLabels
 */
type Labels = Readonly<Record<string, string>>

const RESTRICTED = 'node-restriction.kubernetes.io'
const KUBELET_NAMESPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
])

/** Keys whose value changed, appeared or went and that a node may not touch, sorted. */
export function forbiddenLabels(after: Labels = {}, before: Labels = {}): readonly string[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)])
  return [...keys].filter(key => after[key] !== before[key] && isForbidden(key)).sort()
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf('/')
  const namespace = slash === -1 ? '' : key.slice(0, slash)
  if (isWithin(namespace, RESTRICTED)) return true
  const isKubernetes = isWithin(namespace, 'kubernetes.io') || isWithin(namespace, 'k8s.io')
  return isKubernetes && !isKubeletLabel(key, namespace)
}

const isWithin = (namespace: string, domain: string): boolean =>
  namespace === domain || namespace.endsWith(`.${domain}`)

const isKubeletLabel = (key: string, namespace: string): boolean =>
  KUBELET_LABELS.has(key) || KUBELET_NAMESPACES.some(domain => isWithin(namespace, domain))
