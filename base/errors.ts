/** The few functions that every `catch` and every exhaustive `switch` needs. Pure. */

/** Marks a branch that the type checker proved unreachable; reaching it is a bug. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}

/** One line for a human: the message of an Error, or the value as text. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** As messageOf, for what a YAML parser found: reason and line, without the lines of the text that it shows. */
export function yamlFault(error: unknown): string {
  if (!(error instanceof Error) || !('reason' in error)) return messageOf(error)
  const mark = 'mark' in error ? error.mark : undefined
  const hasLine = typeof mark === 'object' && mark !== null && 'line' in mark
  return hasLine ? `line ${Number(mark.line) + 1}: ${String(error.reason)}` : String(error.reason)
}

/** The `code` of a Node or domain error (`ENOENT`, `conflict`), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** True for what `signal.throwIfAborted()` and aborted Node calls throw. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || codeOf(error) === 'ABORT_ERR')
