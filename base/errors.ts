/** The few functions that every `catch` and every exhaustive `switch` needs. Pure. */

/** Marks a branch that the type checker proved unreachable; reaching it is a bug. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}

/** One line for a human: the message of an Error, or the value as text. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** The `code` of a Node or domain error (`ENOENT`, `conflict`), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** True for what `signal.throwIfAborted()` and aborted Node calls throw. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || codeOf(error) === 'ABORT_ERR')
