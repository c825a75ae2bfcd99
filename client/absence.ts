/**
 * Requests about objects that may be gone: absence is an answer, not an error.
 *
 * Throws  whatever the request throws, but for StatusError(NotFound).
 */
import { isReason } from '#api/status.ts'

/** What the request answers; undefined when its object is not there (any more). */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
