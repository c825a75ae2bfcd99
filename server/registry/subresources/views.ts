/**
 * Subresources that are views of their parent: scale, finalize, approval. Pure.
 *
 * Source: kubernetes pkg/registry/apps/deployment/storage/storage.go ScaleREST
 */
import { formatLabelSelector, labelSelectorOf } from '#api/selectors.ts'
import type { AnyObject } from '#api/object.ts'
import { approved } from '../kinds/certificate-requests.ts'
import { finalized } from '../kinds/namespaces.ts'
import { guests, resize } from './pod-views.ts'
import { REPLICAS_OWNERS } from './scale-owners.ts'
import { scaleOf } from './scales.ts'
import type { View } from './subresource.ts'
import { isRecord, recordOf, numberOf } from '#api/values.ts'

function selectorText(parent: AnyObject): string {
  const selector = recordOf(parent['spec'])['selector']
  if (!isRecord(selector)) return ''
  // A ReplicationController's selector is the labels themselves.
  const isLabels = parent.kind === 'ReplicationController'
  return formatLabelSelector(labelSelectorOf(isLabels ? { matchLabels: selector } : selector))
}

const scale: View = {
  show: parent =>
    scaleOf(parent, {
      specReplicas: numberOf(recordOf(parent['spec'])['replicas']),
      statusReplicas: numberOf(recordOf(parent['status'])['replicas']),
      selector: selectorText(parent),
    }),
  apply: (sent, parent) => ({
    ...parent,
    spec: { ...recordOf(parent['spec']), replicas: numberOf(recordOf(sent['spec'])['replicas']) },
  }),
  owners: REPLICAS_OWNERS,
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
