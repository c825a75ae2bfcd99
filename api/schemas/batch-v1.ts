/**
 * Facts of every struct of api/batch/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/batch/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.batch.v1'

export const facts = `
enum CompletionMode Indexed|NonIndexed
enum PodFailurePolicyAction Count|FailIndex|FailJob|Ignore
enum PodFailurePolicyOnExitCodesOperator In|NotIn
enum PodReplacementPolicy Failed|TerminatingOrFailed
enum ConcurrencyPolicy Allow|Forbid|Replace
Job
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec JobSpec 2
 status JobStatus 3
JobList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Job] 2 !
PodFailurePolicyOnExitCodesRequirement
 containerName *string 1
 operator PodFailurePolicyOnExitCodesOperator 2 !
 values [int32] 3 ! list=set
PodFailurePolicyOnPodConditionsPattern
 type string 1 !
 status string 2 . implied="True"
PodFailurePolicyRule
 action PodFailurePolicyAction 1 !
 onExitCodes *PodFailurePolicyOnExitCodesRequirement 2
 onPodConditions [PodFailurePolicyOnPodConditionsPattern] 3
PodFailurePolicy
 rules [PodFailurePolicyRule] 1 !
SuccessPolicy
 rules [SuccessPolicyRule] 1 !
SuccessPolicyRule
 succeededIndexes *string 1
 succeededCount *int32 2
JobSpec
 parallelism *int32 1
 completions *int32 2
 activeDeadlineSeconds *int64 3
 podFailurePolicy *PodFailurePolicy 11
 successPolicy *SuccessPolicy 16
 backoffLimit *int32 7
 backoffLimitPerIndex *int32 12
 maxFailedIndexes *int32 13
 selector *meta-v1.LabelSelector 4
 manualSelector *bool 5
 template core-v1.PodTemplateSpec 6 !
 ttlSecondsAfterFinished *int32 8
 completionMode *CompletionMode 9
 suspend *bool 10
 podReplacementPolicy *PodReplacementPolicy 14
 managedBy *string 15
JobStatus
 conditions [JobCondition] 1 patch=merge:type
 startTime *time 2
 completionTime *time 3
 active int32 4
 succeeded int32 5
 failed int32 6
 terminating *int32 11
 completedIndexes string 7
 failedIndexes *string 10
 uncountedTerminatedPods *UncountedTerminatedPods 8
 ready *int32 9
UncountedTerminatedPods
 succeeded [string] 1 list=set
 failed [string] 2 list=set
JobCondition
 type string 1 !
 status string 2 !
 lastProbeTime time 3
 lastTransitionTime time 4
 reason string 5
 message string 6
JobTemplateSpec
 metadata meta-v1.ObjectMeta 1
 spec JobSpec 2
CronJob
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CronJobSpec 2 !?
 status CronJobStatus 3
CronJobList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CronJob] 2 !
CronJobSpec
 schedule string 1 !
 timeZone *string 8
 startingDeadlineSeconds *int64 2
 concurrencyPolicy ConcurrencyPolicy 3 implied="Allow"
 suspend *bool 4 implied=false
 jobTemplate JobTemplateSpec 5 !
 successfulJobsHistoryLimit *int32 6 implied=3
 failedJobsHistoryLimit *int32 7 implied=1
CronJobStatus
 active [core-v1.ObjectReference] 1
 lastScheduleTime *time 4
 lastSuccessfulTime *time 5
`
