/**
 * Facts of every struct of apimachinery/pkg/apis/meta/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export const facts = `
GroupResource
 group string 1 !
 resource string 2 !
GroupVersionResource
 group string 1 !
 version string 2 !
 resource string 3 !
GroupKind
 group string 1 !
 kind string 2 !
GroupVersionKind
 group string 1 !
 version string 2 !
 kind string 3 !
GroupVersion
 group string 1 !
 version string 2 !
TypeMeta
 kind string 1
 apiVersion string 2
ListMeta
 selfLink string 1
 resourceVersion string 2
 continue string 3
 remainingItemCount *int64 4
 shardInfo *ShardInfo 5
ShardInfo
 selector string 1 !
ObjectMeta
 name string 1
 generateName string 2
 namespace string 3
 selfLink string 4
 uid string 5
 resourceVersion string 6
 generation int64 7
 creationTimestamp time 8
 deletionTimestamp *time 9
 deletionGracePeriodSeconds *int64 10
 labels {string} 11
 annotations {string} 12
 ownerReferences [OwnerReference] 13 list=uid patch=merge:uid
 finalizers [string] 14 list=set patch=merge
 managedFields [ManagedFieldsEntry] 17
OwnerReference atomic
 apiVersion string 5 !
 kind string 1 !
 name string 3 !
 uid string 4 !
 controller *bool 6
 blockOwnerDeletion *bool 7
ListOptions
 ...TypeMeta 0
 labelSelector string 1
 fieldSelector string 2
 watch bool 3
 allowWatchBookmarks bool 9
 resourceVersion string 4
 resourceVersionMatch string 10
 timeoutSeconds *int64 5
 limit int64 7
 continue string 8
 sendInitialEvents *bool 11
 shardSelector string 15
GetOptions
 ...TypeMeta 0
 resourceVersion string 1
DeleteOptions
 ...TypeMeta 0
 gracePeriodSeconds *int64 1
 preconditions *Preconditions 2
 orphanDependents *bool 3
 propagationPolicy *string 4
 dryRun [string] 5
 ignoreStoreReadErrorWithClusterBreakingPotential *bool 6
CreateOptions
 ...TypeMeta 0
 dryRun [string] 1
 fieldManager string 3
 fieldValidation string 4
PatchOptions
 ...TypeMeta 0
 dryRun [string] 1
 force *bool 2
 fieldManager string 3
 fieldValidation string 4
ApplyOptions
 ...TypeMeta 0
 dryRun [string] 1
 force bool 2 !
 fieldManager string 3 !
UpdateOptions
 ...TypeMeta 0
 dryRun [string] 1
 fieldManager string 2
 fieldValidation string 3
Preconditions
 uid *string 1
 resourceVersion *string 2
Status
 ...TypeMeta 0
 metadata ListMeta 1
 status string 2
 message string 3
 reason string 4
 details *StatusDetails 5
 code int32 6
StatusDetails
 name string 1
 group string 2
 kind string 3
 uid string 6
 causes [StatusCause] 4
 retryAfterSeconds int32 5
StatusCause
 reason string 1
 message string 2
 field string 3
List
 ...TypeMeta 0
 metadata ListMeta 1
 items [raw] 2 !
APIVersions
 ...TypeMeta 0
 versions [string] 1 !
 serverAddressByClientCIDRs [ServerAddressByClientCIDR] 2 !
APIGroupList
 ...TypeMeta 0
 groups [APIGroup] 1 !
APIGroup
 ...TypeMeta 0
 name string 1 !
 versions [GroupVersionForDiscovery] 2 !
 preferredVersion GroupVersionForDiscovery 3
 serverAddressByClientCIDRs [ServerAddressByClientCIDR] 4
ServerAddressByClientCIDR
 clientCIDR string 1 !
 serverAddress string 2 !
GroupVersionForDiscovery
 groupVersion string 1 !
 version string 2 !
APIResource
 name string 1 !
 singularName string 6 !
 namespaced bool 2 !
 group string 8
 version string 9
 kind string 3 !
 verbs [string] 4 !
 shortNames [string] 5
 categories [string] 7
 storageVersionHash string 10
APIResourceList
 ...TypeMeta 0
 groupVersion string 1 !
 resources [APIResource] 2 !
RootPaths
 paths [string] 1 !
Patch
LabelSelector atomic
 matchLabels {string} 1
 matchExpressions [LabelSelectorRequirement] 2
LabelSelectorRequirement
 key string 1 !
 operator string 2 !
 values [string] 3
FieldSelectorRequirement
 key string 1 !
 operator string 2 !
 values [string] 3
ManagedFieldsEntry
 manager string 1
 operation string 2
 apiVersion string 3
 time *time 4
 fieldsType string 6
 fieldsV1 *raw 7
 subresource string 8
Table
 ...TypeMeta 0
 metadata ListMeta 0
 columnDefinitions [TableColumnDefinition] 0 !
 rows [TableRow] 0 !
TableColumnDefinition
 name string 0 !
 type string 0 !
 format string 0 !
 description string 0 !
 priority int32 0 !
TableRow
 cells [raw] 0 !
 conditions [TableRowCondition] 0
 object raw 0
TableRowCondition
 type string 0 !
 status string 0 !
 reason string 0
 message string 0
TableOptions
 ...TypeMeta 0
 includeObject string 1
PartialObjectMetadata
 ...TypeMeta 0
 metadata ObjectMeta 1
PartialObjectMetadataList
 ...TypeMeta 0
 metadata ListMeta 1
 items [PartialObjectMetadata] 2 !
Condition
 type string 1 !
 status string 2 !
 observedGeneration int64 3
 lastTransitionTime time 4 !
 reason string 5 !
 message string 6 !
WatchEvent
 type string 1 !
 object raw 2 !
`
