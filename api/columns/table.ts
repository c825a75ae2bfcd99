/**
 * `meta.k8s.io` Tables: what `kubectl get` asks for and prints. Pure; `now` is milliseconds since the epoch.
 * Source: kubernetes pkg/printers, k8s.io/apiserver pkg/endpoints/handlers/response.go asTable
 */
import { AUTOSCALING_PRINTERS, scalePrinter } from '#api/columns/autoscaling.ts'
import { BATCH_PRINTERS } from '#api/columns/batch.ts'
import { componentStatusPrinter } from '#api/columns/component-statuses.ts'
import {
  certificateRequestPrinter,
  configMapPrinter,
  defaultPrinter,
  eventPrinter,
  leasePrinter,
  priorityClassPrinter,
  resourceQuotaPrinter,
  roleBindingPrinter,
  secretPrinter,
  serviceAccountPrinter,
} from '#api/columns/configuration.ts'
import { EXTENSION_PRINTERS } from '#api/columns/extension.ts'
import { endpointSlicePrinter, endpointsPrinter, servicePrinter } from '#api/columns/network.ts'
import { NETWORKING_PRINTERS } from '#api/columns/networking.ts'
import { podPrinter } from '#api/columns/pods.ts'
import { POLICY_PRINTERS } from '#api/columns/policy.ts'
import type { Cell, Column, Printer, RowCondition } from '#api/columns/printer.ts'
import { STORAGE_PRINTERS } from '#api/columns/storage.ts'
import {
  controllerRevisionPrinter,
  deploymentPrinter,
  namespacePrinter,
  nodePrinter,
  podTemplatePrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
} from '#api/columns/workloads.ts'
import type { KubeObject, ListMeta, ObjectMeta } from '#api/object.ts'
import { groupResource, type Resource } from '#api/scheme.ts'

/** By group resource. Adding a printer adds a row; other kinds show name and creation time. */
const PRINTERS: Readonly<Record<string, Printer>> = {
  ...EXTENSION_PRINTERS,
  pods: podPrinter,
  services: servicePrinter,
  endpoints: endpointsPrinter,
  nodes: nodePrinter,
  namespaces: namespacePrinter,
  componentstatuses: componentStatusPrinter,
  configmaps: configMapPrinter,
  secrets: secretPrinter,
  serviceaccounts: serviceAccountPrinter,
  events: eventPrinter,
  resourcequotas: resourceQuotaPrinter,
  replicationcontrollers: replicationControllerPrinter,
  podtemplates: podTemplatePrinter,
  ...STORAGE_PRINTERS,
  ...BATCH_PRINTERS,
  ...AUTOSCALING_PRINTERS,
  ...NETWORKING_PRINTERS,
  ...POLICY_PRINTERS,
  'deployments.apps': deploymentPrinter,
  'replicasets.apps': replicaSetPrinter,
  'controllerrevisions.apps': controllerRevisionPrinter,
  'endpointslices.discovery.k8s.io': endpointSlicePrinter,
  'leases.coordination.k8s.io': leasePrinter,
  'rolebindings.rbac.authorization.k8s.io': roleBindingPrinter,
  'clusterrolebindings.rbac.authorization.k8s.io': roleBindingPrinter,
  'certificatesigningrequests.certificates.k8s.io': certificateRequestPrinter,
  'priorityclasses.scheduling.k8s.io': priorityClassPrinter,
}

/** By kind: of what subresources answer in place of their parent. */
const VIEW_PRINTERS: ReadonlyMap<string, Printer> = new Map([['Scale', scalePrinter]])

export const viewPrinter = (kind: string): Printer => VIEW_PRINTERS.get(kind) ?? defaultPrinter

interface Kind extends Pick<Resource, 'group' | 'plural'> {
  /** Of a kind that has no row above: its definition says what is shown. */
  readonly printer?: Printer
}

const printerOf = (kind: Kind): Printer =>
  kind.printer ?? PRINTERS[groupResource(kind)] ?? defaultPrinter

export const columnsOf = (kind: Kind): readonly Column[] => printerOf(kind).columns

/** Throws for an object that lacks what its kind always has. */
export const cellsOf = (kind: Kind, object: KubeObject, now: number): readonly Cell[] =>
  printerOf(kind).cells(object, now)

/** One object that its printer cannot read must not cost the rows of all others. */
function safeCellsOf(kind: Kind, object: KubeObject, now: number): readonly Cell[] {
  try {
    return cellsOf(kind, object, now)
  } catch {
    return columnsOf(kind).map(({ format }) =>
      format === 'name' ? (object.metadata.name ?? '') : '<unknown>',
    )
  }
}

/** How much of each object a row carries: what `?includeObject=` says. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

export interface PartialObjectMetadata {
  readonly kind: 'PartialObjectMetadata'
  readonly apiVersion: string
  readonly metadata: ObjectMeta
}

export interface Row {
  readonly cells: readonly Cell[]
  readonly conditions?: readonly RowCondition[]
  readonly object: KubeObject | PartialObjectMetadata | null
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: ListMeta
  readonly columnDefinitions: readonly Column[]
  readonly rows: readonly Row[]
}

const TABLE_VERSION = 'meta.k8s.io/v1'

export interface RowOptions {
  readonly now: number
  readonly includeObject: IncludeObject
  /** `meta.k8s.io/v1`, or `meta.k8s.io/v1beta1` for old clients. */
  readonly apiVersion?: string
}

/** One row. Ages in it are true at `now` only: cache a row no longer than a second. */
export function rowOf(kind: Kind, object: KubeObject, options: RowOptions): Row {
  const conditions = printerOf(kind).conditions?.(object) ?? []
  return {
    cells: safeCellsOf(kind, object, options.now),
    ...(conditions.length === 0 ? {} : { conditions }),
    object: includedOf(object, options),
  }
}

function includedOf(object: KubeObject, options: RowOptions): Row['object'] {
  switch (options.includeObject) {
    case 'Object':
      return object
    case 'None':
      return null
    default:
      return {
        kind: 'PartialObjectMetadata',
        apiVersion: options.apiVersion ?? TABLE_VERSION,
        metadata: object.metadata,
      }
  }
}

export interface TableOptions extends RowOptions {
  /** resourceVersion, continue and remainingItemCount of the list, or of the one object. */
  readonly metadata?: ListMeta
  /** Watches name their columns in the first event only. */
  readonly withoutColumns?: true
}

export const tableOf = (
  kind: Kind,
  objects: readonly KubeObject[],
  options: TableOptions,
): Table => ({
  kind: 'Table',
  apiVersion: options.apiVersion ?? TABLE_VERSION,
  metadata: options.metadata ?? {},
  columnDefinitions: options.withoutColumns === true ? [] : columnsOf(kind),
  rows: objects.map(object => rowOf(kind, object, options)),
})
