/**
 * Labels of nodes that have newer names. Pure.
 * Source: kubernetes pkg/api/node/util.go
 */
const ZONE = 'topology.kubernetes.io'
const deprecatedSince = (since: string, instead: string): string =>
  `deprecated since ${since}; use "${instead}" instead`

export const OLD_NODE_LABELS: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', deprecatedSince('v1.14', 'kubernetes.io/arch')],
  ['beta.kubernetes.io/os', deprecatedSince('v1.14', 'kubernetes.io/os')],
  ['failure-domain.beta.kubernetes.io/region', deprecatedSince('v1.17', `${ZONE}/region`)],
  ['failure-domain.beta.kubernetes.io/zone', deprecatedSince('v1.17', `${ZONE}/zone`)],
  [
    'beta.kubernetes.io/instance-type',
    deprecatedSince('v1.17', 'node.kubernetes.io/instance-type'),
  ],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  [
    'scheduler.alpha.kubernetes.io/preferAvoidPods',
    'deprecated since v1.22; use Taints and Tolerations instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])
