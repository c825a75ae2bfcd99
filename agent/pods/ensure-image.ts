/** Carries out `ensure-image`: the image of a container, its events, and the back-off after failures. */
import type { Secret } from '#api/types/core-v1.ts'
import { backoffMs } from '#base/backoff.ts'
import type { PodDeps, PodTask } from './deps.ts'
import type { PodAction } from './plan.ts'
import { containerEvent, normal, type PodEvent, warning } from './pod-events.ts'
import { authFor } from './pull-secrets.ts'

const RETRY = { baseMs: 10_000, maxMs: 300_000, jitter: 0 } as const

export async function ensureImage(
  deps: PodDeps,
  { pod, memory, signal }: PodTask,
  { container }: Extract<PodAction, { kind: 'ensure-image' }>,
): Promise<void> {
  const reference = container.image ?? ''
  const tell = (event: PodEvent): void =>
    containerEvent(deps.events, { pod, container: container.name }, event)
  const failures = memory.images.get(reference)?.failure?.failures ?? 0
  const found = await Promise.all(
    (pod.spec?.imagePullSecrets ?? []).map(({ name = '' }) =>
      deps.references.get('secrets', pod, name),
    ),
  )
  const secrets = found.filter((secret): secret is Secret => secret !== undefined)
  const ensured = await deps.puller.ensure(
    {
      reference,
      policy: container.imagePullPolicy ?? 'IfNotPresent',
      auth: authFor(reference, secrets),
      onPulling: () => tell(normal('Pulling', `Pulling image "${reference}"`)),
    },
    signal,
  )
  if (signal.aborted) return
  if (ensured.kind === 'failed') {
    const { reason, message } = ensured
    const nowMs = deps.clock.now()
    const retryAtMs = nowMs + backoffMs(RETRY, failures + 1, deps.random)
    memory.images.set(reference, {
      failure: { reason, message, failures: failures + 1, atMs: nowMs, retryAtMs },
    })
    if (reason === 'ErrImagePull')
      tell(warning('Failed', `Failed to pull image "${reference}": ${message}`))
    else
      tell(warning(reason === 'InvalidImageName' ? 'InspectFailed' : 'ErrImageNeverPull', message))
    tell(warning('Failed', `Error: ${reason}`))
    if (reason === 'ErrImagePull') tell(normal('BackOff', `Back-off pulling image "${reference}"`))
    return
  }
  const { image } = ensured
  const digest = image.digests[0]
  memory.images.set(reference, {
    id: image.id,
    user: image.user,
    ...(digest === undefined ? {} : { digest }),
  })
  const message =
    ensured.kind === 'present'
      ? presentMessage(reference)
      : `Successfully pulled image "${reference}" in ${seconds(ensured.tookMs)} (${seconds(ensured.waitedMs)} including waiting). Image size: ${image.sizeBytes} bytes.`
  tell(normal('Pulled', message))
}

export const presentMessage = (reference: string): string =>
  `Container image "${reference}" already present on machine and can be accessed by the pod`

const seconds = (durationMs: number): string =>
  durationMs < 1000 ? `${Math.round(durationMs)}ms` : `${(durationMs / 1000).toFixed(3)}s`
