/**
 * Rows of PodSecurityPolicies, a kind that old clients still store and read. Pure.
 * Source: kubernetes (1.20) pkg/printers/internalversion/printers.go printPodSecurityPolicy
 */
import { NAME, nameOf, type Printer, text } from '#api/columns/printer.ts'
import type { AnyObject } from '#api/object.ts'
import { listOf, recordOf, textOf } from '#api/values.ts'

const ruleOf = (strategy: unknown): string => textOf(recordOf(strategy)['rule'])
const joined = (list: unknown): string => listOf(list).join(',')

const podSecurityPolicyPrinter: Printer = {
  columns: [
    NAME,
    text('Priv', 'Whether privileged containers are allowed.'),
    text('Caps', 'Capabilities that containers may add.'),
    text('SELinux', 'The rule for SELinux labels.'),
    text('RunAsUser', 'The rule for users.'),
    text('FsGroup', 'The rule for the group of volumes.'),
    text('SupGroup', 'The rule for supplemental groups.'),
    text('ReadOnlyRootFs', 'Whether the root file system must be read-only.'),
    text('Volumes', 'The types of volumes that are allowed.'),
  ],
  cells(policy: AnyObject) {
    const spec = recordOf(policy['spec'])
    return [
      nameOf(policy),
      String(spec['privileged'] === true),
      joined(spec['allowedCapabilities']),
      ruleOf(spec['seLinux']),
      ruleOf(spec['runAsUser']),
      ruleOf(spec['fsGroup']),
      ruleOf(spec['supplementalGroups']),
      spec['readOnlyRootFilesystem'] === true,
      joined(spec['volumes']),
    ]
  },
}

/** Both groups that have had the kind. */
export const POLICY_PRINTERS: Readonly<Record<string, Printer>> = {
  'podsecuritypolicies.policy': podSecurityPolicyPrinter,
  'podsecuritypolicies.extensions': podSecurityPolicyPrinter,
}
