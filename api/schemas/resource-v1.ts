/**
 * Facts of every struct of api/resource/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/resource/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.resource.v1'

export const facts = `
enum DeviceTaintEffect NoExecute|NoSchedule|None
enum DeviceTolerationOperator Equal|Exists
enum AllocationConfigSource FromClaim|FromClass
ResourceSlice
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ResourceSliceSpec 2 !
ResourceSliceSpec
 driver string 1 !
 pool ResourcePool 2 !
 nodeName *string 3
 nodeSelector *core-v1.NodeSelector 4
 allNodes *bool 5
 devices [Device] 6
 perDeviceNodeSelection *bool 7
 sharedCounters [CounterSet] 8
CounterSet
 name string 1 !
 counters {Counter} 2 !?
ResourcePool
 name string 1 !
 generation int64 2 !
 resourceSliceCount int64 3 !
Device
 name string 1 !
 attributes {DeviceAttribute} 2
 capacity {DeviceCapacity} 3
 consumesCounters [DeviceCounterConsumption] 4
 nodeName *string 5
 nodeSelector *core-v1.NodeSelector 6
 allNodes *bool 7
 taints [DeviceTaint] 8
 bindsToNode *bool 9
 bindingConditions [string] 10
 bindingFailureConditions [string] 11
 allowMultipleAllocations *bool 12
 nodeAllocatableResourceMappings {NodeAllocatableResourceMapping} 13
NodeAllocatableResourceMapping
 capacityKey *string 1
 allocationMultiplier *quantity 2
DeviceCounterConsumption
 counterSet string 1 !
 counters {Counter} 2 !?
DeviceCapacity
 value quantity 1 !
 requestPolicy *CapacityRequestPolicy 2
Counter
 value quantity 1 !
CapacityRequestPolicy
 default *quantity 1 .
 validValues [quantity] 3
 validRange *CapacityRequestPolicyRange 4
CapacityRequestPolicyRange
 min *quantity 1 !?
 max *quantity 2
 step *quantity 3
DeviceAttribute
 int *int64 2
 bool *bool 3
 string *string 4
 version *string 5
 ints [int64] 6
 bools [bool] 7
 strings [string] 8
 versions [string] 9
DeviceTaint
 key string 1 !
 value string 2
 effect DeviceTaintEffect 3 !
 timeAdded *time 4
ResourceSliceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ResourceSlice] 2 !
ResourceClaim
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ResourceClaimSpec 2 !
 status ResourceClaimStatus 3
ResourceClaimSpec
 devices DeviceClaim 1 .
DeviceClaim
 requests [DeviceRequest] 1 .
 constraints [DeviceConstraint] 2
 config [DeviceClaimConfiguration] 3
DeviceRequest
 name string 1 !
 exactly *ExactDeviceRequest 2
 firstAvailable [DeviceSubRequest] 3
ExactDeviceRequest
 deviceClassName string 1 !
 selectors [DeviceSelector] 2
 allocationMode string 3 implied="ExactCount"
 count int64 4
 adminAccess *bool 5
 tolerations [DeviceToleration] 6
 capacity *CapacityRequirements 7
DeviceSubRequest
 name string 1 !
 deviceClassName string 2 !
 selectors [DeviceSelector] 3
 allocationMode string 4 implied="ExactCount"
 count int64 5
 tolerations [DeviceToleration] 6
 capacity *CapacityRequirements 7
CapacityRequirements
 requests {quantity} 1
DeviceSelector
 cel *CELDeviceSelector 1
CELDeviceSelector
 expression string 1 !
DeviceConstraint
 requests [string] 1
 matchAttribute *string 2
 distinctAttribute *string 3
DeviceClaimConfiguration
 requests [string] 1
 ...DeviceConfiguration 2
DeviceConfiguration
 opaque *OpaqueDeviceConfiguration 1
OpaqueDeviceConfiguration
 driver string 1 !
 parameters raw 2 !
DeviceToleration
 key string 1
 operator DeviceTolerationOperator 2 default="Equal"
 value string 3
 effect DeviceTaintEffect 4
 tolerationSeconds *int64 5
ResourceClaimStatus
 allocation *AllocationResult 1
 reservedFor [ResourceClaimConsumerReference] 2 list=uid patch=merge:uid
 devices [AllocatedDeviceStatus] 4 list=driver,device,pool,shareID
ResourceClaimConsumerReference
 apiGroup string 1
 resource string 3 !
 name string 4 !
 uid string 5 !
AllocationResult
 devices DeviceAllocationResult 1
 nodeSelector *core-v1.NodeSelector 3
 allocationTimestamp *time 5
DeviceAllocationResult
 results [DeviceRequestAllocationResult] 1
 config [DeviceAllocationConfiguration] 2
DeviceRequestAllocationResult
 request string 1 !
 driver string 2 !
 pool string 3 !
 device string 4 !
 adminAccess *bool 5
 tolerations [DeviceToleration] 6
 bindingConditions [string] 7
 bindingFailureConditions [string] 8
 shareID *string 9
 consumedCapacity {quantity} 10
DeviceAllocationConfiguration
 source AllocationConfigSource 1 !
 requests [string] 2
 ...DeviceConfiguration 3
ResourceClaimList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ResourceClaim] 2 !
DeviceClass
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec DeviceClassSpec 2 !
DeviceClassSpec
 selectors [DeviceSelector] 1
 config [DeviceClassConfiguration] 2
 extendedResourceName *string 4
DeviceClassConfiguration
 ...DeviceConfiguration 1
DeviceClassList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [DeviceClass] 2 !
ResourceClaimTemplate
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ResourceClaimTemplateSpec 2 !
ResourceClaimTemplateSpec
 metadata meta-v1.ObjectMeta 1
 spec ResourceClaimSpec 2 !
ResourceClaimTemplateList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ResourceClaimTemplate] 2 !
AllocatedDeviceStatus
 driver string 1 !
 pool string 2 !
 device string 3 !
 shareID *string 7
 conditions [meta-v1.Condition] 4 . list=type
 data *raw 5
 networkData *NetworkDeviceData 6
NetworkDeviceData
 interfaceName string 1
 ips [string] 2
 hardwareAddress string 3
DeviceTaintRule
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec DeviceTaintRuleSpec 2 !
 status DeviceTaintRuleStatus 3
DeviceTaintRuleSpec
 deviceSelector *DeviceTaintSelector 1
 taint DeviceTaint 2 !?
DeviceTaintSelector
 driver *string 2
 pool *string 3
 device *string 4
DeviceTaintRuleStatus
 conditions [meta-v1.Condition] 1 list=type patch=merge:type
DeviceTaintRuleList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [DeviceTaintRule] 2 !
`
