/**
 * Subresources that are views of their parent: scale, finalize, approval. Pure.
 *
 * Source: kubernetes pkg/registry/apps/deployment/storage/storage.go ScaleREST
 */
import { formatLabelSelector, labelSelectorOf } from '#api/selectors.ts'
import type { AnyObject } from '#api/object.ts'
import { approved } from '../kinds/strategies.ts'
import { finalized } from '../kinds/namespaces.ts'
import { guests, resize } from './pod-views.ts'
import { parentOwners, scaleOwners } from './scale-owners.ts'
import type { View } from './subresource.ts'
import { isRecord, recordOf } from '#api/values.ts'

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

function selectorText(parent: AnyObject): string {
  const selector = recordOf(parent['spec'])['selector']
  if (!isRecord(selector)) return ''
  // A ReplicationController's selector is the labels themselves.
  const isLabels = parent.kind === 'ReplicationController'
  return formatLabelSelector(labelSelectorOf(isLabels ? { matchLabels: selector } : selector))
}

const scale: View = {
  show(parent) {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata
    const selector = selectorText(parent)
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
      spec: { replicas: numberOf(recordOf(parent['spec'])['replicas']) },
      status: {
        replicas: numberOf(recordOf(parent['status'])['replicas']),
        ...(selector === '' ? {} : { selector }),
      },
    }
  },
  apply: (sent, parent) => ({
    ...parent,
    spec: { ...recordOf(parent['spec']), replicas: numberOf(recordOf(sent['spec'])['replicas']) },
  }),
  owners: { show: scaleOwners, apply: parentOwners },
}

const itself = (parent: AnyObject): AnyObject => parent

/** Keyed `plural[.group]/subresource`. */
const VIEWS: Readonly<Record<string, View>> = {
  'deployments.apps/scale': scale,
  'replicasets.apps/scale': scale,
  'statefulsets.apps/scale': scale,
  'replicationcontrollers/scale': scale,
  'pods/resize': resize,
  'pods/ephemeralcontainers': guests,
  'namespaces/finalize': { show: itself, apply: finalized },
  'certificatesigningrequests.certificates.k8s.io/approval': { show: itself, apply: approved },
}

export const viewOf = (groupResource: string, subresource: string): View | undefined =>
  VIEWS[`${groupResource}/${subresource}`]
