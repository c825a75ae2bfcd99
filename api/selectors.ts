/**
 * Label and field selectors: text or object in, a predicate out. Pure.
 * Source: k8s.io/apimachinery pkg/labels/selector.go, pkg/fields/selector.go
 */

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'
  readonly values: readonly string[]
}

export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[]
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
  /** `valueOf` gives the object's value of a selectable field, '' when unset. */
  matches(valueOf: (field: string) => string): boolean
}
