/**
 * Facts of every struct of api/node/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/node/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.node.v1beta1'

export const facts = `
RuntimeClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 handler string 2 !
 overhead *Overhead 3
 scheduling *Scheduling 4
Overhead
 podFixed {quantity} 1
Scheduling
 nodeSelector {string} 1 atomic
 tolerations [core-v1.Toleration] 2
RuntimeClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [RuntimeClass] 2 !
`
