/**
 * Facts of every struct of api/batch/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/batch/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.batch.v1beta1'

export const facts = `
JobTemplateSpec
 metadata meta-v1.ObjectMeta 1
 spec batch-v1.JobSpec 2
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
 concurrencyPolicy string 3
 suspend *bool 4
 jobTemplate JobTemplateSpec 5 !
 successfulJobsHistoryLimit *int32 6
 failedJobsHistoryLimit *int32 7
CronJobStatus
 active [core-v1.ObjectReference] 1
 lastScheduleTime *time 4
 lastSuccessfulTime *time 5
`
