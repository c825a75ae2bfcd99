/**
 * Facts of every struct of api/storage/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/storage/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.storage.v1'

export const facts = `
enum VolumeBindingMode Immediate|WaitForFirstConsumer
StorageClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 provisioner string 2 !
 parameters {string} 3
 reclaimPolicy *core-v1.PersistentVolumeReclaimPolicy 4 implied="Delete"
 mountOptions [string] 5
 allowVolumeExpansion *bool 6
 volumeBindingMode *VolumeBindingMode 7 implied="Immediate"
 allowedTopologies [core-v1.TopologySelectorTerm] 8
StorageClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [StorageClass] 2 !
VolumeAttachment
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec VolumeAttachmentSpec 2 !
 status VolumeAttachmentStatus 3
VolumeAttachmentList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [VolumeAttachment] 2 !
VolumeAttachmentSpec
 attacher string 1 !
 source VolumeAttachmentSource 2 !
 nodeName string 3 !
VolumeAttachmentSource
 persistentVolumeName *string 1
 inlineVolumeSpec *core-v1.PersistentVolumeSpec 2
VolumeAttachmentStatus
 attached bool 1 !
 attachmentMetadata {string} 2
 attachError *VolumeError 3
 detachError *VolumeError 4
VolumeError
 time time 1
 message string 2
 errorCode *int32 3
CSIDriver
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CSIDriverSpec 2 !
CSIDriverList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CSIDriver] 2 !
CSIDriverSpec
 attachRequired *bool 1 implied=true
 podInfoOnMount *bool 2 implied=false
 volumeLifecycleModes [string] 3 list=set implied=["Persistent"]
 storageCapacity *bool 4 implied=false
 fsGroupPolicy *string 5 implied="ReadWriteOnceWithFSType"
 tokenRequests [TokenRequest] 6
 requiresRepublish *bool 7 implied=false
 seLinuxMount *bool 8 implied=false
 nodeAllocatableUpdatePeriodSeconds *int64 9
 serviceAccountTokenInSecrets *bool 10
 preventPodSchedulingIfMissing *bool 11
TokenRequest
 audience string 1 !
 expirationSeconds *int64 2
CSINode
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CSINodeSpec 2 !
CSINodeSpec
 drivers [CSINodeDriver] 1 ! list=name patch=merge:name
CSINodeDriver
 name string 1 !
 nodeID string 2 !
 topologyKeys [string] 3 .
 allocatable *VolumeNodeResources 4
VolumeNodeResources
 count *int32 1
CSINodeList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CSINode] 2 !
CSIStorageCapacity
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 nodeTopology *meta-v1.LabelSelector 2
 storageClassName string 3 !
 capacity *quantity 4
 maximumVolumeSize *quantity 5
CSIStorageCapacityList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CSIStorageCapacity] 2 !
VolumeAttributesClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 driverName string 2 !
 parameters {string} 3
VolumeAttributesClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [VolumeAttributesClass] 2 !
`
