/**
 * Facts of every struct of api/events/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/events/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.events.v1beta1'

export const facts = `
Event
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1 .
 eventTime micro-time 2 !
 series *EventSeries 3
 reportingController string 4
 reportingInstance string 5
 action string 6
 reason string 7
 regarding core-v1.ObjectReference 8
 related *core-v1.ObjectReference 9
 note string 10
 type string 11
 deprecatedSource core-v1.EventSource 12
 deprecatedFirstTimestamp time 13
 deprecatedLastTimestamp time 14
 deprecatedCount int32 15
EventSeries
 count int32 1 !
 lastObservedTime micro-time 2 !
EventList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [Event] 2 !
`
