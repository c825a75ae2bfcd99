/**
 * Rows of volumes, claims and the kinds of storage.k8s.io. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go, pkg/apis/core/helper GetAccessModesAsString
 */
import {
  AGE,
  ageOf,
  boolean,
  integer,
  NAME,
  nameOf,
  orNone,
  type Printer,
  text,
  wide,
} from '#api/columns/printer.ts'
import type { KubeObject } from '#api/object.ts'
import { STORAGE_CLASS } from '#api/old-annotations.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '#api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '#api/types/storage-v1.ts'

const UNSET = '<unset>'
const DEFAULT_CLASS_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
] as const

const SHORT_MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

const shortModes = (modes: readonly string[] = []): string =>
  SHORT_MODES.flatMap(([mode, short]) => (modes.includes(mode) ? [short] : [])).join(',')

const phaseOf = (object: KubeObject, phase: string | undefined): string =>
  object.metadata.deletionTimestamp === undefined ? (phase ?? '') : 'Terminating'

/** The old annotation wins over the field. */
const classOf = (object: KubeObject, field: string | undefined): string =>
  object.metadata.annotations?.[STORAGE_CLASS] ?? field ?? ''

const CLASS = text('StorageClass', 'The class it is of.')
const ATTRIBUTES = text('VolumeAttributesClass', 'The class of its changeable attributes.')
const MODE = wide(text('VolumeMode', 'Filesystem or Block.'))

const persistentVolumePrinter: Printer = {
  columns: [
    NAME,
    text('Capacity', 'How much it holds.'),
    text('Access Modes', 'How it can be mounted.'),
    text('Reclaim Policy', 'What becomes of it when its claim goes.'),
    text('Status', 'Available, Bound, Released or Failed.'),
    text('Claim', 'The claim it belongs to.'),
    CLASS,
    ATTRIBUTES,
    text('Reason', 'Why it failed.'),
    AGE,
    MODE,
  ],
  cells(volume: PersistentVolume, now: number) {
    const { spec = {}, status } = volume
    const { claimRef } = spec
    return [
      nameOf(volume),
      spec.capacity?.['storage'] ?? '0',
      shortModes(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      phaseOf(volume, status?.phase),
      claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
      classOf(volume, spec.storageClassName),
      spec.volumeAttributesClassName ?? UNSET,
      status?.reason ?? '',
      ageOf(volume, now),
      spec.volumeMode ?? UNSET,
    ]
  },
}

const persistentVolumeClaimPrinter: Printer = {
  columns: [
    NAME,
    text('Status', 'Pending, Bound or Lost.'),
    text('Volume', 'The volume it is bound to.'),
    text('Capacity', 'How much the volume holds.'),
    text('Access Modes', 'How the volume can be mounted.'),
    CLASS,
    ATTRIBUTES,
    AGE,
    MODE,
  ],
  cells(claim: PersistentVolumeClaim, now: number) {
    const { spec = {}, status } = claim
    const isBound = (spec.volumeName ?? '') !== ''
    return [
      nameOf(claim),
      phaseOf(claim, status?.phase),
      spec.volumeName ?? '',
      isBound ? (status?.capacity?.['storage'] ?? '0') : '',
      isBound ? shortModes(status?.accessModes) : '',
      classOf(claim, spec.storageClassName),
      spec.volumeAttributesClassName ?? UNSET,
      ageOf(claim, now),
      spec.volumeMode ?? UNSET,
    ]
  },
}

const isDefault = (object: KubeObject): boolean =>
  DEFAULT_CLASS_ANNOTATIONS.some(name => object.metadata.annotations?.[name] === 'true')

const storageClassPrinter: Printer = {
  columns: [
    NAME,
    text('Provisioner', 'Who makes its volumes.'),
    text('ReclaimPolicy', 'What becomes of its volumes when their claims go.'),
    text('VolumeBindingMode', 'Whether volumes wait for a pod.'),
    text('AllowVolumeExpansion', 'Whether its volumes can grow.'),
    AGE,
  ],
  cells(storageClass: StorageClass, now: number) {
    return [
      `${nameOf(storageClass)}${isDefault(storageClass) ? ' (default)' : ''}`,
      storageClass.provisioner,
      storageClass.reclaimPolicy ?? 'Delete',
      storageClass.volumeBindingMode ?? 'Immediate',
      storageClass.allowVolumeExpansion ?? false,
      ageOf(storageClass, now),
    ]
  },
}

const volumeAttributesClassPrinter: Printer = {
  columns: [NAME, text('DriverName', 'The driver whose attributes these are.'), AGE],
  cells(attributes: VolumeAttributesClass, now: number) {
    return [
      `${nameOf(attributes)}${isDefault(attributes) ? ' (default)' : ''}`,
      attributes.driverName,
      ageOf(attributes, now),
    ]
  },
}

const volumeAttachmentPrinter: Printer = {
  columns: [
    NAME,
    { ...text('Attacher', 'The driver that attaches.'), format: 'name' },
    text('PV', 'The volume.'),
    text('Node', 'The node it is attached to.'),
    boolean('Attached', 'Whether it is attached.'),
    AGE,
  ],
  cells(attachment: VolumeAttachment, now: number) {
    const { spec, status } = attachment
    return [
      nameOf(attachment),
      spec.attacher,
      spec.source.persistentVolumeName ?? '',
      spec.nodeName,
      status?.attached ?? false,
      ageOf(attachment, now),
    ]
  },
}

const csiNodePrinter: Printer = {
  columns: [NAME, integer('Drivers', 'How many drivers the node has.'), AGE],
  cells(node: CSINode, now: number) {
    return [nameOf(node), node.spec.drivers.length, ageOf(node, now)]
  },
}

const csiDriverPrinter: Printer = {
  columns: [
    NAME,
    boolean('AttachRequired', 'Whether volumes are attached before they are mounted.'),
    boolean('PodInfoOnMount', 'Whether it is told about the pod.'),
    boolean('StorageCapacity', 'Whether it says how much room it has.'),
    text('TokenRequests', 'Audiences of the tokens it is given.'),
    boolean('RequiresRepublish', 'Whether mounts are repeated.'),
    text('Modes', 'Kinds of volumes it can make.'),
    AGE,
  ],
  cells(driver: CSIDriver, now: number) {
    const { spec } = driver
    const { tokenRequests } = spec
    return [
      nameOf(driver),
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      tokenRequests === undefined ? UNSET : tokenRequests.map(({ audience }) => audience).join(','),
      spec.requiresRepublish ?? false,
      orNone((spec.volumeLifecycleModes ?? []).join(',')),
      ageOf(driver, now),
    ]
  },
}

const group = 'storage.k8s.io'

export const STORAGE_PRINTERS: Readonly<Record<string, Printer>> = {
  persistentvolumes: persistentVolumePrinter,
  persistentvolumeclaims: persistentVolumeClaimPrinter,
  [`storageclasses.${group}`]: storageClassPrinter,
  [`volumeattributesclasses.${group}`]: volumeAttributesClassPrinter,
  [`volumeattachments.${group}`]: volumeAttachmentPrinter,
  [`csinodes.${group}`]: csiNodePrinter,
  [`csidrivers.${group}`]: csiDriverPrinter,
}
