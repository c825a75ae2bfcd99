/**
 * Pods that wait at scheduling gates: what may still change is where they may run, and only to fewer nodes. Pure.
 * Source: kubernetes pkg/apis/core/validation/validation.go ValidatePodUpdate, validateNodeAffinityMutation
 */
import { equalJson } from '#api/json.ts'
import type { NodeSelectorTerm, PodSpec } from '#api/types/core-v1.ts'
import { type Faults, forbidden, wrong } from '#api/validation/fault.ts'
import { printed, printedList } from '#api/validation/printed.ts'

const ADDITIONS_ONLY = 'only additions are allowed (no mutations or deletions)'

/** Gates are lifted one by one, and never put up again. */
export function validateGates(faults: Faults, spec: PodSpec, old: PodSpec): void {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name))
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (known.has(name)) continue
    const detail = "only deletion is allowed, but found new scheduling gate '"
    faults.push(forbidden(`spec.schedulingGates[${index}].name`, `${detail}${name}'`))
  }
}

export const isGated = (spec: PodSpec): boolean => (spec.schedulingGates ?? []).length > 0

export function validateGatedChanges(faults: Faults, spec: PodSpec, old: PodSpec): void {
  const selector = spec.nodeSelector ?? {}
  const isKept = Object.entries(old.nodeSelector ?? {}).every(
    ([key, value]) => selector[key] === value,
  )
  if (!isKept) {
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    faults.push(wrong('spec.nodeSelector', selector, detail))
  }
  refuseWiderTerms(faults, termsOf(spec), termsOf(old))
}

const termsOf = (spec: PodSpec): readonly NodeSelectorTerm[] | undefined =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms

/** Terms are alternatives: each may only ask for more. */
function refuseWiderTerms(
  faults: Faults,
  terms: readonly NodeSelectorTerm[] | undefined,
  old: readonly NodeSelectorTerm[] | undefined,
): void {
  if (old === undefined || old.length === 0) return
  const place =
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  if (terms?.length !== old.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    const shown = terms === undefined ? null : printedList('NodeSelectorTerm', terms)
    faults.push(wrong(place, shown, detail))
    return
  }
  for (const [index, term] of terms.entries()) {
    const before = old[index]
    if (before === undefined || isNarrower(term, before)) continue
    faults.push(wrong(`${place}[${index}]`, printed('NodeSelectorTerm', term), ADDITIONS_ONLY))
  }
}

/** An empty term matches nothing and stays so. */
function isNarrower(term: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const parts = ['matchExpressions', 'matchFields'] as const
  if (parts.every(part => (before[part] ?? []).length === 0)) return equalJson(term, before)
  return parts.every(part =>
    equalJson((term[part] ?? []).slice(0, before[part]?.length ?? 0), before[part] ?? []),
  )
}

/** The spec with what a gated pod may change as it was. */
export function withGatedFieldsOf(spec: PodSpec, old: PodSpec): PodSpec {
  const { nodeSelector: _selector, affinity, ...rest } = spec
  const { nodeAffinity: _nodes, ...others } = affinity ?? {}
  const { nodeAffinity } = old.affinity ?? {}
  const settled = nodeAffinity === undefined ? others : { ...others, nodeAffinity }
  // Affinity may come only for the sake of its nodes: then it is taken away with them.
  const isBare = Object.keys(settled).length === 0 && old.affinity === undefined
  return {
    ...rest,
    ...(old.nodeSelector === undefined ? {} : { nodeSelector: old.nodeSelector }),
    ...(affinity === undefined && old.affinity === undefined
      ? {}
      : isBare
        ? {}
        : { affinity: settled }),
  }
}
