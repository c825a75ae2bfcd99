/**
 * Rows of the kinds that own pods, and of what they run on. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go
 */
import {
  AGE,
  ageOf,
  CONTAINERS,
  formatLabels,
  IMAGES,
  integer,
  NAME,
  nameOf,
  NONE,
  orNone,
  type Printer,
  SELECTOR,
  text,
  wide,
} from '#api/columns/printer.ts'
import { selectorText } from '#api/columns/selector-text.ts'
import type { ControllerRevision, Deployment, ReplicaSet } from '#api/types/apps-v1.ts'
import type {
  Namespace,
  Node,
  PodTemplate,
  PodTemplateSpec,
  ReplicationController,
} from '#api/types/core-v1.ts'

export const templateCells = (template: PodTemplateSpec | undefined): readonly [string, string] => {
  const containers = template?.spec?.containers ?? []
  return [
    containers.map(({ name }) => name).join(','),
    containers.map(({ image }) => image ?? '').join(','),
  ]
}

export const deploymentPrinter: Printer = {
  columns: [
    NAME,
    text('Ready', 'Ready pods, out of those wanted.'),
    text('Up-to-date', 'Pods made from the current template.'),
    text('Available', 'Pods that have been ready for long enough.'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells(deployment: Deployment, now: number) {
    const { spec, status } = deployment
    return [
      nameOf(deployment),
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf(deployment, now),
      ...templateCells(spec?.template),
      selectorText(spec?.selector),
    ]
  },
}

export const replicaSetPrinter: Printer = {
  columns: [
    NAME,
    integer('Desired', 'Pods wanted.'),
    integer('Current', 'Pods that exist.'),
    integer('Ready', 'Pods that are ready.'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells(replicaSet: ReplicaSet, now: number) {
    const { spec, status } = replicaSet
    return [
      nameOf(replicaSet),
      spec?.replicas ?? 0,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(replicaSet, now),
      ...templateCells(spec?.template),
      selectorText(spec?.selector),
    ]
  },
}

export const controllerRevisionPrinter: Printer = {
  columns: [
    NAME,
    text('Controller', 'The object whose state this is.'),
    text('Revision', 'Number of this state.'),
    AGE,
  ],
  cells(revision: ControllerRevision, now: number) {
    const owner = revision.metadata.ownerReferences?.find(({ controller }) => controller === true)
    return [
      nameOf(revision),
      owner === undefined ? NONE : ownerText(owner.apiVersion, owner.kind, owner.name),
      revision.revision ?? 0,
      ageOf(revision, now),
    ]
  },
}

function ownerText(apiVersion: string, kind: string, name: string): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1)[0] ?? ''}` : ''
  return `${kind.toLowerCase()}${group}/${name}`
}

const ROLE_PREFIX = 'node-role.kubernetes.io/'
const ROLE_LABEL = 'kubernetes.io/role'

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  const states = [
    ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady',
    ...(node.spec?.unschedulable === true ? ['SchedulingDisabled'] : []),
  ]
  return states.join(',')
}

function nodeRoles(node: Node): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX))
      return key.length > ROLE_PREFIX.length ? [key.slice(ROLE_PREFIX.length)] : []
    return key === ROLE_LABEL && value !== '' ? [value] : []
  })
  return orNone([...new Set(roles)].sort().join(','))
}

const addressOf = (node: Node, type: string): string =>
  orNone(node.status?.addresses?.find(address => address.type === type)?.address)

const orUnknown = (value: string | undefined): string =>
  value === undefined || value === '' ? '<unknown>' : value

export const nodePrinter: Printer = {
  columns: [
    NAME,
    text('Status', 'Whether the node is ready, and open to new pods.'),
    text('Roles', 'Roles the labels of the node give it.'),
    AGE,
    text('Version', 'Version of the node agent.'),
    wide(text('Internal-IP', 'Address inside the cluster.')),
    wide(text('External-IP', 'Address from outside.')),
    wide(text('OS-Image', 'Operating system.')),
    wide(text('Kernel-Version', 'Kernel.')),
    wide(text('Container-Runtime', 'Container runtime and its version.')),
  ],
  cells(node: Node, now: number) {
    const info = node.status?.nodeInfo
    const architecture = info?.architecture ?? ''
    return [
      nameOf(node),
      nodeStatus(node),
      nodeRoles(node),
      ageOf(node, now),
      info?.kubeletVersion ?? '',
      addressOf(node, 'InternalIP'),
      addressOf(node, 'ExternalIP'),
      orUnknown(info?.osImage),
      `${orUnknown(info?.kernelVersion)}${architecture === '' ? '' : ` (${architecture})`}`,
      orUnknown(info?.containerRuntimeVersion),
    ]
  },
}

export const namespacePrinter: Printer = {
  columns: [NAME, text('Status', 'Active, or Terminating while its content is deleted.'), AGE],
  cells(namespace: Namespace, now: number) {
    return [nameOf(namespace), namespace.status?.phase ?? '', ageOf(namespace, now)]
  },
}

export const replicationControllerPrinter: Printer = {
  columns: replicaSetPrinter.columns,
  cells(controller: ReplicationController, now: number) {
    const { spec, status } = controller
    return [
      nameOf(controller),
      spec?.replicas ?? 0,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(controller, now),
      ...templateCells(spec?.template),
      formatLabels(spec?.selector),
    ]
  },
}

export const podTemplatePrinter: Printer = {
  columns: [
    NAME,
    text('Containers', 'Names of the containers of the template.'),
    text('Images', 'Images of the containers of the template.'),
    text('Pod Labels', 'Labels of the template.'),
  ],
  cells({ metadata, template }: PodTemplate) {
    return [
      metadata.name ?? '',
      ...templateCells(template),
      formatLabels(template?.metadata?.labels),
    ]
  },
}
