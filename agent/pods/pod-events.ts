/** Events about a pod, or about one of its containers (`spec.containers{web}`), as kubelets write them. */
import type { Pod } from '#api/types/core-v1.ts'
import { referenceTo, type EventRecorder } from '#client/events.ts'

export interface PodEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export const normal = (reason: string, message: string): PodEvent => ({
  type: 'Normal',
  reason,
  message,
})
export const warning = (reason: string, message: string): PodEvent => ({
  type: 'Warning',
  reason,
  message,
})

export function podEvent(events: Pick<EventRecorder, 'event'>, pod: Pod, event: PodEvent): void {
  events.event({ reference: { ...referenceTo(pod), kind: 'Pod', apiVersion: 'v1' } }, event)
}

export function containerEvent(
  events: Pick<EventRecorder, 'event'>,
  about: { readonly pod: Pod; readonly container: string },
  event: PodEvent,
): void {
  const isInit =
    about.pod.spec?.initContainers?.some(({ name }) => name === about.container) === true
  const fieldPath = `spec.${isInit ? 'initContainers' : 'containers'}{${about.container}}`
  const reference = { ...referenceTo(about.pod), kind: 'Pod', apiVersion: 'v1', fieldPath }
  events.event({ reference }, event)
}
