/** What a reader is told whose revision is not here: too old (410) or not there yet (504). Pure. */
import { StatusError } from '#api/status.ts'

/** Source: k8s.io/apiserver pkg/storage/cacher/watch_cache.go getAllEventsSinceLocked */
export const tooOld = (asked: number, oldest: number): StatusError =>
  new StatusError('Expired', `too old resource version: ${asked} (${oldest})`)

/** Source: k8s.io/apiserver pkg/storage/errors.go NewTooLargeResourceVersionError */
export const tooLarge = (asked: number, current: number): StatusError =>
  new StatusError('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
