/** Builders with defaults: a test names only what matters. */
import type { Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type { Node, Pod, Service } from '#api/types/core-v1.ts'
import type { ObjectMeta } from '#api/object.ts'

export const NOW = Date.parse('2026-01-01T12:00:00Z')
export const at = (secondsAgo: number): string =>
  `${new Date(NOW - secondsAgo * 1000).toISOString().slice(0, 19)}Z`

let count = 0
const unique = (): string => {
  count += 1
  return `uid-${count}`
}

export interface PodShape {
  readonly name?: string
  readonly metadata?: ObjectMeta
  readonly spec?: Partial<NonNullable<Pod['spec']>>
  readonly phase?: NonNullable<Pod['status']>['phase']
  readonly ip?: string
  readonly node?: string
  /** Seconds since it became ready; absent = not ready. */
  readonly readyFor?: number
  readonly restarts?: number
}

export function aPod(shape: PodShape = {}): Pod {
  const { name = 'web-1', readyFor, phase = 'Running' } = shape
  const ready =
    readyFor === undefined
      ? { status: 'False' }
      : { status: 'True', lastTransitionTime: at(readyFor) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-of-${name}`,
      labels: { app: 'web' },
      creationTimestamp: at(1000),
      ...shape.metadata,
    },
    spec: {
      containers: [{ name: 'c', image: 'web:1' }],
      ...(shape.node === undefined ? {} : { nodeName: shape.node }),
      ...shape.spec,
    },
    status: {
      phase,
      conditions: [{ type: 'Ready', ...ready }],
      ...(shape.ip === undefined ? {} : { podIP: shape.ip }),
      ...(shape.restarts === undefined
        ? {}
        : {
            containerStatuses: [
              { name: 'c', image: '', imageID: '', ready: true, restartCount: shape.restarts },
            ],
          }),
    },
  }
}

export const aNode = (
  name: string,
  allocatable: Readonly<Record<string, string>> = { cpu: '4', memory: '8Gi', pods: '110' },
  shape: {
    readonly labels?: Record<string, string>
    readonly spec?: NonNullable<Node['spec']>
  } = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    uid: `uid-of-${name}`,
    creationTimestamp: at(1000),
    labels: { 'kubernetes.io/hostname': name, ...shape.labels },
  },
  ...(shape.spec === undefined ? {} : { spec: shape.spec }),
  status: {
    allocatable,
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: at(1) }],
  },
})

export const aService = (spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'uid-of-service' },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.43.0.9',
    ports: [{ port: 80, targetPort: 8080 }],
    ...spec,
  },
})

export const aDeployment = (
  spec: Partial<NonNullable<Deployment['spec']>> & { readonly image?: string } = {},
): Deployment => {
  const { image = 'web:1', ...rest } = spec
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-of-deployment', generation: 1 },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: 'web' } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image }] },
      },
      ...rest,
    },
  }
}

export const aReplicaSet = (shape: {
  readonly name?: string
  readonly replicas?: number
  readonly available?: number
  readonly actual?: number
  readonly image?: string
  readonly ageSeconds?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly minReadySeconds?: number
}): ReplicaSet => {
  const { name = 'web-a', replicas = 1, image = 'web:1' } = shape
  const available = shape.available ?? replicas
  const labels = { app: 'web', 'pod-template-hash': name }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-of-${name}`,
      generation: 1,
      creationTimestamp: at(shape.ageSeconds ?? 100),
      ...(shape.annotations === undefined ? {} : { annotations: shape.annotations }),
    },
    spec: {
      replicas,
      ...(shape.minReadySeconds === undefined ? {} : { minReadySeconds: shape.minReadySeconds }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
    },
    status: {
      replicas: shape.actual ?? replicas,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
    },
  }
}

export { unique }
