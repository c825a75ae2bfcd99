/**
 * Facts of every struct of api/scheduling/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/scheduling/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.scheduling.v1'

export const facts = `
PriorityClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 value int32 2 .
 globalDefault bool 3
 description string 4
 preemptionPolicy *core-v1.PreemptionPolicy 5 implied="PreemptLowerPriority"
PriorityClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PriorityClass] 2 !
`
