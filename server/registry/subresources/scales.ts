/**
 * The Scale of objects: of built-in kinds and of custom ones, whose definition says where they keep their replicas. Pure.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/etcd.go ScaleREST
 */
import { fromStorage } from '#api/conversion/convert.ts'
import { customOf } from '#api/custom/custom-resource.ts'
import type { Scaled } from '#api/custom/custom-kind.ts'
import type { AnyObject } from '#api/object.ts'
import type { FieldSet } from '#api/patch/apply/field-set.ts'
import { internalError } from '#api/status.ts'
import { recordOf } from '#api/values.ts'
import type { Call } from '../call.ts'
import { ownersAt } from './scale-owners.ts'
import type { View } from './subresource.ts'

export function scaleOf(
  parent: AnyObject,
  { specReplicas = 0, statusReplicas, selector }: Scaled,
): AnyObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: specReplicas },
    status: { replicas: statusReplicas, ...(selector === '' ? {} : { selector }) },
  }
}

/** Undefined for anything else than the scale of a custom resource. */
export function customScale({ resource, subresource, verb }: Call): View | undefined {
  const kind = customOf(resource)?.kind
  if (kind?.scale === undefined || subresource !== 'scale') return undefined
  const { specReplicasPath } = kind.scale
  return {
    show(parent) {
      const scaled = kind.scaled(fromStorage(resource, parent))
      if (verb === 'get' && scaled.specReplicas === undefined)
        throw internalError(
          `the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`,
        )
      return scaleOf(parent, scaled)
    },
    apply: (sent, parent) =>
      kind.withReplicas(parent, Number(recordOf(sent['spec'])['replicas'] ?? 0)),
    owners: ownersAt(pathSet(specReplicasPath)),
  }
}

/** `.spec.replicas` as a set of that one field. */
const pathSet = (path: string): FieldSet =>
  path
    .split('.')
    .filter(step => step !== '')
    .reduceRight<FieldSet>((below, step) => ({ [`f:${step}`]: below }), {})
