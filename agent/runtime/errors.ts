/**
 * The one error class of `agent/runtime`: what an engine refused, and what a caller can do about it.
 *
 * unavailable   nobody answers on the socket: wait, the node reports NotReady meanwhile
 * timeout       the engine took longer than the call allows; the outcome is not known, observe again
 * not-found     container or image is gone
 * conflict      the name is taken, or the container is in the wrong state
 * rejected      the engine understood and refused: the message says why
 */

export type RuntimeErrorCode = 'unavailable' | 'timeout' | 'not-found' | 'conflict' | 'rejected'

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RuntimeError'
    this.code = code
  }
}

export const isRuntimeError = (
  error: unknown,
  ...codes: readonly RuntimeErrorCode[]
): error is RuntimeError => error instanceof RuntimeError && codes.includes(error.code)
