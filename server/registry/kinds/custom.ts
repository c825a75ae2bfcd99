/**
 * What custom resources do differently: whether they have a status of its own is said by their version.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/{strategy,status_strategy}.go
 */
import type { Custom } from '#api/custom/custom-resource.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'

const PLAIN: Strategy = {
  ...DEFAULT_STRATEGY,
  generation: true,
  hasStatus: false,
  /** A write of the status changes nothing else, metadata included. */
  prepareForStatus: (object, old) => {
    const { managedFields } = object.metadata
    const owners = managedFields === undefined ? {} : { managedFields }
    const { managedFields: _old, ...metadata } = old.metadata
    return { ...object, metadata: { ...metadata, ...owners } }
  },
}

const WITH_STATUS: Strategy = { ...PLAIN, hasStatus: true }

export const customStrategy = ({ kind }: Custom): Strategy =>
  kind.subresources.includes('status') ? WITH_STATUS : PLAIN
