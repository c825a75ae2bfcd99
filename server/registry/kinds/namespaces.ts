/**
 * Namespaces: held by their spec.finalizers until the namespace controller has emptied them.
 *
 * Source: kubernetes pkg/registry/core/namespace/strategy.go, storage/storage.go
 */
import type { AnyObject } from '#api/object.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { listOf, recordOf } from '#api/values.ts'

const HOLDER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

const finalizersOf = (namespace: AnyObject): readonly unknown[] =>
  listOf(recordOf(namespace['spec'])['finalizers'])

const named = (namespace: AnyObject): AnyObject => ({
  ...namespace,
  metadata: {
    ...namespace.metadata,
    labels: { ...namespace.metadata.labels, [NAME_LABEL]: namespace.metadata.name ?? '' },
  },
})

export const namespaceStrategy: Strategy = {
  ...DEFAULT_STRATEGY,
  returnsDeleted: true,
  prepareForCreate: namespace => {
    const finalizers = finalizersOf(namespace)
    return {
      ...named(namespace),
      spec: { finalizers: finalizers.includes(HOLDER) ? finalizers : [...finalizers, HOLDER] },
      status: { phase: 'Active' },
    }
  },
  // Only the finalize subresource lets go of a namespace.
  prepareForUpdate: (namespace, old) => ({
    ...named(namespace),
    spec: { ...recordOf(namespace['spec']), finalizers: finalizersOf(old) },
  }),
  mayVanish: namespace => finalizersOf(namespace).length === 0,
  beginDeletion: namespace => ({
    ...namespace,
    status: { ...recordOf(namespace['status']), phase: 'Terminating' },
  }),
}

/** What PUT .../finalize changes: the finalizers of the spec and nothing else. */
export const finalized = (sent: AnyObject, old: AnyObject): AnyObject => ({
  ...old,
  spec: { ...recordOf(old['spec']), finalizers: finalizersOf(sent) },
})
