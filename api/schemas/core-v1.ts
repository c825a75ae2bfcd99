/**
 * Facts of every struct of api/core/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/core/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.core.v1'

export const facts = `
enum PersistentVolumeReclaimPolicy Delete|Recycle|Retain
enum PersistentVolumeMode Block|Filesystem
enum ClaimResourceStatus ControllerResizeInProgress|ControllerResizeInfeasible|NodeResizeInProgress|NodeResizeInfeasible|NodeResizePending
enum PersistentVolumeClaimModifyVolumeStatus InProgress|Infeasible|Pending
enum PersistentVolumeAccessMode ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod
enum PersistentVolumePhase Available|Bound|Failed|Pending|Released
enum PersistentVolumeClaimPhase Bound|Lost|Pending
enum HostPathType |BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket
enum Protocol SCTP|TCP|UDP
enum AzureDataDiskCachingMode None|ReadOnly|ReadWrite
enum AzureDataDiskKind Dedicated|Managed|Shared
enum MountPropagationMode Bidirectional|HostToContainer|None
enum URIScheme HTTP|HTTPS
enum PullPolicy Always|IfNotPresent|Never
enum PreemptionPolicy Never|PreemptLowerPriority
enum TerminationMessagePolicy FallbackToLogsOnError|File
enum Signal SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ
enum PodPhase Failed|Pending|Running|Succeeded|Unknown
enum RestartPolicy Always|Never|OnFailure
enum DNSPolicy ClusterFirst|ClusterFirstWithHostNet|Default|None
enum NodeSelectorOperator DoesNotExist|Exists|Gt|In|Lt|NotIn
enum TaintEffect NoExecute|NoSchedule|PreferNoSchedule
enum TolerationOperator Equal|Exists|Gt|Lt
enum UnsatisfiableConstraintAction DoNotSchedule|ScheduleAnyway
enum NodeInclusionPolicy Honor|Ignore
enum PodFSGroupChangePolicy Always|OnRootMismatch
enum SupplementalGroupsPolicy Merge|Strict
enum SeccompProfileType Localhost|RuntimeDefault|Unconfined
enum AppArmorProfileType Localhost|RuntimeDefault|Unconfined
enum PodQOSClass BestEffort|Burstable|Guaranteed
enum ServiceAffinity ClientIP|None
enum ServiceType ClusterIP|ExternalName|LoadBalancer|NodePort
enum ServiceInternalTrafficPolicy Cluster|Local
enum ServiceExternalTrafficPolicy Cluster|Local
enum IPFamily |IPv4|IPv6
enum IPFamilyPolicy PreferDualStack|RequireDualStack|SingleStack
enum NodePhase Pending|Running|Terminated
enum NamespacePhase Active|Terminating
enum ResourceQuotaScope BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass
enum ScopeSelectorOperator DoesNotExist|Exists|In|NotIn
enum ProcMountType Default|Unmasked
Volume
 name string 1 !
 ...VolumeSource 2
VolumeSource
 hostPath *HostPathVolumeSource 1
 emptyDir *EmptyDirVolumeSource 2
 gcePersistentDisk *GCEPersistentDiskVolumeSource 3
 awsElasticBlockStore *AWSElasticBlockStoreVolumeSource 4
 gitRepo *GitRepoVolumeSource 5
 secret *SecretVolumeSource 6
 nfs *NFSVolumeSource 7
 iscsi *ISCSIVolumeSource 8
 glusterfs *GlusterfsVolumeSource 9
 persistentVolumeClaim *PersistentVolumeClaimVolumeSource 10
 rbd *RBDVolumeSource 11
 flexVolume *FlexVolumeSource 12
 cinder *CinderVolumeSource 13
 cephfs *CephFSVolumeSource 14
 flocker *FlockerVolumeSource 15
 downwardAPI *DownwardAPIVolumeSource 16
 fc *FCVolumeSource 17
 azureFile *AzureFileVolumeSource 18
 configMap *ConfigMapVolumeSource 19
 vsphereVolume *VsphereVirtualDiskVolumeSource 20
 quobyte *QuobyteVolumeSource 21
 azureDisk *AzureDiskVolumeSource 22
 photonPersistentDisk *PhotonPersistentDiskVolumeSource 23
 projected *ProjectedVolumeSource 26
 portworxVolume *PortworxVolumeSource 24
 scaleIO *ScaleIOVolumeSource 25
 storageos *StorageOSVolumeSource 27
 csi *CSIVolumeSource 28
 ephemeral *EphemeralVolumeSource 29
 image *ImageVolumeSource 30
PersistentVolumeClaimVolumeSource
 claimName string 1 !
 readOnly bool 2
PersistentVolumeSource
 gcePersistentDisk *GCEPersistentDiskVolumeSource 1
 awsElasticBlockStore *AWSElasticBlockStoreVolumeSource 2
 hostPath *HostPathVolumeSource 3
 glusterfs *GlusterfsPersistentVolumeSource 4
 nfs *NFSVolumeSource 5
 rbd *RBDPersistentVolumeSource 6
 iscsi *ISCSIPersistentVolumeSource 7
 cinder *CinderPersistentVolumeSource 8
 cephfs *CephFSPersistentVolumeSource 9
 fc *FCVolumeSource 10
 flocker *FlockerVolumeSource 11
 flexVolume *FlexPersistentVolumeSource 12
 azureFile *AzureFilePersistentVolumeSource 13
 vsphereVolume *VsphereVirtualDiskVolumeSource 14
 quobyte *QuobyteVolumeSource 15
 azureDisk *AzureDiskVolumeSource 16
 photonPersistentDisk *PhotonPersistentDiskVolumeSource 17
 portworxVolume *PortworxVolumeSource 18
 scaleIO *ScaleIOPersistentVolumeSource 19
 local *LocalVolumeSource 20
 storageos *StorageOSPersistentVolumeSource 21
 csi *CSIPersistentVolumeSource 22
PersistentVolume
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PersistentVolumeSpec 2
 status PersistentVolumeStatus 3
PersistentVolumeSpec
 capacity {quantity} 1
 ...PersistentVolumeSource 2
 accessModes [PersistentVolumeAccessMode] 3
 claimRef *ObjectReference 4
 persistentVolumeReclaimPolicy PersistentVolumeReclaimPolicy 5 implied="Retain"
 storageClassName string 6
 mountOptions [string] 7
 volumeMode *PersistentVolumeMode 8 implied="Filesystem"
 nodeAffinity *VolumeNodeAffinity 9
 volumeAttributesClassName *string 10
VolumeNodeAffinity
 required *NodeSelector 1
PersistentVolumeStatus
 phase PersistentVolumePhase 1 implied="Pending"
 message string 2
 reason string 3
 lastPhaseTransitionTime *time 4
PersistentVolumeList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PersistentVolume] 2 !
PersistentVolumeClaim
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PersistentVolumeClaimSpec 2
 status PersistentVolumeClaimStatus 3
PersistentVolumeClaimList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PersistentVolumeClaim] 2 !
PersistentVolumeClaimSpec
 accessModes [PersistentVolumeAccessMode] 1
 selector *meta-v1.LabelSelector 4
 resources VolumeResourceRequirements 2
 volumeName string 3
 storageClassName *string 5
 volumeMode *PersistentVolumeMode 6 implied="Filesystem"
 dataSource *TypedLocalObjectReference 7
 dataSourceRef *TypedObjectReference 8
 volumeAttributesClassName *string 9
TypedObjectReference
 apiGroup *string 1 .
 kind string 2 !
 name string 3 !
 namespace *string 4
ModifyVolumeStatus
 targetVolumeAttributesClassName string 1
 status PersistentVolumeClaimModifyVolumeStatus 2 !
PersistentVolumeClaimCondition
 type string 1 !
 status string 2 !
 lastProbeTime time 3
 lastTransitionTime time 4
 reason string 5
 message string 6
PersistentVolumeClaimStatus
 phase PersistentVolumeClaimPhase 1 implied="Pending"
 accessModes [PersistentVolumeAccessMode] 2
 capacity {quantity} 3
 conditions [PersistentVolumeClaimCondition] 4 list=type patch=merge:type
 allocatedResources {quantity} 5
 allocatedResourceStatuses {ClaimResourceStatus} 7
 currentVolumeAttributesClassName *string 8
 modifyVolumeStatus *ModifyVolumeStatus 9
HostPathVolumeSource
 path string 1 !
 type *HostPathType 2 implied=""
EmptyDirVolumeSource
 medium string 1
 sizeLimit *quantity 2
GlusterfsVolumeSource
 endpoints string 1 !
 path string 2 !
 readOnly bool 3
GlusterfsPersistentVolumeSource
 endpoints string 1 !
 path string 2 !
 readOnly bool 3
 endpointsNamespace *string 4
RBDVolumeSource
 monitors [string] 1 !
 image string 2 !
 fsType string 3
 pool string 4 default="rbd"
 user string 5 default="admin"
 keyring string 6 default="/etc/ceph/keyring"
 secretRef *LocalObjectReference 7
 readOnly bool 8
RBDPersistentVolumeSource
 monitors [string] 1 !
 image string 2 !
 fsType string 3
 pool string 4 default="rbd"
 user string 5 default="admin"
 keyring string 6 default="/etc/ceph/keyring"
 secretRef *SecretReference 7
 readOnly bool 8
CinderVolumeSource
 volumeID string 1 !
 fsType string 2
 readOnly bool 3
 secretRef *LocalObjectReference 4
CinderPersistentVolumeSource
 volumeID string 1 !
 fsType string 2
 readOnly bool 3
 secretRef *SecretReference 4
CephFSVolumeSource
 monitors [string] 1 !
 path string 2
 user string 3
 secretFile string 4
 secretRef *LocalObjectReference 5
 readOnly bool 6
SecretReference atomic
 name string 1
 namespace string 2
CephFSPersistentVolumeSource
 monitors [string] 1 !
 path string 2
 user string 3
 secretFile string 4
 secretRef *SecretReference 5
 readOnly bool 6
FlockerVolumeSource
 datasetName string 1
 datasetUUID string 2
GCEPersistentDiskVolumeSource
 pdName string 1 !
 fsType string 2
 partition int32 3
 readOnly bool 4
QuobyteVolumeSource
 registry string 1 !
 volume string 2 !
 readOnly bool 3
 user string 4
 group string 5
 tenant string 6
FlexPersistentVolumeSource
 driver string 1 !
 fsType string 2
 secretRef *SecretReference 3
 readOnly bool 4
 options {string} 5
FlexVolumeSource
 driver string 1 !
 fsType string 2
 secretRef *LocalObjectReference 3
 readOnly bool 4
 options {string} 5
AWSElasticBlockStoreVolumeSource
 volumeID string 1 !
 fsType string 2
 partition int32 3
 readOnly bool 4
GitRepoVolumeSource
 repository string 1 !
 revision string 2
 directory string 3
SecretVolumeSource
 secretName string 1
 items [KeyToPath] 2
 defaultMode *int32 3 implied=420
 optional *bool 4
SecretProjection
 ...LocalObjectReference 1
 items [KeyToPath] 2
 optional *bool 4
NFSVolumeSource
 server string 1 !
 path string 2 !
 readOnly bool 3
ISCSIVolumeSource
 targetPortal string 1 !
 iqn string 2 !
 lun int32 3 !
 iscsiInterface string 4 default="default"
 fsType string 5
 readOnly bool 6
 portals [string] 7
 chapAuthDiscovery bool 8
 chapAuthSession bool 11
 secretRef *LocalObjectReference 10
 initiatorName *string 12
ISCSIPersistentVolumeSource
 targetPortal string 1 !
 iqn string 2 !
 lun int32 3 !
 iscsiInterface string 4 default="default"
 fsType string 5
 readOnly bool 6
 portals [string] 7
 chapAuthDiscovery bool 8
 chapAuthSession bool 11
 secretRef *SecretReference 10
 initiatorName *string 12
FCVolumeSource
 targetWWNs [string] 1
 lun *int32 2
 fsType string 3
 readOnly bool 4
 wwids [string] 5
AzureFileVolumeSource
 secretName string 1 !
 shareName string 2 !
 readOnly bool 3
AzureFilePersistentVolumeSource
 secretName string 1 !
 shareName string 2 !
 readOnly bool 3
 secretNamespace *string 4 .
VsphereVirtualDiskVolumeSource
 volumePath string 1 !
 fsType string 2
 storagePolicyName string 3
 storagePolicyID string 4
PhotonPersistentDiskVolumeSource
 pdID string 1 !
 fsType string 2
AzureDiskVolumeSource
 diskName string 1 !
 diskURI string 2 !
 cachingMode *AzureDataDiskCachingMode 3 default="ReadWrite"
 fsType *string 4 default="ext4"
 readOnly *bool 5 default=false
 kind *AzureDataDiskKind 6 default="Shared"
PortworxVolumeSource
 volumeID string 1 !
 fsType string 2
 readOnly bool 3
ScaleIOVolumeSource
 gateway string 1 !
 system string 2 !
 secretRef *LocalObjectReference 3 !
 sslEnabled bool 4
 protectionDomain string 5
 storagePool string 6
 storageMode string 7 default="ThinProvisioned"
 volumeName string 8
 fsType string 9 default="xfs"
 readOnly bool 10
ScaleIOPersistentVolumeSource
 gateway string 1 !
 system string 2 !
 secretRef *SecretReference 3 !
 sslEnabled bool 4
 protectionDomain string 5
 storagePool string 6
 storageMode string 7 default="ThinProvisioned"
 volumeName string 8
 fsType string 9 default="xfs"
 readOnly bool 10
StorageOSVolumeSource
 volumeName string 1
 volumeNamespace string 2
 fsType string 3
 readOnly bool 4
 secretRef *LocalObjectReference 5
StorageOSPersistentVolumeSource
 volumeName string 1
 volumeNamespace string 2
 fsType string 3
 readOnly bool 4
 secretRef *ObjectReference 5
ConfigMapVolumeSource
 ...LocalObjectReference 1
 items [KeyToPath] 2
 defaultMode *int32 3 implied=420
 optional *bool 4
ConfigMapProjection
 ...LocalObjectReference 1
 items [KeyToPath] 2
 optional *bool 4
ServiceAccountTokenProjection
 audience string 1
 expirationSeconds *int64 2 implied=3600
 path string 3 !
ClusterTrustBundleProjection
 name *string 1
 signerName *string 2
 labelSelector *meta-v1.LabelSelector 3
 optional *bool 5
 path string 4 !
PodCertificateProjection
 signerName string 1 !?
 keyType string 2 !?
 maxExpirationSeconds *int32 3
 credentialBundlePath string 4
 keyPath string 5
 certificateChainPath string 6
 userAnnotations {string} 7
ProjectedVolumeSource
 sources [VolumeProjection] 1 .
 defaultMode *int32 2 implied=420
VolumeProjection
 secret *SecretProjection 1
 downwardAPI *DownwardAPIProjection 2
 configMap *ConfigMapProjection 3
 serviceAccountToken *ServiceAccountTokenProjection 4
 clusterTrustBundle *ClusterTrustBundleProjection 5
 podCertificate *PodCertificateProjection 6
KeyToPath
 key string 1 !
 path string 2 !
 mode *int32 3
LocalVolumeSource
 path string 1 !
 fsType *string 2
CSIPersistentVolumeSource
 driver string 1 !
 volumeHandle string 2 !
 readOnly bool 3
 fsType string 4
 volumeAttributes {string} 5
 controllerPublishSecretRef *SecretReference 6
 nodeStageSecretRef *SecretReference 7
 nodePublishSecretRef *SecretReference 8
 controllerExpandSecretRef *SecretReference 9
 nodeExpandSecretRef *SecretReference 10
CSIVolumeSource
 driver string 1 !
 readOnly *bool 2
 fsType *string 3
 volumeAttributes {string} 4
 nodePublishSecretRef *LocalObjectReference 5
EphemeralVolumeSource
 volumeClaimTemplate *PersistentVolumeClaimTemplate 1
PersistentVolumeClaimTemplate
 metadata meta-v1.ObjectMeta 1
 spec PersistentVolumeClaimSpec 2 !
ContainerPort
 name string 1
 hostPort int32 2
 containerPort int32 3 !
 protocol Protocol 4 default="TCP"
 hostIP string 5
VolumeMount
 name string 1 !
 readOnly bool 2
 recursiveReadOnly *string 7
 mountPath string 3 !
 subPath string 4
 mountPropagation *MountPropagationMode 5
 subPathExpr string 6
VolumeDevice
 name string 1 !
 devicePath string 2 !
EnvVar
 name string 1 !
 value string 2
 valueFrom *EnvVarSource 3
EnvVarSource
 fieldRef *ObjectFieldSelector 1
 resourceFieldRef *ResourceFieldSelector 2
 configMapKeyRef *ConfigMapKeySelector 3
 secretKeyRef *SecretKeySelector 4
 fileKeyRef *FileKeySelector 5
FileKeySelector atomic
 volumeName string 1 !
 path string 2 !
 key string 3 !
 optional *bool 4 default=false
ObjectFieldSelector atomic
 apiVersion string 1 implied="v1"
 fieldPath string 2 !
ResourceFieldSelector atomic
 containerName string 1
 resource string 2 !
 divisor quantity 3
ConfigMapKeySelector atomic
 ...LocalObjectReference 1
 key string 2 !
 optional *bool 3
SecretKeySelector atomic
 ...LocalObjectReference 1
 key string 2 !
 optional *bool 3
EnvFromSource
 prefix string 1
 configMapRef *ConfigMapEnvSource 2
 secretRef *SecretEnvSource 3
ConfigMapEnvSource
 ...LocalObjectReference 1
 optional *bool 2
SecretEnvSource
 ...LocalObjectReference 1
 optional *bool 2
HTTPHeader
 name string 1 !
 value string 2 !
HTTPGetAction
 path string 1 implied="/"
 port int-or-string 2 !
 host string 3
 scheme URIScheme 4 implied="HTTP"
 httpHeaders [HTTPHeader] 5
TCPSocketAction
 port int-or-string 1 !
 host string 2
GRPCAction
 port int32 1 !
 service *string 2 . default=""
ExecAction
 command [string] 1
SleepAction
 seconds int64 1 !
Probe
 ...ProbeHandler 1
 initialDelaySeconds int32 2
 timeoutSeconds int32 3 implied=1
 periodSeconds int32 4 implied=10
 successThreshold int32 5 implied=1
 failureThreshold int32 6 implied=3
 terminationGracePeriodSeconds *int64 7
ContainerResizePolicy
 resourceName string 1 !
 restartPolicy string 2 !
Capabilities
 add [string] 1
 drop [string] 2
ResourceRequirements
 limits {quantity} 1
 requests {quantity} 2
 claims [ResourceClaim] 3 list=name
VolumeResourceRequirements
 limits {quantity} 1
 requests {quantity} 2
ResourceClaim
 name string 1 !
 request string 2
Container
 name string 1 !
 image string 2
 command [string] 3
 args [string] 4
 workingDir string 5
 ports [ContainerPort] 6 list=containerPort,protocol patch=merge:containerPort
 envFrom [EnvFromSource] 19
 env [EnvVar] 7 list=name patch=merge:name
 resources ResourceRequirements 8
 resizePolicy [ContainerResizePolicy] 23
 restartPolicy *string 24
 restartPolicyRules [ContainerRestartRule] 25
 volumeMounts [VolumeMount] 9 list=mountPath patch=merge:mountPath
 volumeDevices [VolumeDevice] 21 list=devicePath patch=merge:devicePath
 livenessProbe *Probe 10
 readinessProbe *Probe 11
 startupProbe *Probe 22
 lifecycle *Lifecycle 12
 terminationMessagePath string 13 implied="/dev/termination-log"
 terminationMessagePolicy TerminationMessagePolicy 20 implied="File"
 imagePullPolicy PullPolicy 14
 securityContext *SecurityContext 15
 stdin bool 16
 stdinOnce bool 17
 tty bool 18
ProbeHandler
 exec *ExecAction 1
 httpGet *HTTPGetAction 2
 tcpSocket *TCPSocketAction 3
 grpc *GRPCAction 4
LifecycleHandler
 exec *ExecAction 1
 httpGet *HTTPGetAction 2
 tcpSocket *TCPSocketAction 3
 sleep *SleepAction 4
Lifecycle
 postStart *LifecycleHandler 1
 preStop *LifecycleHandler 2
 stopSignal *Signal 3
ContainerStateWaiting
 reason string 1
 message string 2
ContainerStateRunning
 startedAt time 1
ContainerStateTerminated
 exitCode int32 1 !
 signal int32 2
 reason string 3
 message string 4
 startedAt time 5
 finishedAt time 6
 containerID string 7
ContainerState
 waiting *ContainerStateWaiting 1
 running *ContainerStateRunning 2
 terminated *ContainerStateTerminated 3
ContainerStatus
 name string 1 !
 state ContainerState 2
 lastState ContainerState 3
 ready bool 4 !
 restartCount int32 5 !
 image string 6 !
 imageID string 7 !
 containerID string 8
 started *bool 9
 allocatedResources {quantity} 10
 resources *ResourceRequirements 11
 volumeMounts [VolumeMountStatus] 12 list=mountPath patch=merge:mountPath
 user *ContainerUser 13
 allocatedResourcesStatus [ResourceStatus] 14 list=name patch=merge:name
 stopSignal *Signal 15
ResourceStatus
 name string 1 !
 resources [ResourceHealth] 2 list=resourceID
ResourceHealth
 resourceID string 1 !
 health string 2
 message *string 6
ContainerUser
 linux *LinuxContainerUser 1
LinuxContainerUser
 uid int64 1 !
 gid int64 2 !
 supplementalGroups [int64] 3
PodCondition
 type string 1 !
 observedGeneration int64 7
 status string 2 !
 lastProbeTime time 3
 lastTransitionTime time 4
 reason string 5
 message string 6
VolumeMountStatus
 name string 1 !
 mountPath string 2 !
 readOnly bool 3
 recursiveReadOnly *string 4
 volumeStatus *VolumeStatus 5
VolumeStatus
 image *ImageVolumeStatus 1
ImageVolumeStatus
 imageRef string 1 !?
ContainerRestartRule
 action string 1 !?
 exitCodes *ContainerRestartRuleOnExitCodes 2
ContainerRestartRuleOnExitCodes
 operator string 1 !?
 values [int32] 2 list=set
NodeSelector atomic
 nodeSelectorTerms [NodeSelectorTerm] 1 !
NodeSelectorTerm atomic
 matchExpressions [NodeSelectorRequirement] 1
 matchFields [NodeSelectorRequirement] 2
NodeSelectorRequirement
 key string 1 !
 operator NodeSelectorOperator 2 !
 values [string] 3
TopologySelectorTerm atomic
 matchLabelExpressions [TopologySelectorLabelRequirement] 1
TopologySelectorLabelRequirement
 key string 1 !
 values [string] 2 !
Affinity
 nodeAffinity *NodeAffinity 1
 podAffinity *PodAffinity 2
 podAntiAffinity *PodAntiAffinity 3
PodAffinity
 requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] 1
 preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] 2
PodAntiAffinity
 requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] 1
 preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] 2
WeightedPodAffinityTerm
 weight int32 1 !
 podAffinityTerm PodAffinityTerm 2 !
PodAffinityTerm
 labelSelector *meta-v1.LabelSelector 1
 namespaces [string] 2
 topologyKey string 3 !
 namespaceSelector *meta-v1.LabelSelector 4
 matchLabelKeys [string] 5
 mismatchLabelKeys [string] 6
NodeAffinity
 requiredDuringSchedulingIgnoredDuringExecution *NodeSelector 1
 preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm] 2
PreferredSchedulingTerm
 weight int32 1 !
 preference NodeSelectorTerm 2 !
Taint
 key string 1 !
 value string 2
 effect TaintEffect 3 !
 timeAdded *time 4
Toleration
 key string 1
 operator TolerationOperator 2
 value string 3
 effect TaintEffect 4
 tolerationSeconds *int64 5
PodReadinessGate
 conditionType string 1 !
PodSpec
 volumes [Volume] 1 list=name patch=merge,retainKeys:name
 initContainers [Container] 20 list=name patch=merge:name
 containers [Container] 2 ! list=name patch=merge:name
 ephemeralContainers [EphemeralContainer] 34 list=name patch=merge:name
 restartPolicy RestartPolicy 3 implied="Always"
 terminationGracePeriodSeconds *int64 4 implied=30
 activeDeadlineSeconds *int64 5
 dnsPolicy DNSPolicy 6 implied="ClusterFirst"
 nodeSelector {string} 7 atomic
 serviceAccountName string 8
 serviceAccount string 9
 automountServiceAccountToken *bool 21
 nodeName string 10
 hostNetwork bool 11
 hostPID bool 12
 hostIPC bool 13
 shareProcessNamespace *bool 27
 securityContext *PodSecurityContext 14 implied={}
 imagePullSecrets [LocalObjectReference] 15 list=name patch=merge:name
 hostname string 16
 subdomain string 17
 affinity *Affinity 18
 schedulerName string 19 implied="default-scheduler"
 tolerations [Toleration] 22
 hostAliases [HostAlias] 23 list=ip patch=merge:ip
 priorityClassName string 24
 priority *int32 25
 dnsConfig *PodDNSConfig 26
 readinessGates [PodReadinessGate] 28
 runtimeClassName *string 29
 enableServiceLinks *bool 30
 preemptionPolicy *PreemptionPolicy 31
 overhead {quantity} 32
 topologySpreadConstraints [TopologySpreadConstraint] 33 list=topologyKey,whenUnsatisfiable patch=merge:topologyKey
 setHostnameAsFQDN *bool 35
 os *PodOS 36
 hostUsers *bool 37
 schedulingGates [PodSchedulingGate] 38 list=name patch=merge:name
 resourceClaims [PodResourceClaim] 39 list=name patch=merge,retainKeys:name
 resources *ResourceRequirements 40
 hostnameOverride *string 41
 schedulingGroup *PodSchedulingGroup 43
PodResourceClaim
 name string 1 !
 resourceClaimName *string 3
 resourceClaimTemplateName *string 4
PodResourceClaimStatus
 name string 1 !
 resourceClaimName *string 2
PodExtendedResourceClaimStatus
 requestMappings [ContainerExtendedResourceRequest] 1 !
 resourceClaimName string 2 !
ContainerExtendedResourceRequest
 containerName string 1 !
 resourceName string 2 !
 requestName string 3 !
PodOS
 name string 1 !
PodSchedulingGate
 name string 1 !
PodSchedulingGroup
 podGroupName *string 1
TopologySpreadConstraint
 maxSkew int32 1 !
 topologyKey string 2 !
 whenUnsatisfiable UnsatisfiableConstraintAction 3 !
 labelSelector *meta-v1.LabelSelector 4
 minDomains *int32 5
 nodeAffinityPolicy *NodeInclusionPolicy 6
 nodeTaintsPolicy *NodeInclusionPolicy 7
 matchLabelKeys [string] 8
HostAlias
 ip string 1 !
 hostnames [string] 2
PodSecurityContext
 seLinuxOptions *SELinuxOptions 1
 windowsOptions *WindowsSecurityContextOptions 8
 runAsUser *int64 2
 runAsGroup *int64 6
 runAsNonRoot *bool 3
 supplementalGroups [int64] 4
 supplementalGroupsPolicy *SupplementalGroupsPolicy 12
 fsGroup *int64 5
 sysctls [Sysctl] 7
 fsGroupChangePolicy *PodFSGroupChangePolicy 9
 seccompProfile *SeccompProfile 10
 appArmorProfile *AppArmorProfile 11
 seLinuxChangePolicy *string 13
SeccompProfile
 type SeccompProfileType 1 !
 localhostProfile *string 2
AppArmorProfile
 type AppArmorProfileType 1 !
 localhostProfile *string 2
PodDNSConfig
 nameservers [string] 1
 searches [string] 2
 options [PodDNSConfigOption] 3
PodDNSConfigOption
 name string 1
 value *string 2
PodIP
 ip string 1 !
HostIP
 ip string 1 !
EphemeralContainerCommon
 name string 1 !
 image string 2
 command [string] 3
 args [string] 4
 workingDir string 5
 ports [ContainerPort] 6 list=containerPort,protocol patch=merge:containerPort
 envFrom [EnvFromSource] 19
 env [EnvVar] 7 list=name patch=merge:name
 resources ResourceRequirements 8
 resizePolicy [ContainerResizePolicy] 23
 restartPolicy *string 24
 restartPolicyRules [ContainerRestartRule] 25
 volumeMounts [VolumeMount] 9 list=mountPath patch=merge:mountPath
 volumeDevices [VolumeDevice] 21 list=devicePath patch=merge:devicePath
 livenessProbe *Probe 10
 readinessProbe *Probe 11
 startupProbe *Probe 22
 lifecycle *Lifecycle 12
 terminationMessagePath string 13 implied="/dev/termination-log"
 terminationMessagePolicy TerminationMessagePolicy 20 implied="File"
 imagePullPolicy PullPolicy 14
 securityContext *SecurityContext 15
 stdin bool 16
 stdinOnce bool 17
 tty bool 18
EphemeralContainer
 ...EphemeralContainerCommon 1
 targetContainerName string 2
PodStatus
 observedGeneration int64 17
 phase PodPhase 1
 conditions [PodCondition] 2 list=type patch=merge:type
 message string 3
 reason string 4
 nominatedNodeName string 11
 hostIP string 5
 hostIPs [HostIP] 16 patch=merge:ip
 podIP string 6
 podIPs [PodIP] 12 list=ip patch=merge:ip
 startTime *time 7
 initContainerStatuses [ContainerStatus] 10
 containerStatuses [ContainerStatus] 8
 qosClass PodQOSClass 9
 ephemeralContainerStatuses [ContainerStatus] 13
 resize string 14
 resourceClaimStatuses [PodResourceClaimStatus] 15 list=name patch=merge,retainKeys:name
 extendedResourceClaimStatus *PodExtendedResourceClaimStatus 18
 allocatedResources {quantity} 19
 resources *ResourceRequirements 20
 nodeAllocatableResourceClaimStatuses [NodeAllocatableResourceClaimStatus] 21
PodStatusResult
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 status PodStatus 2
Pod
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec PodSpec 2
 status PodStatus 3
PodList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Pod] 2 !
PodTemplateSpec
 metadata meta-v1.ObjectMeta 1
 spec PodSpec 2
PodTemplate
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 template PodTemplateSpec 2
PodTemplateList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [PodTemplate] 2 !
ReplicationControllerSpec
 replicas *int32 1 default=1
 minReadySeconds int32 4 default=0
 selector {string} 2 atomic
 template *PodTemplateSpec 3
ReplicationControllerStatus
 replicas int32 1 !
 fullyLabeledReplicas int32 2
 readyReplicas int32 4
 availableReplicas int32 5
 observedGeneration int64 3
 conditions [ReplicationControllerCondition] 6 list=type patch=merge:type
ReplicationControllerCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
ReplicationController
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ReplicationControllerSpec 2
 status ReplicationControllerStatus 3
ReplicationControllerList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ReplicationController] 2 !
SessionAffinityConfig
 clientIP *ClientIPConfig 1
ClientIPConfig
 timeoutSeconds *int32 1
ServiceStatus
 loadBalancer LoadBalancerStatus 1
 conditions [meta-v1.Condition] 2 list=type patch=merge:type
LoadBalancerStatus
 ingress [LoadBalancerIngress] 1
LoadBalancerIngress
 ip string 1
 hostname string 2
 ipMode *string 3
 ports [PortStatus] 4
ServiceSpec
 ports [ServicePort] 1 list=port,protocol patch=merge:port
 selector {string} 2 atomic
 clusterIP string 3
 clusterIPs [string] 18
 type ServiceType 4 implied="ClusterIP"
 externalIPs [string] 5
 sessionAffinity ServiceAffinity 7 implied="None"
 loadBalancerIP string 8
 loadBalancerSourceRanges [string] 9
 externalName string 10
 externalTrafficPolicy ServiceExternalTrafficPolicy 11
 healthCheckNodePort int32 12
 publishNotReadyAddresses bool 13
 sessionAffinityConfig *SessionAffinityConfig 14
 ipFamilies [IPFamily] 19
 ipFamilyPolicy *IPFamilyPolicy 17
 allocateLoadBalancerNodePorts *bool 20
 loadBalancerClass *string 21
 internalTrafficPolicy *ServiceInternalTrafficPolicy 22
 trafficDistribution *string 23
ServicePort
 name string 1
 protocol Protocol 2 default="TCP"
 appProtocol *string 6
 port int32 3 !
 targetPort int-or-string 4
 nodePort int32 5
Service
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ServiceSpec 2
 status ServiceStatus 3
ServiceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Service] 2 !
ServiceAccount
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 secrets [ObjectReference] 2 list=name patch=merge:name
 imagePullSecrets [LocalObjectReference] 3
 automountServiceAccountToken *bool 4
ServiceAccountList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ServiceAccount] 2 !
Endpoints
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 subsets [EndpointSubset] 2
EndpointSubset
 addresses [EndpointAddress] 1
 notReadyAddresses [EndpointAddress] 2
 ports [EndpointPort] 3
EndpointAddress atomic
 ip string 1 !
 hostname string 3
 nodeName *string 4
 targetRef *ObjectReference 2
EndpointPort atomic
 name string 1
 port int32 2 !
 protocol Protocol 3 implied="TCP"
 appProtocol *string 4
EndpointsList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Endpoints] 2 !
NodeSpec
 podCIDR string 1
 podCIDRs [string] 7 list=set patch=merge
 providerID string 3
 unschedulable bool 4
 taints [Taint] 5
 configSource *NodeConfigSource 6
 externalID string 2
NodeConfigSource
 configMap *ConfigMapNodeConfigSource 2
ConfigMapNodeConfigSource
 namespace string 1 !
 name string 2 !
 uid string 3
 resourceVersion string 4
 kubeletConfigKey string 5 !
DaemonEndpoint
 Port int32 1 !
NodeDaemonEndpoints
 kubeletEndpoint DaemonEndpoint 1
NodeRuntimeHandlerFeatures
 recursiveReadOnlyMounts *bool 1
 userNamespaces *bool 2
NodeRuntimeHandler
 name string 1 .
 features *NodeRuntimeHandlerFeatures 2
NodeFeatures
 supplementalGroupsPolicy *bool 1
NodeSystemInfo
 machineID string 1 !
 systemUUID string 2 !
 bootID string 3 !
 kernelVersion string 4 !
 osImage string 5 !
 containerRuntimeVersion string 6 !
 kubeletVersion string 7 !
 kubeProxyVersion string 8 !
 operatingSystem string 9 !
 architecture string 10 !
 swap *NodeSwapStatus 11
NodeSwapStatus
 capacity *int64 1
NodeConfigStatus
 assigned *NodeConfigSource 1
 active *NodeConfigSource 2
 lastKnownGood *NodeConfigSource 3
 error string 4
NodeStatus
 capacity {quantity} 1
 allocatable {quantity} 2
 phase NodePhase 3
 conditions [NodeCondition] 4 list=type patch=merge:type
 addresses [NodeAddress] 5 list=type patch=merge:type
 daemonEndpoints NodeDaemonEndpoints 6
 nodeInfo NodeSystemInfo 7
 images [ContainerImage] 8
 volumesInUse [string] 9
 volumesAttached [AttachedVolume] 10
 config *NodeConfigStatus 11
 runtimeHandlers [NodeRuntimeHandler] 12
 features *NodeFeatures 13
 declaredFeatures [string] 14
AttachedVolume
 name string 1 !
 devicePath string 2 !
AvoidPods
 preferAvoidPods [PreferAvoidPodsEntry] 1
PreferAvoidPodsEntry
 podSignature PodSignature 1 !
 evictionTime time 2
 reason string 3
 message string 4
PodSignature
 podController *meta-v1.OwnerReference 1
ContainerImage
 names [string] 1 .
 sizeBytes int64 2
NodeCondition
 type string 1 !
 status string 2 !
 lastHeartbeatTime time 3
 lastTransitionTime time 4
 reason string 5
 message string 6
NodeAddress
 type string 1 !
 address string 2 !
Node
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec NodeSpec 2
 status NodeStatus 3
NodeList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Node] 2 !
NamespaceSpec
 finalizers [string] 1
NamespaceStatus
 phase NamespacePhase 1 implied="Active"
 conditions [NamespaceCondition] 2 list=type patch=merge:type
NamespaceCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 4
 reason string 5
 message string 6
Namespace
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec NamespaceSpec 2
 status NamespaceStatus 3
NamespaceList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Namespace] 2 !
Binding
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 target ObjectReference 2 !
Preconditions
 uid *string 1
PodLogOptions
 ...meta-v1.TypeMeta 0
 container string 1
 follow bool 2
 previous bool 3
 sinceSeconds *int64 4
 sinceTime *time 5
 timestamps bool 6
 tailLines *int64 7
 limitBytes *int64 8
 insecureSkipTLSVerifyBackend bool 9
 stream *string 10
PodAttachOptions
 ...meta-v1.TypeMeta 0
 stdin bool 1
 stdout bool 2
 stderr bool 3
 tty bool 4
 container string 5
PodExecOptions
 ...meta-v1.TypeMeta 0
 stdin bool 1
 stdout bool 2
 stderr bool 3
 tty bool 4
 container string 5
 command [string] 6 !
PodPortForwardOptions
 ...meta-v1.TypeMeta 0
 ports [int32] 1
PodProxyOptions
 ...meta-v1.TypeMeta 0
 path string 1
NodeProxyOptions
 ...meta-v1.TypeMeta 0
 path string 1
ServiceProxyOptions
 ...meta-v1.TypeMeta 0
 path string 1
ObjectReference atomic
 kind string 1
 namespace string 2
 name string 3
 uid string 4
 apiVersion string 5
 resourceVersion string 6
 fieldPath string 7
LocalObjectReference atomic
 name string 1 default=""
TypedLocalObjectReference atomic
 apiGroup *string 1 .
 kind string 2 !
 name string 3 !
SerializedReference
 ...meta-v1.TypeMeta 0
 reference ObjectReference 1
EventSource
 component string 1
 host string 2
Event
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1 !
 involvedObject ObjectReference 2 !
 reason string 3
 message string 4
 source EventSource 5
 firstTimestamp time 6
 lastTimestamp time 7
 count int32 8
 type string 9
 eventTime micro-time 10
 series *EventSeries 11
 action string 12
 related *ObjectReference 13
 reportingComponent string 14 .
 reportingInstance string 15 .
EventSeries
 count int32 1
 lastObservedTime micro-time 2
EventList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Event] 2 !
LimitRangeItem
 type string 1 !
 max {quantity} 2
 min {quantity} 3
 default {quantity} 4
 defaultRequest {quantity} 5
 maxLimitRequestRatio {quantity} 6
LimitRangeSpec
 limits [LimitRangeItem] 1 !
LimitRange
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec LimitRangeSpec 2
LimitRangeList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [LimitRange] 2 !
ResourceQuotaSpec
 hard {quantity} 1
 scopes [ResourceQuotaScope] 2
 scopeSelector *ScopeSelector 3
ScopeSelector atomic
 matchExpressions [ScopedResourceSelectorRequirement] 1
ScopedResourceSelectorRequirement
 scopeName ResourceQuotaScope 1 !
 operator ScopeSelectorOperator 2 !
 values [string] 3
ResourceQuotaStatus
 hard {quantity} 1
 used {quantity} 2
ResourceQuota
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec ResourceQuotaSpec 2
 status ResourceQuotaStatus 3
ResourceQuotaList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ResourceQuota] 2 !
Secret
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 immutable *bool 5
 data {bytes} 2
 stringData {string} 4
 type string 3 implied="Opaque"
SecretList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Secret] 2 !
ConfigMap
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 immutable *bool 4
 data {string} 2
 binaryData {bytes} 3
ConfigMapList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ConfigMap] 2 !
ComponentCondition
 type string 1 !
 status string 2 !
 message string 3
 error string 4
ComponentStatus
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 conditions [ComponentCondition] 2 list=type patch=merge:type
ComponentStatusList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [ComponentStatus] 2 !
DownwardAPIVolumeSource
 items [DownwardAPIVolumeFile] 1
 defaultMode *int32 2 implied=420
DownwardAPIVolumeFile
 path string 1 !
 fieldRef *ObjectFieldSelector 2
 resourceFieldRef *ResourceFieldSelector 3
 mode *int32 4
DownwardAPIProjection
 items [DownwardAPIVolumeFile] 1
SecurityContext
 capabilities *Capabilities 1
 privileged *bool 2
 seLinuxOptions *SELinuxOptions 3
 windowsOptions *WindowsSecurityContextOptions 10
 runAsUser *int64 4
 runAsGroup *int64 8
 runAsNonRoot *bool 5
 readOnlyRootFilesystem *bool 6
 allowPrivilegeEscalation *bool 7
 procMount *ProcMountType 9
 seccompProfile *SeccompProfile 11
 appArmorProfile *AppArmorProfile 12
SELinuxOptions
 user string 1
 role string 2
 type string 3
 level string 4
WindowsSecurityContextOptions
 gmsaCredentialSpecName *string 1
 gmsaCredentialSpec *string 2
 runAsUserName *string 3
 hostProcess *bool 4
RangeAllocation
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 range string 2 !
 data bytes 3 !
Sysctl
 name string 1 !
 value string 2 !
PortStatus
 port int32 1 !
 protocol Protocol 2 !
 error *string 3
ImageVolumeSource
 reference string 1
 pullPolicy PullPolicy 2
NodeAllocatableResourceClaimStatus
 resourceClaimName string 1 !
 containers [string] 2 list=set
 resources {quantity} 3 !
`
