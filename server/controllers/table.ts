/**
 * All controllers, in one table. They run side by side; the order is the order in which they are made.
 * Output  parts to run until the server ends; the informers themselves are the caller's part.
 */
import type { Part } from '#base/lifetime.ts'
import { createEventRecorder } from '#client/events.ts'
import { createBootstrapController } from './bootstrap/controller.ts'
import { createCertificatesController } from './certificates/controller.ts'
import { createClusterRoleAggregation } from './clusterrole-aggregation.ts'
import { createDeploymentController } from './deployment/controller.ts'
import type { ControllerDeps, RecordingDeps } from './deps.ts'
import { createEndpointsController } from './endpoints/controller.ts'
import { createEndpointSliceController } from './endpointslice/controller.ts'
import { createEndpointSliceMirroringController } from './endpointslice-mirroring/controller.ts'
import { createFlowSchemaController } from './flow-schemas/controller.ts'
import { createGarbageCollector } from './garbage-collector/controller.ts'
import { createNamespaceController } from './namespace/controller.ts'
import { createNodeCIDRController } from './node-cidr/controller.ts'
import {
  createNodeLifecycleController,
  createTaintEvictionController,
} from './node-lifecycle/controller.ts'
import { createPodGCController } from './pod-gc/controller.ts'
import { createReplicaSetController } from './replicaset/controller.ts'
import { createRootCAController } from './root-ca/controller.ts'
import { createServiceAddressController } from './service-addresses/controller.ts'
import {
  createDefaultServiceCIDRController,
  createServiceCIDRController,
} from './service-cidrs/controller.ts'
import { createServiceNodePortController } from './service-node-ports/controller.ts'
import { createServiceAccountController } from './serviceaccount/controller.ts'
import { createNodePasswordCleaner, createTokenCleaner } from './tokens/controller.ts'

/** Controllers that tell events, by the component name their events bear. */
const RECORDING: readonly (readonly [string, (deps: RecordingDeps) => Part])[] = [
  ['garbage-collector-controller', createGarbageCollector],
  ['kubernetes-service-cidr-controller', createDefaultServiceCIDRController],
  ['service-cidr-controller', createServiceCIDRController],
  ['ipallocator-repair-controller', createServiceAddressController],
  ['portallocator-repair-controller', createServiceNodePortController],
  ['cidrAllocator', createNodeCIDRController],
  ['node-controller', createNodeLifecycleController],
  ['taint-eviction-controller', createTaintEvictionController],
  ['deployment-controller', createDeploymentController],
  ['replicaset-controller', createReplicaSetController],
]

const PLAIN: readonly ((deps: ControllerDeps) => Part)[] = [
  // First, so that namespaces and the API's own Service are there before anyone asks.
  createBootstrapController,
  createServiceAccountController,
  createRootCAController,
  createNamespaceController,
  createEndpointSliceController,
  createEndpointsController,
  createEndpointSliceMirroringController,
  createPodGCController,
  createTokenCleaner,
  createClusterRoleAggregation,
  createFlowSchemaController,
]

export function startControllers(deps: ControllerDeps): readonly Part[] {
  const { client, clock, random, log, certificates, nodePasswordSecret } = deps
  const recording = RECORDING.flatMap(([component, create]) => {
    const events = createEventRecorder({ client, clock, random, log, component })
    return [events, create({ ...deps, events })]
  })
  return [
    ...PLAIN.map(create => create(deps)),
    ...recording,
    ...(certificates === undefined ? [] : [createCertificatesController(deps, certificates)]),
    ...(nodePasswordSecret === undefined
      ? []
      : [createNodePasswordCleaner(deps, nodePasswordSecret)]),
  ]
}
